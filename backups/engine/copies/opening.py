"""Open a database of the tree that devices write into: what it holds is never trusted.

To read one leaves no trace beside it. SQLite makes a -shm (and a -wal) beside a database in WAL
mode even for a reader, so such a file is opened as immutable, or, with its WAL, as a private copy.
"""

import os
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from backups.engine.copies.errors import database_errors
from backups.engine.copies.identity import HEADER_BYTES, MAGIC, beside

LARGEST_VALUE = 16 * 1024 * 1024
_PIECE = 1024 * 1024
_STEPS_BETWEEN_LOOKS = 20_000  # of SQLite's machine; some milliseconds

BUSY_TICK_SECONDS = 0.5
CACHE = "PRAGMA cache_size=-4000"  # kB: the same whatever the size of the copy
COMMIT_CACHE = "PRAGMA main.cache_size=-16000"  # what does not fit costs another sync

_LIMITS = {
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_LIMITS_OF_READING = {
    sqlite3.SQLITE_LIMIT_LENGTH: LARGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_PRECAUTIONS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",  # a file cut short under a mapping would kill the process
)


class NotADatabase(Exception):
    """The file cannot be a whole SQLite database; the text says why."""


class GaveUp(Exception):
    """It took too long."""


class NoMemory(sqlite3.OperationalError):
    """SQLite had not enough: a damaged file may ask for more than anybody has."""

    sqlite_errorcode = sqlite3.SQLITE_NOMEM


def never() -> bool:
    return False


@contextmanager
def reading(
    path: Path, *, deadline: float, private_bytes: int, stop: Callable[[], bool] = never
) -> Iterator[sqlite3.Connection]:
    """Open the database. A WAL is taken into account if both files have `private_bytes` or less.

    What it is asked is interrupted at the deadline, and when `stop` says so.
    Raises NotADatabase, GaveUp, OSError or sqlite3.Error.
    """
    wal = beside(path, "-wal")
    in_wal_mode = _check_header(path, has_wal=wal is not None and wal.st_size > 0)
    if wal and wal_is_read(path, wal, private_bytes=private_bytes):
        with tempfile.TemporaryDirectory(prefix="ethonode-") as folder:
            copy = _private_copy(path, Path(folder), most=private_bytes, deadline=deadline)
            with _reader(copy, "mode=rw", deadline=deadline, stop=stop) as connection:
                yield connection
    else:
        mode = "mode=ro&immutable=1" if in_wal_mode or wal else "mode=ro"
        with _reader(path, mode, deadline=deadline, stop=stop) as connection:
            yield connection


def wal_is_read(path: Path, wal: os.stat_result, *, private_bytes: int) -> bool:
    size = path.stat().st_size + wal.st_size
    return stat.S_ISREG(wal.st_mode) and wal.st_size > 0 and size <= private_bytes


def _check_header(path: Path, *, has_wal: bool) -> bool:
    """Whether the file is in WAL mode. With a WAL its size may lag behind its header."""
    with _regular_file(path) as file:
        header = file.read(HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    if header[:16] != MAGIC or len(header) < HEADER_BYTES:
        raise NotADatabase("file is not a database")
    told = _told_size(header)
    if told > size and not has_wal:
        raise NotADatabase(f"cut short: {size:,} of {told:,} bytes")
    return header[18] == 2 or header[19] == 2


def _told_size(header: bytes) -> int:
    """The size that the header names, 0 where it was written by a SQLite that told none."""
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    told = header[24:28] == header[92:96]  # the page count is valid for this change
    return int.from_bytes(header[28:32], "big") * page_size if told else 0


@contextmanager
def _regular_file(path: Path) -> Iterator[BinaryIO]:
    """Open without following a link, and without waiting for the other end of a pipe."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotADatabase("not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _private_copy(path: Path, folder: Path, *, most: int, deadline: float) -> Path:
    for suffix in ("", "-wal"):
        source = path.with_name(path.name + suffix)
        with _regular_file(source) as file, (folder / f"copy{suffix}").open("wb") as target:
            _copy(file, target, most=most, deadline=deadline)
    return folder / "copy"


def _copy(source: BinaryIO, target: BinaryIO, *, most: int, deadline: float) -> None:
    while piece := source.read(_PIECE):
        most -= len(piece)
        if most < 0 or time.monotonic() > deadline:
            raise GaveUp("it grew, or was slow, while it was copied with its WAL")
        target.write(piece)


@contextmanager
def _reader(
    path: Path, mode: str, *, deadline: float, stop: Callable[[], bool]
) -> Iterator[sqlite3.Connection]:
    with _connected(path, mode, timeout=0.2) as connection:
        for limit, most in _LIMITS_OF_READING.items():
            connection.setlimit(limit, most)
        connection.text_factory = _text
        connection.set_progress_handler(
            lambda: time.monotonic() > deadline or stop(), _STEPS_BETWEEN_LOOKS
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        yield connection


@contextmanager
def writing(path: Path, *, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """A copy that we work on, without transactions of its own; what fails is a LocalFailed."""
    with (
        database_errors(path),
        _connected(path, f"mode={mode}", timeout=BUSY_TICK_SECONDS) as connection,
    ):
        connection.execute(CACHE)
        yield connection


@contextmanager
def scratch(path: Path) -> Iterator[sqlite3.Connection]:
    """A new file of ours that nobody reads yet: quick, because a crash just throws it away."""
    with writing(path, mode="rwc") as connection:
        connection.execute("PRAGMA main.locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")


def use_rollback_journal(connection: sqlite3.Connection) -> None:
    """So that readers of the file need no second file beside it."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    connection.execute("PRAGMA synchronous=FULL")


def data_version(connection: sqlite3.Connection) -> int:
    """Changes whenever another connection has written."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def memory_errors() -> Iterator[None]:
    """Python has a class of its own for this one of SQLite's errors; here it is among them."""
    try:
        yield
    except MemoryError as error:
        raise NoMemory("out of memory") from error


@contextmanager
def _connected(path: Path, mode: str, *, timeout: float) -> Iterator[sqlite3.Connection]:
    uri = f"file://{quote(os.fsencode(path.absolute()))}?{mode}"
    with (
        memory_errors(),
        closing(
            sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
        ) as connection,
    ):
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        for precaution in _PRECAUTIONS:
            connection.execute(precaution)
        yield connection


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
