"""A database of ours as one SQLite file: copied while it is used, read to its end, put in place."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from backups.engine.copies.integrity import damage
from backups.engine.copies.place import discard
from installation.own_state.errors import StateError

PATIENCE = 20.0  # seconds that another program may hold it for
BESIDE = ("-wal", "-shm", "-journal")


class DatabaseUnusable(StateError):
    """SQLite cannot read it, or finds it damaged; the text says what it says."""


class DatabaseInUse(StateError):
    """Another program has it open, or wrote to it meanwhile."""


def copy_online(source: Path, copy: Path) -> None:
    """One moment of it, whoever writes meanwhile: all in one step, of one snapshot.

    Raises DatabaseUnusable. The copy is one file, durable, and for its owner alone.
    """
    discard(copy)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        sqlite_errors(source),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as old,
        closing(sqlite3.connect(copy)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    sync(copy)


def check(path: Path) -> list[str]:
    """Read it to its end: every page, index and reference. Gives its migrations as `app.name`.

    Raises DatabaseUnusable. Nothing is left beside it.
    """
    with (
        sqlite_errors(path),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database,
    ):
        if found := damage(database):
            raise DatabaseUnusable(f"{path}: {' '.join(found.split())}")
        if loose := database.execute("PRAGMA foreign_key_check").fetchone():
            raise DatabaseUnusable(f"{path}: a row of {loose[0]} refers to none of {loose[2]}")
        asked = database.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return [f"{app}.{name}" for app, name in asked]


@contextmanager
def nobody_writes(path: Path) -> Iterator[sqlite3.Connection]:
    """Others may read meanwhile; who wants to write waits. Raises DatabaseInUse, or
    DatabaseUnusable where there is no database in that file."""
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as holder:
        with in_use(path):
            holder.execute("BEGIN IMMEDIATE")
        yield holder


def put_in_place(fresh: Path, path: Path, holder: sqlite3.Connection) -> None:
    """The fresh file takes the place of the one that `holder` keeps others from writing.

    A -wal of the old one would be played into the new one: so the old is one file first. Whoever
    waited for it to write is told by SQLite that it has moved. Raises DatabaseInUse.
    """
    with in_use(path):
        before = _version(holder)
        holder.execute("ROLLBACK")
        holder.execute("PRAGMA journal_mode=DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        if _version(holder) != before:
            raise DatabaseInUse(f"{path}: another program wrote to it meanwhile; start again")
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def _version(connection: sqlite3.Connection) -> int:
    """Moves with what other connections commit."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DatabaseUnusable(f"{path}: {error}") from error


@contextmanager
def in_use(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise DatabaseInUse(f"{path}: {error}; does another program use it?") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseUnusable(f"{path}: {error}") from error


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
