"""What a run's database says of itself, read with a few cheap queries."""

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backups.engine.compare import WRITER_LAG

REQUIRED = ("METADATA", "VAR_MAP", "ROI_MAP")
MOST_TABLES = 10_000
MOST_ROWS = 2**63 - 1  # what a database column of ours can hold
LONGEST_RUN = timedelta(days=3650)
EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)  # before the first ethoscope
NO_TABLES = "opens, but has no tables"
NO_ROW_YET = "no data row yet"

_ROI_TABLE = re.compile(r"ROI_[0-9]{1,6}")
_WRITERS = {
    "SQLite3": "sqlite",
    "SQLiteResultWriter": "sqlite",
    "MySQL": "mysql",
    "MySQLResultWriter": "mysql",
}
# A view or a virtual table of the right name runs code of the file's: only real tables count.
_TABLES = """
    SELECT name FROM sqlite_schema
    WHERE type = 'table' AND rootpage > 0
    AND (name IN ('METADATA', 'VAR_MAP', 'ROI_MAP', 'START_EVENTS', 'sqlite_sequence')
         OR name GLOB 'ROI_[0-9]*')
    LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a readable copy holds. `lacking` is empty where readers find all that they need."""

    lacking: str = ""
    writer: str = ""
    data_at: datetime | None = None
    row_count: int | None = None
    finished: bool = False
    problem: str = ""


def contents_of(connection: sqlite3.Connection, *, latest: datetime) -> Contents:
    """Read the contents; times after `latest` on the device's clock are not believed."""
    tables = {name for (name,) in connection.execute(_TABLES, (MOST_TABLES,))}
    if missing := [name for name in REQUIRED if name not in tables]:
        some = connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        return Contents(lacking=f"lacks {', '.join(missing)}" if some else NO_TABLES)
    metadata = _metadata(connection)
    writer = _writer(metadata, tables)
    if connection.execute('SELECT 1 FROM "VAR_MAP" LIMIT 1').fetchone() is None:
        return Contents(lacking=NO_ROW_YET, writer=writer)
    return _of_run(connection, tables, metadata, writer=writer, latest=latest)


def _of_run(
    connection: sqlite3.Connection,
    tables: Iterable[str],
    metadata: dict[str, str],
    *,
    writer: str,
    latest: datetime,
) -> Contents:
    newest = list(_newest_rows(connection, tables))
    starts = list(_starts(connection, tables, latest=latest))
    start = _time(metadata.get("date_time"), latest) or min(starts, default=None)
    begun = [*starts, start] if start else starts
    data_at = _data_at(start, begun, ages=[age for _, age in newest if age is not None])
    believable = data_at is not None and data_at <= latest
    stop = _time(metadata.get("stop_date_time"), latest)
    return Contents(
        writer=writer,
        data_at=data_at if believable else None,
        row_count=min(sum(highest for highest, _ in newest), MOST_ROWS),
        finished=stop is not None and _ends_there(stop, begun, data_at, writer=writer),
        problem="" if believable else "holds no believable time",
    )


def _ends_there(
    stop: datetime, begun: Iterable[datetime], data_at: datetime | None, *, writer: str
) -> bool:
    """Whether a stop row ends the run, and the copy holds what came before it.

    A run that was appended to after its stop has begun again. The old mirror commits table by
    table, so its copy can hold the stop row and lack the rows of hours before it; the SQLite
    writer itself loses up to a thousand rows of each ROI at a stop, and has no others to lack.
    """
    if any(stop < beginning for beginning in begun):
        return False
    return writer != "mysql" or (data_at is not None and data_at >= stop - WRITER_LAG)


def _data_at(
    start: datetime | None, begun: Iterable[datetime], *, ages: Iterable[timedelta]
) -> datetime | None:
    """When the newest row was seen; while there is none, when the run began."""
    last = max(ages, default=None)
    if start is None or last is None:
        return max(begun, default=None)
    return start + last


def _metadata(connection: sqlite3.Connection) -> dict[str, str]:
    """The newest value of each field of interest: the old mirror adds, and never replaces."""
    rows = connection.execute(
        "SELECT field, substr(value, 1, 100) FROM METADATA WHERE value IS NOT NULL "
        "AND field IN ('date_time', 'stop_date_time', 'result_writer_type') "
        "ORDER BY rowid"
    )
    return {str(field): str(value) for field, value in rows}


def _writer(metadata: dict[str, str], tables: Iterable[str]) -> str:
    """Only the SQLite writer counts its ids in sqlite_sequence, and only newer ones sign."""
    by_trace = "sqlite" if "sqlite_sequence" in tables else "mysql"
    return _WRITERS.get(metadata.get("result_writer_type", ""), by_trace)


def _starts(
    connection: sqlite3.Connection, tables: Iterable[str], *, latest: datetime
) -> Iterator[datetime]:
    """When tracking began, and began again."""
    if "START_EVENTS" not in tables:
        return
    for (t,) in connection.execute("SELECT t FROM START_EVENTS LIMIT 10000"):
        if (begun := _time(t, latest)) is not None:
            yield begun


def _newest_rows(
    connection: sqlite3.Connection, tables: Iterable[str]
) -> Iterator[tuple[int, timedelta | None]]:
    """The highest row id of each ROI, and how long after the start its row was seen."""
    for table in filter(_ROI_TABLE.fullmatch, tables):
        try:
            row = _newest_row(connection, table)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            continue  # no such column: not a table of rows in time
        if row and isinstance(row[0], int) and row[0] > 0:
            yield row[0], _age(row[1])


def _newest_row(connection: sqlite3.Connection, table: str) -> tuple[object, object] | None:
    # The row id is the `id` in every table that has one, and finding it reads a few pages only.
    query = f'SELECT rowid, t FROM "{table}" ORDER BY rowid DESC LIMIT 1'  # noqa: S608  # matched
    row: tuple[object, object] | None = connection.execute(query).fetchone()
    return row


def _age(t: object) -> timedelta | None:
    if not isinstance(t, int | float) or not 0 <= t <= LONGEST_RUN.total_seconds() * 1000:
        return None
    return timedelta(milliseconds=t)


def _time(value: object, latest: datetime) -> datetime | None:
    """Epoch seconds, as a number or as text. None where it cannot be the time of a run."""
    try:
        seconds = float(value)  # type: ignore[arg-type]  # that is what the except is for
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(seconds) or not EARLIEST.timestamp() <= seconds <= latest.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)
