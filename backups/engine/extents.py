"""How far the tables of a database go: rows told by a device, rows found in a copy."""

from datetime import datetime, timedelta

from devices.records import COUNTED_TABLES, Extent, Rows

WRITTEN_ONCE = "ROI_MAP"
EARLIEST_YEAR = 2010  # before the first ethoscope
CLOCK_IS_RIGHT = timedelta(minutes=5)


def is_of_roi(table: str) -> bool:
    """Whether a table holds what was tracked in one ROI."""
    return table.startswith("ROI_") and table[len("ROI_") :].isdecimal()


def lacking(copy: Extent, source: Extent) -> dict[str, int]:
    """How many rows of each table the copy lacks; a table that lacks none is not named."""
    short = {name: _short(copy.get(name, Rows(0, 0)), rows) for name, rows in source.items()}
    return {name: rows for name, rows in short.items() if rows > 0}


def reaches(copy: Extent, source: Extent) -> bool:
    return not lacking(copy, source)


def row_total(extent: Extent) -> int:
    return sum(rows.at_least for rows in extent.values())


def best_of(one: Extent, other: Extent) -> dict[str, Rows]:
    """The most that either has of each table."""
    names = one.keys() | other.keys()
    nothing = Rows(None, None)
    return {name: _most(one.get(name, nothing), other.get(name, nothing)) for name in names}


def shrunk_tables(before: Extent, now: Extent) -> list[str]:
    """Tables with ids that end sooner than they once did, and ROI_MAP with fewer rows.

    Others are rewritten: VAR_MAP by the device itself, METADATA by mirrors that double it.
    """
    gone = Rows(0, 0)
    return sorted(name for name, rows in before.items() if _shrank(name, rows, now.get(name, gone)))


def _shrank(name: str, before: Rows, now: Rows) -> bool:
    if name == WRITTEN_ONCE:
        return now.at_least < before.at_least
    return name not in COUNTED_TABLES and (now.highest or 0) < _highest(before)


def known_since(
    first_seen_at: datetime, *, named_start: datetime | None, clock_off: float | None
) -> datetime:
    """When an item was there: at first sight, or when its name says that it began, if earlier.

    A start in a name is of the device's clock. It is believed where that clock, when it was
    first seen to be so (`clock_off` seconds ahead of ours; None: nobody read it), was right.
    """
    began_at = believed_start(named_start, clock_off=clock_off)
    return min(first_seen_at, began_at) if began_at else first_seen_at


def believed_start(named_start: datetime | None, *, clock_off: float | None) -> datetime | None:
    """The start in a name, where it is believed: see `known_since`."""
    if named_start is None or named_start.year < EARLIEST_YEAR:
        return None
    if clock_off is not None and abs(clock_off) > CLOCK_IS_RIGHT.total_seconds():
        return None
    return named_start


def _short(copy: Rows, source: Rows) -> int:
    """A count of a copy that nobody made is its highest id: rows of a run are only added."""
    here = copy.highest if copy.highest is not None else copy.count
    by_id = (source.highest or 0) - (here or 0) if source.highest is not None else 0
    counted = copy.count if copy.count is not None else copy.highest
    by_count = source.count - (counted or 0) if source.count is not None else 0
    return max(by_id, by_count, 0)


def _highest(rows: Rows) -> int:
    return rows.highest or 0


def _most(one: Rows, other: Rows) -> Rows:
    return Rows(_larger(one.highest, other.highest), _larger(one.count, other.count))


def _larger(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
