"""Rows from the server into a scratch file: numbers by the thousand, all else one by one."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import msgspec

from backups.engine.mirror.columns import NULL_MARK, quoted
from backups.engine.mirror.digests import as_int, as_text
from backups.engine.mirror.errors import SourceChanged, SourceRefused
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row, Snapshot, Value, understood
from backups.engine.mirror.windows import Span, Window

PACK_KEYS = 2_000
LEAST_PACK = 50  # rows in one text that are worth it
PACKS_PER_QUESTION = 64
PACKS_AT_ONCE = 4  # in memory
ROWS_PER_STATEMENT = 50
ROWS_PER_TICK = 500
ROWS_PER_PORTION = 2_000
PACKED_KEYS = 10_000  # up to here windows share a question, even where packing is not quicker

Tick = Callable[[str, int], None]  # table, rows more

_NUMBERS = msgspec.json.Decoder(list[int | None])  # the quickest way from digits to integers


Broken = dict[str, str]  # tables that the server could not read, with its words


def copy_windows(
    snapshot: Snapshot,
    scratch: sqlite3.Connection,
    windows: Iterable[Window],
    *,
    tick: Tick,
    broken: Broken,
) -> int:
    """Copy the rows of these windows; the number of rows.

    A window that the server cannot read is left out, and its table is put down as broken.
    """
    packed: list[Window] = []
    streamed: list[Window] = []
    for window in windows:
        (packed if _is_packed(snapshot, window) else streamed).append(window)
    rows = _copy_packed(snapshot, scratch, packed, tick=tick, broken=broken)
    return rows + sum(
        _copy_window(snapshot, scratch, window, tick=tick, broken=broken) for window in streamed
    )


def _copy_window(
    snapshot: Snapshot, scratch: sqlite3.Connection, window: Window, *, tick: Tick, broken: Broken
) -> int:
    where, before = f"WHERE {window.condition}", scratch.total_changes
    with _costing_itself(window.table, broken):
        _copy_stream(snapshot, scratch, window.table, where, tick=tick)
    return scratch.total_changes - before


def copy_table(
    snapshot: Snapshot, scratch: sqlite3.Connection, table: Table, *, tick: Tick, broken: Broken
) -> int:
    """Copy all rows of a table without a rising key."""
    before = scratch.total_changes
    with _costing_itself(table, broken):
        _copy_stream(snapshot, scratch, table, "", tick=tick)
    return scratch.total_changes - before


@contextmanager
def _costing_itself(table: Table, broken: Broken) -> Iterator[None]:
    try:
        yield
    except SourceChanged:  # it will be another in a moment
        raise
    except SourceRefused as error:
        broken[table.name] = str(error)


def _is_packed(snapshot: Snapshot, window: Window) -> bool:
    keys = window.span.high - window.span.low
    table = window.table
    fits = table.packs and not table.is_sparse(keys) and table.fits_one_text(LEAST_PACK)
    return fits and (snapshot.packs or keys <= PACKED_KEYS)


def _copy_stream(
    snapshot: Snapshot, scratch: sqlite3.Connection, table: Table, where: str, *, tick: Tick
) -> int:
    order = f"ORDER BY {quoted(table.rising_key)}" if table.rising_key else ""
    query = f"SELECT {table.selection} FROM {quoted(table.name)} {where} {order}"  # noqa: S608
    if table.packs:
        return _copy_numbers(snapshot, scratch, table, query, tick=tick)
    values = snapshot.stream(query, rows_at_once=1 if table.is_large else ROWS_PER_TICK)
    rows = _counted(_read(values, table), table.name, tick=tick)
    before = scratch.total_changes
    scratch.executemany(_insertion(table, rows=1), rows)
    return scratch.total_changes - before


def _copy_numbers(
    snapshot: Snapshot, scratch: sqlite3.Connection, table: Table, query: str, *, tick: Tick
) -> int:
    copied = 0
    for rows in snapshot.portions(query, rows_at_once=ROWS_PER_PORTION):
        _insert(scratch, table, list(chain.from_iterable(rows)))
        tick(table.name, len(rows))
        copied += len(rows)
    return copied


def _read(rows: Iterator[Row], table: Table) -> Iterator[tuple[Any, ...]]:
    readers = [(place, c.read) for place, c in enumerate(table.columns) if c.read is not None]
    if not readers:
        yield from rows
        return
    for row in rows:
        values: list[Any] = list(row)
        for place, read in readers:
            if values[place] is not None:
                with understood():
                    values[place] = read(values[place])
        yield tuple(values)


def _counted(rows: Iterator[Any], table: str, *, tick: Tick) -> Iterator[Any]:
    pending = 0
    for row in rows:
        pending += 1
        if pending == ROWS_PER_TICK:
            tick(table, pending)
            pending = 0
        yield row
    tick(table, pending)


def _copy_packed(
    snapshot: Snapshot,
    scratch: sqlite3.Connection,
    windows: list[Window],
    *,
    tick: Tick,
    broken: Broken,
) -> int:
    rest, copied = _packs(windows), 0
    while asked := list(islice(rest, PACKS_PER_QUESTION)):
        try:
            rows, singly = _copy_packs(snapshot, scratch, asked, tick=tick)
        except SourceChanged:
            raise
        except SourceRefused:
            _forget(scratch, asked)
            rows, singly = 0, asked
        copied += rows + sum(
            _copy_window(snapshot, scratch, pack, tick=tick, broken=broken) for pack in singly
        )
    return copied


def _copy_packs(
    snapshot: Snapshot, scratch: sqlite3.Connection, asked: list[Window], *, tick: Tick
) -> tuple[int, list[Window]]:
    """The number of rows, and the packs of which no whole text came."""
    copied, cut = 0, []
    question = " UNION ALL ".join(_pack_question(n, pack) for n, pack in enumerate(asked))
    for number, count, text in snapshot.stream(question, rows_at_once=PACKS_AT_ONCE):
        with understood():
            pack, rows = asked[as_int(number)], as_int(count)
        fields = _unpacked(as_text(text))
        if len(fields) != rows * len(pack.table.columns):
            cut.append(pack)
        elif rows:
            _insert(scratch, pack.table, fields)
            tick(pack.table.name, rows)
            copied += rows
    return copied, cut


def _forget(scratch: sqlite3.Connection, windows: Iterable[Window]) -> None:
    for window in windows:
        scratch.execute(f"DELETE FROM {quoted(window.table.name)} WHERE {window.condition}")  # noqa: S608


def _packs(windows: Iterable[Window]) -> Iterator[Window]:
    """Parts of the windows, of as many rows as one text holds."""
    for window in windows:
        keys = min(PACK_KEYS, window.table.longest_text // window.table.packed_width)
        for low in range(window.span.low, window.span.high, keys):
            yield Window(window.table, Span(low, min(low + keys, window.span.high)))


def _pack_question(number: int, pack: Window) -> str:
    return (
        f"SELECT {number}, COUNT(*), "  # noqa: S608  # names are quoted, numbers are ours
        f"GROUP_CONCAT({pack.table.packed} SEPARATOR ',') "
        f"FROM {quoted(pack.table.name)} WHERE {pack.condition}"
    )


def _unpacked(text: str) -> list[int | None]:
    """The numbers in a text of many rows; none where it was cut short."""
    try:
        return _NUMBERS.decode(f"[{text.replace(NULL_MARK, 'null')}]")
    except msgspec.DecodeError:
        return []


def _insert(scratch: sqlite3.Connection, table: Table, fields: Sequence[Value]) -> None:
    """The fields of many rows, one after the other."""
    width = len(table.columns)
    whole = len(fields) - len(fields) % (ROWS_PER_STATEMENT * width)
    for batch, start, end in ((ROWS_PER_STATEMENT, 0, whole), (1, whole, len(fields))):
        chunk = iter(fields[start:end])
        values = zip(*[chunk] * (batch * width), strict=True)
        with understood():
            scratch.executemany(_insertion(table, rows=batch), values)


def _insertion(table: Table, *, rows: int) -> str:
    names = ", ".join(quoted(column.name) for column in table.columns)
    marks = f"({', '.join('?' * len(table.columns))})"
    values = ", ".join([marks] * rows)
    return f"INSERT INTO {quoted(table.name)} ({names}) VALUES {values}"  # noqa: S608
