"""Open a stranger's database for reading, and leave no trace beside it.

SQLite makes a -shm (and a -wal) beside a database in WAL mode even for a reader, so such a file
is opened as immutable, or, with its WAL, as a private copy.
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

from backups.engine.results.marks import beside

MAGIC = b"SQLite format 3\0"
LARGEST_VALUE = 16 * 1024 * 1024
_PIECE = 1024 * 1024
_STEPS_BETWEEN_LOOKS = 20_000  # of SQLite's machine; some milliseconds

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LARGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_PRECAUTIONS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",  # a file cut short under a mapping would kill the process
    "PRAGMA query_only = ON",
    "PRAGMA temp_store = MEMORY",
)


class NotADatabase(Exception):
    """The file cannot be a whole SQLite database; the text says why."""


class GaveUp(Exception):
    """It took too long."""


def never() -> bool:
    return False


@contextmanager
def opened(
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
            with _connected(copy, "mode=rw", deadline=deadline, stop=stop) as connection:
                yield connection
    else:
        mode = "mode=ro&immutable=1" if in_wal_mode or wal else "mode=ro"
        with _connected(path, mode, deadline=deadline, stop=stop) as connection:
            yield connection


def wal_is_read(path: Path, wal: os.stat_result, *, private_bytes: int) -> bool:
    size = path.stat().st_size + wal.st_size
    return stat.S_ISREG(wal.st_mode) and wal.st_size > 0 and size <= private_bytes


def _check_header(path: Path, *, has_wal: bool) -> bool:
    """Whether the file is in WAL mode. With a WAL its size may lag behind its header."""
    with _regular_file(path) as file:
        header = file.read(100)
        size = os.fstat(file.fileno()).st_size
    if header[:16] != MAGIC or len(header) < 100:
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
def _connected(
    path: Path, mode: str, *, deadline: float, stop: Callable[[], bool]
) -> Iterator[sqlite3.Connection]:
    uri = f"file://{quote(os.fsencode(path.absolute()))}?{mode}"
    with closing(sqlite3.connect(uri, uri=True, timeout=0.2, isolation_level=None)) as connection:
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.text_factory = _text
        connection.set_progress_handler(
            lambda: time.monotonic() > deadline or stop(), _STEPS_BETWEEN_LOOKS
        )
        for precaution in _PRECAUTIONS:
            connection.execute(precaution)
        yield connection


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
