"""The content of a file in a few bytes, as it lies on the disk: not as the memory has it."""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from backups.engine.copies.errors import LocalChanged, LocalFailed, LocalInMemory, file_errors
from backups.engine.errors import Cancelled

PIECE = 1024 * 1024
SECONDS_TO_FORGET = 1.0
IN_MEMORY = "could not be read from the disk: another program has it in memory"
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileStamp(NamedTuple):
    """What moves when somebody writes a file, or puts another one in its place."""

    size: int
    modified: int  # nanoseconds
    changed: int
    inode: int


def stamp_of(found: os.stat_result) -> FileStamp:
    return FileStamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """`blake2b`: 512 bits in hex, as `b2sum` writes them."""

    stamp: FileStamp
    blake2b: str
    is_zeros: bool  # there is something, and all of it is zero
    second: str = ""  # by what else was asked for

    @property
    def size_bytes(self) -> int:
        return self.stamp.size


def digest_of(path: Path, *, stop: Callable[[], bool]) -> FileDigest:
    """Read a file from its disk to its end. `stop` is asked after every piece.

    Raises Cancelled, LocalChanged if somebody wrote to it meanwhile, LocalInMemory where a program
    that has it mapped keeps it in memory, LocalFailed.
    """
    with file_errors(path):
        handle = os.open(path, _OPEN)
        try:
            return digest_open(path, handle, stop=stop)
        finally:
            os.close(handle)


def digest_open(path: Path, handle: int, *, stop: Callable[[], bool], also: str = "") -> FileDigest:
    """The same of an open file. `also`: what else to digest it by, as hashlib calls it."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise LocalFailed(f"{path}: not a regular file")
    before = stamp_of(found)
    if not _is_forgotten(handle, before.size):
        raise LocalInMemory(IN_MEMORY)
    digests: list[Any] = [hashlib.blake2b()]
    digests += [hashlib.new(also)] if also else []
    size, is_zeros = 0, True
    for piece in _pieces(handle, before.size, stop):
        for digest in digests:
            digest.update(piece)
        is_zeros = is_zeros and bytes(piece) == bytes(len(piece))
        size += len(piece)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)  # nor is it in anybody's way now
    if stamp_of(os.fstat(handle)) != before or size != before.size:
        raise LocalChanged(f"{path}: was being written while it was read")
    return FileDigest(
        stamp=before,
        blake2b=digests[0].hexdigest(),
        is_zeros=is_zeros and size > 0,
        second=digests[1].hexdigest() if also else "",
    )


def _pieces(handle: int, size: int, stop: Callable[[], bool]) -> Iterator[memoryview]:
    """Of the file to its end, and of no more than one beyond its size."""
    buffer, read = memoryview(bytearray(min(PIECE, size + 1))), 0
    while read <= size and (count := os.readv(handle, [buffer])):
        yield buffer[:count]
        read += count
        if stop():
            raise Cancelled("cancelled")


def forget(path: Path) -> None:
    """Whoever reads the file next reads it from the disk. Raises OSError."""
    handle = os.open(path, _OPEN)
    try:
        _forget(handle)
    finally:
        os.close(handle)


def _forget(handle: int) -> None:
    """Let memory forget the file. What is not on the disk yet it would keep: that goes first."""
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)


def _is_forgotten(handle: int, size: int) -> bool:
    """What was written or read just now is let go a few milliseconds later, what is mapped never
    is."""
    give_up_at = time.monotonic() + SECONDS_TO_FORGET
    _forget(handle)
    while _is_in_memory(handle, size):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
        _forget(handle)
    return True


def _is_in_memory(handle: int, size: int) -> bool:
    """Whether a piece at the beginning, the middle or the end could be had without the disk."""
    return any(_is_at_hand(handle, place) for place in {0, size // 2, max(size - 1, 0)} if size)


def _is_at_hand(handle: int, place: int) -> bool:
    try:
        return os.preadv(handle, [bytearray(1)], place, os.RWF_NOWAIT) > 0
    except OSError as error:
        if error.errno == errno.EAGAIN:
            return False
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):
            return False  # a file system that cannot say; it was asked to forget
        raise
