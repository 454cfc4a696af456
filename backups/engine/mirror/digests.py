"""Fingerprints of the same rows, made by the server there and by us here."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backups.engine.mirror.columns import NULL_MARK, quoted
from backups.engine.mirror.errors import SourceError
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Snapshot, Value, ask_all, understood
from backups.engine.mirror.windows import Window

BRANCHES = 100  # windows asked for in one question
_HASH_DIGITS = 15  # of a row, where rows have no order: the sum of many stays exact


@dataclass(frozen=True, slots=True)
class Digest:
    rows: int
    text: str


def digests_there(
    snapshot: Snapshot, windows: Iterable[Window], broken: dict[str, str]
) -> dict[Window, Digest]:
    """The server's digests, many windows to a question; none of those tables that are broken."""
    asked = [window for window in windows if window.table.name not in broken]
    found = _digests(snapshot, asked, broken)
    crowded = [w for w, digest in found.items() if not w.table.fits_one_text(digest.rows)]
    found |= _digests(snapshot, crowded, broken, summed=True)
    if any(window not in found for window in asked if window.table.name not in broken):
        raise SourceError("the server's answer makes no sense: a part of it is missing")
    return found


def _digests(
    snapshot: Snapshot, asked: Sequence[Window], broken: dict[str, str], *, summed: bool = False
) -> dict[Window, Digest]:
    branches = ((w.table.name, _question(number, w, summed)) for number, w in enumerate(asked))
    found: dict[Window, Digest] = {}
    with understood():
        for number, rows, text in ask_all(snapshot, branches, most=BRANCHES, broken=broken):
            found[asked[as_int(number)]] = Digest(as_int(rows), as_text(text))
    return found


def _question(number: int, window: Window, summed: bool) -> str:  # noqa: FBT001
    table, key = window.table, quoted(window.table.rising_key or "")
    packed = f"MD5(GROUP_CONCAT({table.packed} ORDER BY {key} SEPARATOR ';'))"
    return (
        f"SELECT {number}, COUNT(*), "  # noqa: S608  # names are quoted, numbers are ours
        f"{whole_there(table) if summed else packed} "
        f"FROM {quoted(table.name)} WHERE {window.condition}"
    )


def digest_like(there: Digest, copy: sqlite3.Connection, window: Window) -> Digest:
    """Ours of the same window, made as theirs was: rows that no text of theirs holds are summed."""
    if window.table.fits_one_text(there.rows):
        return _in_order_here(copy, window)
    return _summed(_lines(copy, window.table, _in_order(window)))


def _in_order_here(copy: sqlite3.Connection, window: Window) -> Digest:
    rows, text = _numbers(copy, window) if window.table.packs else _values(copy, window)
    if not rows:
        return Digest(0, "")
    return Digest(rows, hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def _numbers(copy: sqlite3.Connection, window: Window) -> tuple[int, str]:
    """As `_values`, of rows of integers, at the speed of SQLite's JSON: [1,2,null];[3,4,5]."""
    names = ", ".join(quoted(column.name) for column in window.table.columns)
    query = (
        f"SELECT COUNT(*), group_concat(json_array({names}), ';') "  # noqa: S608  # quoted names
        f"FROM (SELECT * FROM {quoted(window.table.name)} {_in_order(window)})"
    )
    try:
        rows, text = copy.execute(query).fetchone()
    except sqlite3.OperationalError:
        return _values(
            copy, window
        )  # no integers, whatever the column is called: JSON has no blobs
    return rows, (text or "")[1:-1].replace("];[", ";").replace("null", NULL_MARK)


def _values(copy: sqlite3.Connection, window: Window) -> tuple[int, str]:
    lines = list(_lines(copy, window.table, _in_order(window)))
    return len(lines), ";".join(lines)


def _in_order(window: Window) -> str:
    return f"WHERE {window.condition} ORDER BY {quoted(window.table.rising_key or '')}"


def whole_there(table: Table) -> str:
    """The expression of a digest of rows in any order."""
    number = f"CONV(LEFT(MD5({table.packed}), {_HASH_DIGITS}), 16, 10)"
    return f"SUM(CAST({number} AS UNSIGNED))"


def whole_here(copy: sqlite3.Connection, table: Table) -> Digest:
    return _summed(_lines(copy, table, ""))


def _summed(lines: Iterable[str]) -> Digest:
    rows = total = 0
    for line in lines:
        rows += 1
        digest = hashlib.md5(line.encode(), usedforsecurity=False).hexdigest()
        total += int(digest[:_HASH_DIGITS], 16)
    return Digest(rows, str(total) if rows else "")


def _lines(copy: sqlite3.Connection, table: Table, tail: str) -> Iterator[str]:
    names = ", ".join(quoted(column.name) for column in table.columns)
    fingerprints = [column.fingerprint for column in table.columns]
    query = f"SELECT {names} FROM {quoted(table.name)} {tail}"  # noqa: S608
    row: tuple[Any, ...]
    for row in copy.execute(query):
        yield ",".join([of(value) for of, value in zip(fingerprints, row, strict=True)])


def as_int(value: Value) -> int:
    return int(value) if value is not None else 0


def as_text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)
