"""Whether what arrived is a whole database, and whether it may replace the copy that is here."""

import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backups.engine.copies.contents import NO_TABLES
from backups.engine.copies.errors import CopyUnusable, FewerRows, LocalFailed
from backups.engine.copies.inspection import Inspection, inspect
from backups.engine.copies.integrity import damage
from backups.engine.copies.opening import GaveUp, NotADatabase, reading
from backups.engine.errors import NotReady
from backups.engine.items import CopyState
from devices.texts import one_line

PATIENCE = 1800.0  # seconds for one check of one file
_MODES = slice(18, 20)  # of the header: how to write, how to read
_ROLLBACK, _WAL = b"\1\1", b"\2\2"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 LIMIT 10000"
_RUN = "SELECT value FROM METADATA WHERE field = 'date_time' AND value IS NOT NULL ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Extent:
    """Which run a copy is of, and how far each of its tables goes."""

    run: str
    highest: dict[str, int]

    def lost_since(self, older: "Extent") -> list[str]:
        """The tables that go less far than they did."""
        now = self.highest
        return [name for name, rows in sorted(older.highest.items()) if now.get(name, -1) < rows]


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


def extent_of(path: Path) -> Extent | None:
    """None where the file is no database that can be read."""
    try:
        with reading(path, deadline=time.monotonic() + PATIENCE, private_bytes=2**62) as connection:
            return _extent(connection)
    except (NotADatabase, sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    except (GaveUp, OSError) as error:
        raise LocalFailed(f"{path}: {error}") from error


def refuse_fewer_rows(fresh: Extent, present: Extent) -> None:
    """Raises FewerRows if the same run goes less far than before."""
    if lost := fresh.lost_since(present):
        told = [
            f"{name} {fresh.highest.get(name, 0):,} < {present.highest[name]:,}" for name in lost
        ]
        raise FewerRows(one_line(f"fewer rows than here: {', '.join(told)}", limit=400))


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


def _extent(connection: sqlite3.Connection) -> Extent:
    names = [name for (name,) in connection.execute(_TABLES)]
    # Times of a run are added when it is appended to: the first one is when it began.
    run = connection.execute(_RUN).fetchone() if "METADATA" in names else None
    highest = {name: rows for name in names if (rows := _highest(connection, name)) is not None}
    return Extent(run=str(run[0]) if run else "", highest=highest)


def _highest(connection: sqlite3.Connection, table: str) -> int | None:
    quoted = '"' + table.replace('"', '""') + '"'
    try:
        row = connection.execute(f"SELECT max(rowid) FROM {quoted}").fetchone()  # noqa: S608
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None  # a table without row ids
    return row[0] if isinstance(row[0], int) else 0
