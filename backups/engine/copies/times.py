"""The times in an experiment's database: all of one clock, which may be any."""

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backups.engine.extents import EARLIEST_YEAR

ROI_TABLE = re.compile(r"ROI_([0-9]{1,6})")
LONGEST_EXPERIMENT = timedelta(days=3650)
EARLIEST = datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC)
# The SQLite writer keeps up to a thousand rows of each ROI in memory, and loses them at a stop.
ROWS_IN_MEMORY = 1000
LEAST_LAG, MOST_LAG = timedelta(minutes=1), timedelta(minutes=17)  # at 17 and at 1 rows a second


@dataclass(frozen=True, slots=True)
class Times:
    """Its times among themselves."""

    data_at: datetime | None
    stopped: bool
    short_rois: int

    @classmethod
    def of(
        cls,
        connection: sqlite3.Connection,
        tables: list[str],
        metadata: Mapping[str, list[str]],
        *,
        latest: datetime,
    ) -> "Times":
        begun = list(_starts(connection, tables, latest=latest))
        starts = [at for text in metadata.get("date_time", []) if (at := time_of(text, latest))]
        begun += starts
        newest = list(_newest_rows(connection, tables))
        ages = [age for _, age in newest if age is not None]
        stops = [at for text in metadata.get("stop_date_time", []) if (at := time_of(text, latest))]
        stop = max(stops, default=None)
        stopped = stop is not None and not any(stop < beginning for beginning in begun)
        start = starts[0] if starts else min(begun, default=None)
        data_at = start + max(ages) if start and ages else max(begun, default=None)
        return cls(
            data_at=data_at if data_at and data_at <= latest else None,
            stopped=stopped,
            short_rois=_short_rois(stop, begun, newest) if stop and stopped else 0,
        )


def _short_rois(
    stop: datetime, begun: list[datetime], newest: list[tuple[int, timedelta | None]]
) -> int:
    """Those whose newest row comes nowhere near the stop, from whichever beginning it counts."""

    def is_near(rows: int, age: timedelta | None) -> bool:
        if age is None:
            return False
        return any(begin + age + _lag(rows, age) >= stop for begin in begun)

    return sum(not is_near(rows, age) for rows, age in newest)


def _lag(rows: int, age: timedelta) -> timedelta:
    """How long before a stop the newest row may be: as long as what is kept takes to come."""
    return min(max(age * ROWS_IN_MEMORY / max(rows, 1), LEAST_LAG), MOST_LAG)


def _starts(
    connection: sqlite3.Connection, tables: Iterable[str], *, latest: datetime
) -> Iterator[datetime]:
    """When tracking began, and began again."""
    if "START_EVENTS" not in tables:
        return
    for (t,) in connection.execute("SELECT t FROM START_EVENTS LIMIT 10000"):
        if (begun := time_of(t, latest)) is not None:
            yield begun


def _newest_rows(
    connection: sqlite3.Connection, tables: Iterable[str]
) -> Iterator[tuple[int, timedelta | None]]:
    """Of each ROI that has rows: the highest row number, and how long after the start it was."""
    for table in filter(ROI_TABLE.fullmatch, tables):
        query = f'SELECT rowid, t FROM "{table}" ORDER BY rowid DESC LIMIT 1'  # noqa: S608
        try:
            row = connection.execute(query).fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            continue  # no such column: not a table of rows in time
        if row and isinstance(row[0], int) and row[0] > 0:
            yield row[0], _age(row[1])


def _age(t: object) -> timedelta | None:
    if not isinstance(t, int | float) or not 0 <= t <= LONGEST_EXPERIMENT.total_seconds() * 1000:
        return None
    return timedelta(milliseconds=t)


def time_of(value: object, latest: datetime) -> datetime | None:
    """Epoch seconds, as a number or as text. None where it cannot be the time of an experiment."""
    try:
        seconds = float(value)  # type: ignore[arg-type]  # that is what the except is for
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(seconds) or not EARLIEST.timestamp() <= seconds <= latest.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)
