"""Rows from the server into a scratch file: numbers by the thousand, all else one by one."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from backups.engine.mirror.columns import NULL_MARK, quoted
from backups.engine.mirror.digests import as_int, as_text
from backups.engine.mirror.errors import SourceChanged
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row, Snapshot, Value, understood
from backups.engine.mirror.windows import Span, Window

PACK_KEYS = 2_000
PACKS_PER_QUESTION = 64
PACKS_AT_ONCE = 4  # in memory
ROWS_PER_STATEMENT = 50
ROWS_PER_TICK = 500
ROWS_PER_PORTION = 2_000
PACKED_KEYS = 10_000  # up to here windows share a question, even where packing is not quicker

Tick = Callable[[str, int], None]  # table, rows more

_NUMBERS = msgspec.json.Decoder(list[int | None])  # the quickest way from digits to integers


def copy_spans(
    snapshot: Snapshot, scratch: sqlite3.Connection, windows: Iterable[Window], *, tick: Tick
) -> int:
    """Copy the rows of these windows; the number of rows."""
    packed: list[Window] = []
    streamed: list[Window] = []
    for window in windows:
        (packed if _is_packed(snapshot, window) else streamed).append(window)
    rows = _copy_packed(snapshot, scratch, packed, tick=tick)
    for window in streamed:
        rows += _copy_stream(
            snapshot, scratch, window.table, f"WHERE {window.condition}", tick=tick
        )
    return rows


def _is_packed(snapshot: Snapshot, window: Window) -> bool:
    keys = window.span.high - window.span.low
    fits = window.table.packs and not window.table.is_sparse(keys)
    return fits and (snapshot.packs or keys <= PACKED_KEYS)


def copy_table(snapshot: Snapshot, scratch: sqlite3.Connection, table: Table, *, tick: Tick) -> int:
    """Copy all rows of a table without a rising key."""
    return _copy_stream(snapshot, scratch, table, "", tick=tick)


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
    snapshot: Snapshot, scratch: sqlite3.Connection, windows: list[Window], *, tick: Tick
) -> int:
    rest, copied = _packs(windows), 0
    while asked := list(islice(rest, PACKS_PER_QUESTION)):
        branches = (_pack_question(number, pack) for number, pack in enumerate(asked))
        answers = snapshot.stream(" UNION ALL ".join(branches), rows_at_once=PACKS_AT_ONCE)
        for number, count, text in answers:
            with understood():
                table, rows = asked[as_int(number)].table, as_int(count)
            if rows:
                _unpack(scratch, table, as_text(text), rows=rows)
                tick(table.name, rows)
                copied += rows
    return copied


def _packs(windows: Iterable[Window]) -> Iterator[Window]:
    for window in windows:
        for low in range(window.span.low, window.span.high, PACK_KEYS):
            yield Window(window.table, Span(low, min(low + PACK_KEYS, window.span.high)))


def _pack_question(number: int, pack: Window) -> str:
    return (
        f"SELECT {number}, COUNT(*), "  # noqa: S608  # names are quoted, numbers are ours
        f"GROUP_CONCAT({pack.table.packed} SEPARATOR ',') "
        f"FROM {quoted(pack.table.name)} WHERE {pack.condition}"
    )


def _unpack(scratch: sqlite3.Connection, table: Table, text: str, *, rows: int) -> None:
    with understood():
        numbers = _NUMBERS.decode(f"[{text.replace(NULL_MARK, 'null')}]")
    if len(numbers) != rows * len(table.columns):
        raise SourceChanged(f"{table.name}: the server cut {rows} packed rows short")
    _insert(scratch, table, numbers)


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
