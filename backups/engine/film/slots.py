"""So many at once, in all processes of this machine: a place is a lock on a file, gone with its
holder."""

import fcntl
import os
from pathlib import Path

from backups.engine.film.errors import AllTaken


class Slot:
    """One place, until it is closed. Raises AllTaken, OSError."""

    def __init__(self, folder: Path, most: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._handle = next(filter(None, (_locked(folder, n) for n in range(most))), 0)
        if not self._handle:
            raise AllTaken(f"{most} are at work already")

    def close(self) -> None:
        if self._handle:
            os.close(self._handle)
            self._handle = 0


def _locked(folder: Path, number: int) -> int:
    """0: somebody else has it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(folder / f"slot-{number}", flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return 0
    return handle
