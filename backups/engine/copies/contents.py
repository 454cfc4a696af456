"""What an experiment's database says of itself: its rows, whose it is, whether it ended."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backups.engine.copies.about import About, about
from backups.engine.copies.times import ROI_TABLE, Times, time_of
from devices.records import COUNTED_TABLES, Rows

REQUIRED = ("METADATA", "VAR_MAP", "ROI_MAP")
MOST_TABLES = 10_000
MOST_ROWS = 2**63 - 1  # what a database column of ours can hold
SAME_START = timedelta(minutes=5)  # a name's start and METADATA's are of one clock, read twice
NO_TABLES = "opens, but has no tables"

_WRITERS = {
    "SQLite3": "sqlite",
    "SQLiteResultWriter": "sqlite",
    "MySQL": "mysql",
    "MySQLResultWriter": "mysql",
}
# A view or a virtual table of the right name runs code of the file's: only real tables count. A
# damaged one may be called by a number, bytes or nothing: then there is no such table to be read.
TABLES = (
    "SELECT ifnull(CAST(name AS TEXT), '') FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Whose a database is, as its METADATA says: every value that it ever had, in order."""

    machine_ids: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    started_at: datetime | None = None  # None: it says no time that can be one


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a readable copy holds. `lacking` is empty where it has the tables that readers need."""

    lacking: str = ""
    writer: str = ""
    words: Words = Words()
    rows: Mapping[str, Rows] = field(default_factory=dict)
    data_at: datetime | None = None  # of its newest row, on the device's clock: to show only
    stopped: bool = False  # a stop row ends it, and nothing began again after that
    has_stop_row: bool = False  # whatever it says, and whatever came after it
    short_rois: int = 0  # ROIs whose newest row is much older than the stop row
    rowless_rois: tuple[int, ...] = ()  # of ROI_MAP or with a table, and without a row
    holes: int = 0  # row numbers that lack, of a writer that leaves out none
    about: About = field(default_factory=About)

    @property
    def row_count(self) -> int:
        """Of all ROIs."""
        rois = (rows.at_least for name, rows in self.rows.items() if ROI_TABLE.fullmatch(name))
        return min(sum(rois), MOST_ROWS)


NOTHING = Contents()


def contents_of(
    connection: sqlite3.Connection, *, latest: datetime, counting: bool = False
) -> Contents:
    """Read the contents; times after `latest` on the device's clock are not believed.

    `counting`: every row is counted, which reads every page; else the highest ids are looked up.
    """
    tables = [name for (name,) in connection.execute(f"{TABLES} LIMIT {MOST_TABLES}")]
    own = [name for name in tables if not name.startswith("sqlite_")]
    if missing := [name for name in REQUIRED if name not in own]:
        return Contents(lacking=f"lacks {', '.join(missing)}" if own else NO_TABLES)
    metadata = _metadata(connection)
    writer = _writer(metadata, tables)
    rows = {name: _rows_of(connection, name, counting=counting) for name in own}
    times = Times.of(connection, tables, metadata, latest=latest)
    return Contents(
        writer=writer,
        words=_words(metadata, latest),
        rows=rows,
        data_at=times.data_at,
        stopped=times.stopped,
        has_stop_row="stop_date_time" in metadata,
        short_rois=times.short_rois,
        rowless_rois=_rowless_rois(connection, rows),
        holes=_holes(connection, tables, rows) if writer == "sqlite" else 0,
        about=about(connection),
    )


def why_foreign(
    words: Words, *, device_id: str, filename: str, named_start: datetime | None
) -> str:
    """Why a database is not of the experiment that its file is named after; "": it is."""
    if not words.machine_ids:
        return "it does not say of which device it is"
    if others := [name for name in words.machine_ids if name != device_id]:
        return f"it says that it is of another device ({others[0][:64]})"
    if others := [name for name in words.filenames if name != filename]:
        return f"it says that it is of another experiment ({others[0][:100]})"
    if named_start and words.started_at and abs(words.started_at - named_start) > SAME_START:
        began = f"{words.started_at:%Y-%m-%d %H:%M:%S}"
        return f"it says that it began at {began} UTC, and not as named"
    return ""


def _metadata(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Every value of each field of interest, the oldest first: the old mirror adds, and never
    replaces."""
    rows = connection.execute(
        "SELECT field, substr(value, 1, 300) FROM METADATA WHERE value IS NOT NULL AND field IN "
        "('date_time', 'stop_date_time', 'result_writer_type', 'machine_id', 'backup_filename') "
        "LIMIT 100000"
    )
    found: dict[str, list[str]] = {}
    for name, value in rows:
        values = found.setdefault(str(name), [])
        if str(value) not in values:
            values.append(str(value))
    return found


def _words(metadata: Mapping[str, list[str]], latest: datetime) -> Words:
    begun = [at for text in metadata.get("date_time", []) if (at := time_of(text, latest))]
    filenames = [name.rpartition("/")[2] for name in metadata.get("backup_filename", [])]
    return Words(
        machine_ids=tuple(filter(None, metadata.get("machine_id", []))),
        filenames=tuple(filter(None, filenames)),
        started_at=begun[0] if begun else None,
    )


def _writer(metadata: Mapping[str, list[str]], tables: Iterable[str]) -> str:
    """Only the SQLite writer counts its ids in sqlite_sequence, and only newer ones sign."""
    by_trace = "sqlite" if "sqlite_sequence" in tables else "mysql"
    signed = metadata.get("result_writer_type", [])
    return _WRITERS.get(signed[-1], by_trace) if signed else by_trace


def _rows_of(connection: sqlite3.Connection, table: str, *, counting: bool) -> Rows:
    name, key = _quoted(table), _key_of(connection, table)
    # The highest row id is found on a few pages; all else reads the whole table.
    if not counting:
        return Rows(_highest(connection, f"SELECT max({key}) FROM {name}") if key else None, None)  # noqa: S608
    distinct = "DISTINCT id" if key == "id" else "*"
    query = f"SELECT count({distinct}) FROM {name}"  # noqa: S608  # quoted
    count = int(connection.execute(query).fetchone()[0])
    highest = _highest(connection, f"SELECT max({key}) FROM {name}") if key else None  # noqa: S608
    return Rows(highest, count)


def _highest(connection: sqlite3.Connection, query: str) -> int | None:
    value = connection.execute(query).fetchone()[0]
    if value is None:
        return 0
    return max(value, 0) if isinstance(value, int) else None


def _key_of(connection: sqlite3.Connection, table: str) -> str:
    """What counts its rows: its `id`, or else SQLite's own number; "": it has neither."""
    query = f"PRAGMA table_info({_quoted(table)})"
    columns = {str(row[1]).lower() for row in connection.execute(query)}
    if "id" in columns:
        return "id"
    names = (name for name in ("rowid", "oid", "_rowid_") if name not in columns)
    key = next(names, "")
    try:
        connection.execute(f"SELECT {key or 'NULL'} FROM {_quoted(table)} LIMIT 0")  # noqa: S608
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return ""  # a table WITHOUT ROWID
    return key


def _rowless_rois(connection: sqlite3.Connection, rows: Mapping[str, Rows]) -> tuple[int, ...]:
    """A ROI's table is made with its first row: one that lacks, or is empty, may have lost all."""
    held = {int(roi[1]): rows[roi[0]].at_least for roi in map(ROI_TABLE.fullmatch, rows) if roi}
    mapped = connection.execute("SELECT DISTINCT roi_idx FROM ROI_MAP LIMIT 10000")
    numbers = {number for (number,) in mapped if isinstance(number, int)} | held.keys()
    return tuple(sorted(number for number in numbers if not held.get(number)))


def _holes(connection: sqlite3.Connection, tables: Iterable[str], rows: Mapping[str, Rows]) -> int:
    """Row numbers given out and not there: the SQLite writer numbers its rows without a gap."""
    given: dict[str, int] = {}
    if "sqlite_sequence" in tables:
        query = "SELECT name, seq FROM sqlite_sequence LIMIT 10000"
        given = {str(name): seq for name, seq in connection.execute(query) if type(seq) is int}
    return sum(
        max(max(given.get(name, 0), found.highest or 0) - _held(found), 0)
        for name, found in rows.items()
        if name not in COUNTED_TABLES
    )


def _held(rows: Rows) -> int:
    return rows.count if rows.count is not None else rows.highest or 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
