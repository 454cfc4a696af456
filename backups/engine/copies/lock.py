"""The right to work on something, for as long as its holder lives."""

import fcntl
import os
from pathlib import Path

from backups.engine.copies.errors import LocalInUse

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def locked(path: Path, *, mode: int = 0o644) -> int:
    """The open, locked file; closing it, or our death, lets it go. Never waits.

    Raises LocalInUse while somebody else has it, OSError where it cannot be made.
    """
    while True:
        handle = os.open(path, _OPEN, mode)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise LocalInUse(f"{path}: held by another process") from error
        if _is_still(path, handle):
            return handle
        os.close(handle)  # its last holder took it away between our two steps


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
