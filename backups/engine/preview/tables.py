"""Its tables: columns, how many rows, and the first of them as text."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from backups.engine.copies.times import ROI_TABLE
from backups.engine.preview.guard import Guard, NotShown, TookTooLong, quoted
from devices.texts import one_line

MOST_SHOWN = 80
MOST_COLUMNS = 30
FIRST_ROWS = 8
LONGEST_CELL = 120
LONGEST_NAME = 60
COUNT_SECONDS = 0.15  # of one table
_FIRST_STEP, _GROWS = 10_000, 8
_LEADING = ("METADATA", "START_EVENTS", "VAR_MAP", "ROI_MAP")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTable:
    """`rows` are at least so many, and just so many if `counted`. `kind` is not "table" where it is
    shown as a name only."""

    name: str
    kind: str = "table"
    columns: tuple[str, ...] = ()
    columns_left_out: int = 0
    rows: int = 0
    counted: bool = False
    first_rows: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def tables_of(guard: Guard) -> Iterator[ShownTable]:
    """Those that every experiment has come first; then by name. At most MOST_SHOWN."""
    for name in sorted(guard.ordinary, key=_order)[:MOST_SHOWN]:
        yield _table(guard, name)
    left = MOST_SHOWN - min(len(guard.ordinary), MOST_SHOWN)
    for name in sorted(guard.others)[:left]:
        yield ShownTable(name=_shown(name), kind=guard.others[name])


def columns_of(guard: Guard, name: str) -> tuple[list[str], int]:
    """The stored ones, and how many are computed: whose expressions are never run."""
    told = guard.ask(f"PRAGMA table_xinfo({quoted(name)})")
    stored = [str(row[1]) for row in told if not row[6]]
    return stored, len(told) - len(stored)


def _order(name: str) -> tuple[int, int, str]:
    roi = ROI_TABLE.fullmatch(name)
    if roi:
        return len(_LEADING), int(roi[1]), name
    leads = name in _LEADING
    return (_LEADING.index(name), 0, name) if leads else (len(_LEADING) + 1, 0, name)


def _table(guard: Guard, name: str) -> ShownTable:
    """A table that cannot be read costs itself."""
    try:
        columns, computed = columns_of(guard, name)
        rows, counted = _count(guard, name)
        shown = columns[:MOST_COLUMNS]
        first, problem = _first_rows(guard, name, shown)
    except NotShown as error:
        return ShownTable(name=_shown(name), problem=str(error))
    return ShownTable(
        name=_shown(name),
        columns=tuple(_shown(column) for column in shown),
        columns_left_out=len(columns) - len(shown) + computed,
        rows=rows,
        counted=counted,
        first_rows=first,
        problem=problem,
    )


def _count(guard: Guard, name: str) -> tuple[int, bool]:
    """In growing steps: what was counted when the time was up stands as "at least"."""
    until = time.monotonic() + COUNT_SECONDS
    most, known = _FIRST_STEP, 0
    while (left := until - time.monotonic()) > 0:
        query = f"SELECT count(*) FROM (SELECT 1 FROM {quoted(name)} LIMIT ?)"  # noqa: S608
        try:
            ((found,),) = guard.ask(query, (most,), seconds=left)
        except TookTooLong:
            break
        if found < most:
            return found, True
        known, most = found, most * _GROWS
    return known, False


def _first_rows(
    guard: Guard, name: str, columns: list[str]
) -> tuple[tuple[tuple[str, ...], ...], str]:
    if not columns:
        return (), ""
    wanted = ", ".join(_cell_query(quoted(column)) for column in columns)
    query = f"SELECT {wanted} FROM {quoted(name)} LIMIT {FIRST_ROWS}"  # noqa: S608
    try:
        rows = guard.ask(query)
    except NotShown as error:
        return (), f"its rows are not shown: {error}"
    pairs = [list(zip(row[::2], row[1::2], strict=True)) for row in rows]
    return tuple(tuple(_cell(kind, value) for kind, value in row) for row in pairs), ""


def _cell_query(column: str) -> str:
    """Its kind, and of a text the beginning, of a blob the size."""
    return (
        f"typeof({column}), CASE typeof({column}) WHEN 'blob' THEN length({column})"
        f" WHEN 'text' THEN substr({column}, 1, {LONGEST_CELL + 1}) ELSE {column} END"
    )


def _cell(kind: str, value: object) -> str:
    if kind == "null":
        return "-"
    if kind == "blob":
        return f"{value:,} bytes"
    return one_line(str(value), limit=LONGEST_CELL)


def _shown(name: str) -> str:
    return one_line(name, limit=LONGEST_NAME)
