"""The content of a file in a few bytes, as it lies on the disk: not as the memory has it."""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backups.engine.copies.errors import LocalChanged, LocalFailed, file_errors
from backups.engine.errors import Cancelled

PIECE = 1024 * 1024
DIGEST_BYTES = 32
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class FileDigest:
    size_bytes: int
    blake2b: str  # 256 bits, in hex
    is_zeros: bool  # there is something, and all of it is zero


def digest_of(path: Path, *, stop: Callable[[], bool]) -> FileDigest:
    """Read a file from its disk to its end. `stop` is asked after every piece.

    Raises Cancelled, LocalChanged if somebody wrote to it meanwhile, LocalFailed.
    """
    with file_errors(path):
        handle = os.open(path, _OPEN)
        try:
            return _digest(path, handle, stop)
        finally:
            os.close(handle)


def _digest(path: Path, handle: int, stop: Callable[[], bool]) -> FileDigest:
    before = os.fstat(handle)
    if not stat.S_ISREG(before.st_mode):
        raise LocalFailed(f"{path}: not a regular file")
    _forget(handle)
    digest, size, is_zeros = hashlib.blake2b(digest_size=DIGEST_BYTES), 0, True
    buffer = memoryview(bytearray(PIECE))
    while size <= before.st_size and (count := os.readv(handle, [buffer])):
        digest.update(buffer[:count])
        is_zeros = is_zeros and not bytes(buffer[:count]).strip(b"\0")
        size += count
        if stop():
            raise Cancelled("cancelled")
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)  # nor is it in anybody's way now
    if _moved(before, os.fstat(handle)):
        raise LocalChanged(f"{path}: was being written while it was read")
    return FileDigest(size, digest.hexdigest(), is_zeros and size > 0)


def _forget(handle: int) -> None:
    """Let memory forget the file. What is not on the disk yet it would keep: that goes first."""
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)


def _moved(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
