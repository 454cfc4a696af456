"""Whether what arrived is a whole database, and whether it may replace the copy that is here."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backups.engine.copies.contents import MOST_TABLES, NO_TABLES, TABLES
from backups.engine.copies.errors import CopyUnusable, FewerRows, LocalFailed
from backups.engine.copies.inspection import Inspection, inspect
from backups.engine.copies.integrity import damage
from backups.engine.copies.opening import GaveUp, NotADatabase, reading
from backups.engine.errors import NotReady
from backups.engine.extents import WRITTEN_ONCE
from backups.engine.items import CopyState
from devices.records import COUNTED_TABLES
from devices.texts import one_line

PATIENCE = 1800.0  # seconds for one check of one file
_MODES = slice(18, 20)  # of the header: how to write, how to read
_ROLLBACK, _WAL = b"\1\1", b"\2\2"
_TABLES = f"{TABLES} LIMIT {MOST_TABLES}"
_REWRITTEN = COUNTED_TABLES - {WRITTEN_ONCE}  # by the device itself
_RUN = "SELECT value FROM METADATA WHERE field = 'date_time' AND value IS NOT NULL ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Extent:
    """Which run a copy is of, how far each of its tables goes, and how many rows it has so far.

    A table without row ids has a count alone.
    """

    run: str
    highest: dict[str, int]
    counts: dict[str, int]

    def lost_since(self, older: "Extent") -> Iterator[str]:
        """The tables that go less far than they did, or lack rows in between."""
        for name, rows in sorted(older.highest.items()):
            if (now := self.highest.get(name, -1)) < rows:
                yield f"{name} {max(now, 0):,} < {rows:,}"
        for name, rows in sorted(older.counts.items()):
            if name not in _REWRITTEN and (now := self.counts.get(name, 0)) < rows:
                yield f"{name} {now:,} of {rows:,} rows"


def prove(path: Path, *, latest: datetime, deeply: bool) -> Inspection:
    """Raises NotReady or CopyUnusable unless the file is a whole database of a run."""
    found = inspect(path, latest=latest, give_up_after=PATIENCE)
    if found.state is CopyState.EMPTY and found.problem == NO_TABLES:
        raise NotReady("the device has not made its tables yet")
    if found.state is not CopyState.USABLE:
        raise CopyUnusable(f"what arrived is {found.state}: {found.problem}")
    if wrong := _damage(path, indexes=deeply):
        raise CopyUnusable(f"what arrived is corrupt: {wrong}")
    return found


def extent_of(path: Path, *, within: Extent | None = None) -> Extent | None:
    """None where the file is no database that can be read.

    `within`: only as many rows are counted as may be in that other one. What came since makes up
    for nothing.
    """
    try:
        with reading(path, deadline=time.monotonic() + PATIENCE, private_bytes=2**62) as connection:
            return _extent(connection, within.highest if within else {})
    except (NotADatabase, sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    except (GaveUp, OSError) as error:
        raise LocalFailed(f"{path}: {error}") from error


def refuse_fewer_rows(fresh: Extent, present: Extent) -> None:
    """Raises FewerRows if the same run holds less than before."""
    if lost := list(fresh.lost_since(present)):
        raise FewerRows(one_line(f"fewer rows than here: {', '.join(lost)}", limit=400))


def make_readable_alone(path: Path) -> None:
    """Take a database without a -wal out of WAL mode: readers then need nothing beside it.

    Two bytes of the header; the pages stay as the device wrote them.
    """
    with path.open("r+b") as file:
        header = file.read(100)
        if header[_MODES] == _WAL:
            file.seek(_MODES.start)
            file.write(_ROLLBACK)


def _damage(path: Path, *, indexes: bool) -> str:
    try:
        with reading(path, deadline=time.monotonic() + PATIENCE, private_bytes=0) as connection:
            return one_line(damage(connection, indexes=indexes), limit=300)
    except (NotADatabase, GaveUp, sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def _extent(connection: sqlite3.Connection, within: Mapping[str, int]) -> Extent:
    names = [name for (name,) in connection.execute(_TABLES)]
    # Times of a run are added when it is appended to: the first one is when it began.
    run = connection.execute(_RUN).fetchone() if "METADATA" in names else None
    highest = {name: rows for name in names if (rows := _highest(connection, name)) is not None}
    counts = {name: _count(connection, name, within.get(name)) for name in names}
    return Extent(run=str(run[0]) if run else "", highest=highest, counts=counts)


def _count(connection: sqlite3.Connection, table: str, upto: int | None) -> int:
    query = f"SELECT count(*) FROM {_quoted(table)}"  # noqa: S608
    if upto is None:
        return int(connection.execute(query).fetchone()[0])
    return int(connection.execute(f"{query} WHERE rowid <= ?", (upto,)).fetchone()[0])


def _highest(connection: sqlite3.Connection, table: str) -> int | None:
    try:
        row = connection.execute(f"SELECT max(rowid) FROM {_quoted(table)}").fetchone()  # noqa: S608
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None  # a table without row ids
    return row[0] if isinstance(row[0], int) else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
