"""What tells, without reading a file to its end, that it is not what it was."""

import hashlib
import os
import stat
from pathlib import Path

from backups.engine.copies.digests import FileStamp, stamp_of

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def fingerprint(path: Path | str, *, folder: int | None = None) -> str:
    """A short text that changes with a database or its -wal, by whomever it is written.

    Inode, size and times; and the counter that SQLite's own header has of its changes, which no
    setting back of times undoes. An empty -wal holds no change: whoever only read a database in
    WAL mode may leave one. `folder`: open, and the path is below it. Raises OSError.
    """
    seen = stamp_of(os.stat(path, dir_fd=folder, follow_symlinks=False))
    wal = beside(path, "-wal", folder=folder)
    if wal and _is_empty_file(wal):
        wal = None
    counter = change_counter(path, folder=folder)
    return fingerprint_of(seen, counter, stamp_of(wal) if wal else None)


def fingerprint_of(file: FileStamp, counter: bytes, wal: FileStamp | None) -> str:
    """The same of a file whose stamps and header are known. `wal`: one that is not empty."""
    told: list[object] = [*_of(file), counter, *(_of(wal) if wal else ())]
    return hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest()


def change_counter(path: Path | str, *, folder: int | None = None) -> bytes:
    """How often SQLite has changed it, and for which change its size holds; empty: not told."""
    try:
        header = _header(path, folder)
    except FileNotFoundError:
        raise
    except OSError:  # may not, or cannot, be read: whoever opens it will say so
        return b""
    return header[24:28] + header[92:96] if header.startswith(MAGIC) else b""


def _header(path: Path | str, folder: int | None) -> bytes:
    handle = os.open(path, _OPEN, dir_fd=folder)
    try:
        is_file = stat.S_ISREG(os.fstat(handle).st_mode)
        return os.pread(handle, HEADER_BYTES, 0) if is_file else b""
    finally:
        os.close(handle)


def beside(path: Path | str, suffix: str, *, folder: int | None = None) -> os.stat_result | None:
    """The file that SQLite keeps beside a database under its name and a suffix, if it is there."""
    try:
        return os.stat(f"{path}{suffix}", dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_empty_file(seen: os.stat_result) -> bool:
    return stat.S_ISREG(seen.st_mode) and seen.st_size == 0


def _of(seen: FileStamp) -> tuple[int, ...]:
    return seen.inode, seen.size, seen.modified, seen.changed
