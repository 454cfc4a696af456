"""SQLite files: opened with named errors, and asked what they hold."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backups.engine.mirror.columns import quoted
from backups.engine.mirror.errors import (
    DestinationBusy,
    DestinationCorrupt,
    DestinationError,
    DestinationFull,
)
from backups.engine.mirror.schema import Table

BUSY_TICK_SECONDS = 0.5
CACHE = "PRAGMA cache_size=-4000"  # kB: the same whatever the size of the copy
COMMIT_CACHE = "PRAGMA main.cache_size=-16000"  # what does not fit costs another sync

Layout = tuple[tuple[str, str, bool, int], ...]

_ERRORS: dict[int, tuple[type[DestinationError], str]] = {
    sqlite3.SQLITE_BUSY: (DestinationBusy, "somebody else uses it"),
    sqlite3.SQLITE_LOCKED: (DestinationBusy, "somebody else uses it"),
    sqlite3.SQLITE_FULL: (DestinationFull, "the disk is full"),
    sqlite3.SQLITE_CORRUPT: (DestinationCorrupt, "the database is damaged"),
    sqlite3.SQLITE_NOTADB: (DestinationCorrupt, "this is no database"),
    sqlite3.SQLITE_TOOBIG: (DestinationError, "a value is larger than SQLite takes"),
}
_WRITES = frozenset(
    {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE}
)


@contextmanager
def opened(path: Path, *, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """A connection without transactions of its own; what fails has a name."""
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    with database_errors(path):
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TICK_SECONDS)
        with closing(connection):
            connection.execute(CACHE)
            yield connection


@contextmanager
def scratch(path: Path) -> Iterator[sqlite3.Connection]:
    """A new file of ours that nobody reads yet: quick, because a crash just throws it away."""
    with opened(path, mode="rwc") as connection:
        connection.execute("PRAGMA main.locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # none: not UTF-8
        kind, text = _ERRORS.get(code & 0xFF, (DestinationError, "it cannot be used"))
        if code in _WRITES:
            kind, text = DestinationFull, "it cannot be written: no space, or a limit on files"
        raise kind(f"{path.name}: {text} ({error})") from error


def use_rollback_journal(connection: sqlite3.Connection) -> None:
    """So that readers of the file need no second file beside it."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    connection.execute("PRAGMA synchronous=FULL")


def data_version(connection: sqlite3.Connection) -> int:
    """Changes whenever another connection has written."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def layouts(connection: sqlite3.Connection) -> dict[str, Layout]:
    """All tables but SQLite's own, by their exact names."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
    names = [row[0] for row in connection.execute(query + "ESCAPE '\\' ORDER BY name")]
    return {name: layout(connection, name) for name in names}


def layout(connection: sqlite3.Connection, table: str) -> Layout:
    rows = connection.execute(f"PRAGMA table_info({quoted(table)})")
    return tuple((name, kind, bool(filled), place) for _, name, kind, filled, _, place in rows)


def key_range(connection: sqlite3.Connection, table: Table) -> tuple[int | None, int | None]:
    key = quoted(table.rising_key or "")
    name = quoted(table.name)
    query = f"SELECT (SELECT MIN({key}) FROM {name}), (SELECT MAX({key}) FROM {name})"  # noqa: S608
    low, high = connection.execute(query).fetchone()
    return low, high


def count(connection: sqlite3.Connection, query: str) -> int:
    """The number of rows that a query gives."""
    return int(connection.execute(f"SELECT COUNT(*) FROM ({query})").fetchone()[0])  # noqa: S608


def create_table(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(f"CREATE TABLE {quoted(table.name)} {table.creation}")
