"""Once a cycle: whether the folders of the copies are there. No page waits for a disk to tell."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from backups.models import DiskFolder, DiskLook, OtherFile
from backups.services.card_places import CARDS
from devices.models import Storage


def look_at_disks(*, now: datetime, storage: Storage | None = None) -> None:
    """Of this host, which is that of the storage, if one is named."""
    folders = {DiskFolder.RESULTS: settings.RESULTS_DIR, DiskFolder.VIDEOS: settings.VIDEOS_DIR}
    if _is_absent(settings.CARDS_DIR) and not _holds_other_files(storage):
        DiskLook.objects.filter(storage=storage, folder=DiskFolder.CARDS).delete()
    else:
        folders[DiskFolder.CARDS] = settings.CARDS_DIR
    for folder, path in folders.items():
        found = {"path": str(path)[:400], "looked_at": now} | _look(path)
        DiskLook.objects.update_or_create(storage=storage, folder=folder, defaults=found)


def _is_absent(folder: Path) -> bool:
    """What cannot be asked for is there: the look tells why it cannot."""
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _holds_other_files(storage: Storage | None) -> bool:
    """A first pull of some makes the folder: until then it need not be there."""
    begin = CARDS + b"/"
    held = OtherFile.objects.filter(device__storage=storage, place__gte=begin)
    return held.filter(place__lt=CARDS + b"0").exists()  # "0" comes after "/"


def _look(path: Path) -> dict[str, Any]:
    try:
        next(path.iterdir(), None)
        usage = shutil.disk_usage(path)
    except OSError as error:
        return {"error": f"{path}: {error.strerror}"[:300], "free_bytes": None, "total_bytes": None}
    return {"error": "", "free_bytes": usage.free, "total_bytes": usage.total}
