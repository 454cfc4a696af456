"""Ranges of keys: the unit in which rows are compared, and copied again where they differ."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from backups.engine.mirror.columns import quoted
from backups.engine.mirror.schema import Table

LOWEST_KEY = -(2**63)  # of both sides


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The keys above `low`, up to and with `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Window:
    table: Table
    span: Span

    @property
    def condition(self) -> str:
        """For both sides' SQL."""
        key = quoted(self.table.rising_key or "")
        return f"{key} BETWEEN {max(self.span.low + 1, LOWEST_KEY)} AND {self.span.high}"


def joint(table: Table, high: int) -> Span:
    """The newest rows, compared in every run."""
    return Span(high - table.joint_keys, high)


def share(table: Table, keys: Span, *, turn: int, within: int) -> Iterator[Span]:
    """This turn's part of the keys; `within` turns in a row have them all."""
    size = table.window_keys(keys.high - keys.low)
    first, last = keys.low // size, (keys.high - 1) // size
    # Tables take their turns apart, so that no run has to prove the first window of each.
    start = first + (turn + zlib.crc32(table.name.encode()) - first) % within
    for index in range(start, last + 1, within):
        yield Span(max(index * size, keys.low), min((index + 1) * size, keys.high))


def all_spans(table: Table, keys: Span) -> Iterator[Span]:
    return share(table, keys, turn=0, within=1)


def count_spans(table: Table, keys: Span) -> int:
    size = table.window_keys(keys.high - keys.low)
    return max(0, (keys.high - 1) // size - keys.low // size + 1)


def split(span: Span, at: int | None) -> Iterator[Span]:
    """Below and above a key; a span to one side of it stays whole."""
    if at is None or not span.low < at < span.high:
        yield span
    else:
        yield Span(span.low, at)
        yield Span(at, span.high)
