"""How much moved in each region, from a sample of its rows: the same cost whatever its length."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backups.engine.copies.times import ROI_TABLE
from backups.engine.preview.guard import Guard, NotShown, quoted
from backups.engine.preview.tables import columns_of

MOST_ROIS = 40
PLACES = 120  # looked at in each table
ROWS_A_PLACE = 10
LATEST = 10 * 365 * 86_400_000  # milliseconds; a later time is none
_DISTANCE, _INTERACTED = "xy_dist_log10x1000", "has_interacted"


@dataclass(frozen=True, slots=True)
class Sample:
    """`t`: milliseconds since the start. `value`: see Activity.shows; None: not told."""

    t: float
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Of one region, in the order of its rows. `shows`: which column; "": it tells no activity."""

    roi: int
    shows: str = ""
    samples: tuple[Sample, ...] = ()
    problem: str = ""


def activity_of(guard: Guard) -> Iterator[Activity]:
    found = sorted((int(roi[1]), name) for name in guard.ordinary if (roi := _roi(name)))
    for number, name in found[:MOST_ROIS]:
        try:
            yield _of(guard, number, name)
        except NotShown as error:
            yield Activity(roi=number, problem=str(error))


def _roi(name: str) -> Any:
    return ROI_TABLE.fullmatch(name)


def _of(guard: Guard, number: int, name: str) -> Activity:
    columns, _ = columns_of(guard, name)
    if not {"id", "t"} <= set(columns):
        return Activity(roi=number, problem="it has no times")
    shows = next((column for column in (_DISTANCE, _INTERACTED) if column in columns), "")
    table, value = quoted(name), quoted(shows) if shows else "NULL"
    ((low, high),) = guard.ask(f"SELECT min(id), max(id) FROM {table}")  # noqa: S608
    query = f"SELECT t, {value} FROM {table} WHERE id >= ? ORDER BY id LIMIT ?"  # noqa: S608
    samples = [
        sample
        for begin in _places(low, high)
        if (sample := _sample(guard.ask(query, (begin, ROWS_A_PLACE)), shows))
    ]
    return Activity(roi=number, shows=shows, samples=tuple(dict.fromkeys(samples)))


def _places(low: object, high: object) -> Sequence[int]:
    """Ids at equal distances; those that are no whole numbers are none of a device's."""
    if not (isinstance(low, int) and isinstance(high, int)):
        return ()
    step = max(1, (high - low + 1) // PLACES)
    return range(low, high + 1, step)[: PLACES + 1]


def _sample(rows: list[tuple[Any, ...]], shows: str) -> Sample | None:
    """The first time of these rows, and the mean of what they tell."""
    times = [t for t, _ in rows if isinstance(t, int | float) and 0 <= t <= LATEST]
    if not times:
        return None
    told = [_told(value, shows) for _, value in rows if isinstance(value, int | float)]
    known = [value for value in told if value is not None]
    return Sample(times[0], sum(known) / len(known) if known else None)


def _told(value: float, shows: str) -> float | None:
    """A distance as a part of the frame's width: it is stored as a thousand times its log10."""
    if not math.isfinite(value):
        return None
    if shows == _DISTANCE:
        return float(10 ** (min(max(value, -10_000), 0) / 1000))
    return float(value != 0)
