"""Whether the disk has room: a full one would cost more than the backup it stops."""

import shutil
from pathlib import Path

FULL_PERCENT = 95


class NoRoom(Exception):
    """The disk that the copies go to is too full, or cannot be asked."""


def check_room(folder: Path | None) -> None:
    """Raises NoRoom. None: nothing is written, and nothing can be too full for that."""
    if folder is None:
        return
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        raise NoRoom(f"{folder}: {error.strerror}: is it mounted?") from error
    percent = 100 * usage.used / ((usage.used + usage.free) or 1)  # as df counts it
    if percent >= FULL_PERCENT:
        raise NoRoom(
            f"the disk of {folder} is {percent:.0f} % full: backups stop at {FULL_PERCENT} %"
        )
