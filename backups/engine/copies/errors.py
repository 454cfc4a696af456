"""What can go wrong with a file on our disk, one class each, whoever works on it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backups.engine.errors import BackupError

# The system keeps us from a file, whatever is in it: rights, a mount that is away, no handles.
KEEPS_FROM = frozenset(
    {
        errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE,
        errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN,
    }
)  # fmt: skip
_NO_FILE = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class LocalFailed(BackupError):
    """The copy cannot be read or written."""


class LocalMissing(LocalFailed):
    """There is no such file any more."""


class LocalFull(LocalFailed):
    """No space here, or a limit on the size of files."""


class LocalUnread(LocalFailed):
    """We are kept from reading it: this says nothing of what is in it."""


class LocalClosed(LocalUnread):
    """The system lets us not read or write it: no right, or nobody there who could answer."""


class LocalInMemory(LocalUnread):
    """Another program has it in memory: what the disk has of it cannot be read."""


class LocalElsewhere(LocalFailed):
    """A link, a folder or a pipe stands in its place, or a link above it."""


class LocalInUse(LocalFailed):
    """Another run works on the same copy."""


class LocalBusy(LocalFailed):
    """Another program reads or writes the copy for longer than we wait."""


class LocalCorrupt(LocalFailed):
    """What lies here is no readable database."""


class LocalChanged(LocalFailed):
    """Another program wrote to the copy while this run compared it."""


class CopyUnusable(BackupError):
    """What arrived is not a whole database of an experiment."""


class FewerRows(BackupError):
    """What arrived is of the same experiment, and holds less than the copy that is here."""


# What SQLite says of a file that we work on; other codes are a LocalFailed without much to say.
_KINDS: dict[int, tuple[type[LocalFailed], str]] = {
    sqlite3.SQLITE_BUSY: (LocalBusy, "somebody else uses it"),
    sqlite3.SQLITE_LOCKED: (LocalBusy, "somebody else uses it"),
    sqlite3.SQLITE_FULL: (LocalFull, "the disk is full"),
    sqlite3.SQLITE_CORRUPT: (LocalCorrupt, "the database is damaged"),
    sqlite3.SQLITE_NOTADB: (LocalCorrupt, "this is no database"),
    sqlite3.SQLITE_TOOBIG: (LocalFailed, "a value is larger than SQLite takes"),
}
_WRITES = frozenset(
    {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE}
)


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """What the system refuses, under our names."""
    try:
        yield
    except OSError as error:
        kind = _kind_of(error)
        raise kind(f"{error.filename or path}: {error.strerror}") from error


def _kind_of(error: OSError) -> type[LocalFailed]:
    if isinstance(error, FileNotFoundError):
        return LocalMissing
    if error.errno in KEEPS_FROM:
        return LocalClosed
    if error.errno in _NO_FILE:
        return LocalElsewhere
    return LocalFull if error.errno in _NO_SPACE else LocalFailed


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """What SQLite refuses, under our names."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # none: not UTF-8
        kind, text = _KINDS.get(code & 0xFF, (LocalFailed, "it cannot be used"))
        if code in _WRITES:
            kind, text = LocalFull, "it cannot be written: no space, or a limit on files"
        raise kind(f"{path.name}: {text} ({error})") from error
