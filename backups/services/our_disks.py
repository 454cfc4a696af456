"""How our own disks are: full, read-only, or with errors that their file system has counted."""

import os
import shutil
from pathlib import Path

from django.conf import settings

from backups.engine.wipe import DiskShown

DEVICES, EXT4 = Path("/sys/dev/block"), Path("/sys/fs/ext4")


def disks_shown() -> tuple[DiskShown, ...]:
    """Those of all folders that hold copies; the third is there only where something is in it."""
    folders = [settings.RESULTS_DIR, settings.VIDEOS_DIR]
    folders += [settings.CARDS_DIR] if settings.CARDS_DIR.exists() else []
    return tuple(map(_shown, folders))


def _shown(folder: Path) -> DiskShown:
    try:
        next(folder.iterdir(), None)
        usage, mount = shutil.disk_usage(folder), os.statvfs(folder)
        return DiskShown(
            folder=str(folder),
            used_percent=100 * usage.used / ((usage.used + usage.free) or 1),  # as df counts it
            read_only=bool(mount.f_flag & os.ST_RDONLY),
            fault_count=_faults(folder.stat().st_dev),
        )
    except OSError as error:
        return DiskShown(folder=str(folder), error=error.strerror or str(error))


def _faults(device: int) -> int:
    """0 also where nobody counts: only ext4 does."""
    name = (DEVICES / f"{os.major(device)}:{os.minor(device)}").resolve().name
    try:
        told = (EXT4 / name / "errors_count").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return int(told) if told.isdecimal() else 0
