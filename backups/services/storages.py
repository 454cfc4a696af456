"""Where copies lie when several hosts hold them: whose is whose, and which of them lives.

A device's storage is a fact that is stored: what is saved stays where it is until a move.
"""

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from backups.engine.errors import BackupError
from backups.engine.silence import silent_since
from backups.models import DiskLook, OtherFile, Recording, ResultCopy
from backups.services.disk_looks import look_at_disks
from devices.models import Device, Lifecycle, Storage
from devices.models.storage import MAIN


class OtherStorage(BackupError):
    """Work on files that lie elsewhere: only who is on that host may do it."""

    def __init__(self, text: str, storage: Storage | None) -> None:
        super().__init__(text)
        self.storage = storage


class NoSuchStorage(BackupError):
    """A worker is started for a storage that has no row."""


def is_here(storage: Storage | None) -> bool:
    return (storage.name if storage else "") == settings.STORAGE


def check_here(what: object, storage: Storage | None) -> None:
    """Raises OtherStorage."""
    if not is_here(storage):
        theirs, ours = _named(storage.name if storage else ""), _named(settings.STORAGE)
        raise OtherStorage(f"the files of {what} lie on {theirs}, and this is {ours}", storage)


def _named(storage: str) -> str:
    return f"the storage “{storage}”" if storage else MAIN


def of_devices_here() -> Q:
    """Rows of devices whose copies lie where this process is."""
    return (
        Q(device__storage__name=settings.STORAGE) if settings.STORAGE else Q(device__storage=None)
    )


def storage_for(device: Device, storages: Iterable[Storage]) -> Storage | None:
    """Where the data of a new device goes: as its group says, else by the first pattern."""
    if device.group and device.group.storage_id:
        return next(one for one in storages if one.pk == device.group.storage_id)
    return next((one for one in storages if _fits(device, one.pattern)), None)


def _fits(device: Device, pattern: str) -> bool:
    names = (device.name.lower(), device.device_id.lower())
    return any(fnmatchcase(name, word) for word in pattern.lower().split() for name in names)


def place_new_devices() -> int:
    """Those of which nothing was ever saved. Returns how many got a storage."""
    storages = list(Storage.objects.filter(is_second=False))
    if not storages:
        return 0
    new = Device.objects.filter(storage=None).exclude(has_copies()).select_related("group")
    placed = [(device, found) for device in new if (found := storage_for(device, storages))]
    for device, storage in placed:
        Device.objects.filter(pk=device.pk, storage=None).update(storage=storage)
    return len(placed)


def has_copies() -> Q:
    """Devices of which anything was ever seen in a folder of ours."""
    mine = {"device": OuterRef("pk")}
    others = OtherFile.objects.filter(**mine).exclude(place=b"")
    held = (ResultCopy.ever.filter(**mine), Recording.objects.filter(**mine), others)
    return Q(Exists(held[0])) | Q(Exists(held[1])) | Q(Exists(held[2]))


def look_at_own_disks(*, now: datetime) -> None:
    """Those of the one host: where all data lies on storages it may have none."""
    watched = Device.objects.exclude(lifecycle=Lifecycle.RETIRED, goes_to=None)
    if watched.filter(storage=None).exists() or not Storage.objects.exists():
        look_at_disks(now=now)
    else:
        DiskLook.objects.filter(storage=None).delete()


def silent_names(*, now: datetime) -> list[str]:
    known = Storage.objects.values_list("name", "heard_at")
    return [name for name, heard_at in known if silent_since(heard_at, now=now)]


def tell_of(name: str, *, asked_at: datetime, now: datetime) -> Storage:
    """By the worker of the storage: that it lives, where its folders are, and how full.

    It was heard of when it was asked, by the clock of who asked: its own may be wrong.
    Raises OtherStorage, NoSuchStorage.
    """
    storage = Storage.objects.filter(name=name).first()
    if storage is None:
        raise NoSuchStorage(f"there is no storage “{name}”: add it on the page of storages")
    check_here(name, storage)
    look_at_disks(now=asked_at, storage=storage)
    told = {
        "heard_at": asked_at,
        "results_dir": str(settings.RESULTS_DIR)[:400],
        "videos_dir": str(settings.VIDEOS_DIR)[:400],
        "cards_dir": str(settings.CARDS_DIR)[:400] if settings.CARDS_DIR.is_dir() else "",
        "parallel_runs": settings.PARALLEL_RUNS,
        "clock_off_seconds": (now - asked_at).total_seconds(),
    }
    Storage.objects.filter(pk=storage.pk).update(**told)
    return storage
