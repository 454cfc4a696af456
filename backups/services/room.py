"""How much came to our disks lately, and when they will be full if that goes on. Stored facts."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from backups.engine.card.outlook import FURTHEST
from backups.engine.facts import BackupType
from backups.models import Backup, BackupSnapshot, DiskFolder, DiskLook

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
RESULTS = (BackupType.MYSQL, BackupType.SQLITE)
HELD_IN: Mapping[DiskFolder, tuple[BackupType, ...]] = {
    DiskFolder.RESULTS: RESULTS,
    DiskFolder.VIDEOS: (BackupType.VIDEO,),
    DiskFolder.CARDS: (),  # nobody keeps by how much these grew
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """By how much our copies grew, of what was looked at then already. None: nothing was."""

    day_bytes: int | None = None
    week_bytes: int | None = None

    @property
    def bytes_a_day(self) -> float | None:
        return self.day_bytes if self.week_bytes is None else self.week_bytes / WEEK.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One disk of ours, and the folders that lie on it."""

    folders: tuple[str, ...]
    path: str
    looked_at: datetime
    error: str
    free_bytes: int | None
    total_bytes: int | None
    bytes_a_day: float | None

    @property
    def used_percent(self) -> int | None:
        """Rounded down, so that only a full one is 100."""
        if self.free_bytes is None or not self.total_bytes:
            return None
        return 100 * (self.total_bytes - self.free_bytes) // self.total_bytes

    @property
    def full_at(self) -> datetime | None:
        """None: not known, or not in years."""
        rate = self.bytes_a_day
        if self.free_bytes is None or rate is None or rate <= 0:
            return None
        days = self.free_bytes / rate
        return self.looked_at + DAY * days if days <= FURTHEST / DAY else None


Grown = Mapping[tuple[int | None, BackupType], Gain]  # by the storage and the type


def gain_by_type(*, now: datetime) -> Grown:
    """On each storage. One query, and of each backup two looks into an index, however long its
    history."""

    def size_at(at: datetime) -> Subquery:
        then = BackupSnapshot.objects.filter(backup=OuterRef("pk"), taken_at__lte=at)
        return Subquery(then.order_by("-taken_at").values("size_bytes")[:1])

    rows = Backup.objects.filter(latest__isnull=False).annotate(
        a_day_ago=size_at(now - DAY), a_week_ago=size_at(now - WEEK)
    )
    grown: dict[tuple[int | None, str], list[tuple[int | None, int | None]]] = defaultdict(list)
    for place, kind, size, day, week in rows.order_by().values_list(
        "device__storage", "backup_type", "latest__size_bytes", "a_day_ago", "a_week_ago"
    ):
        grown[place, kind].append((_since(size, day), _since(size, week)))
    return {
        (place, BackupType(kind)): Gain(
            day_bytes=_sum([day for day, _ in found]), week_bytes=_sum([week for _, week in found])
        )
        for (place, kind), found in grown.items()
    }


def _since(size: int, before: int | None) -> int | None:
    return None if before is None else size - before


def _sum(found: list[int | None]) -> int | None:
    known = [one for one in found if one is not None]
    return sum(known) if known else None


def total_gain(grown: Grown) -> Gain:
    return _sum_of(list(grown.values()))


def _sum_of(some: list[Gain]) -> Gain:
    return Gain(
        day_bytes=_sum([one.day_bytes for one in some]),
        week_bytes=_sum([one.week_bytes for one in some]),
    )


def rooms(grown: Grown) -> list[Room]:
    """Folders that are told the same room are taken to lie on one disk: they fill it together."""
    disks: list[list[DiskLook]] = []
    for look in DiskLook.objects.select_related("storage"):
        together = next((disk for disk in disks if _is_same_disk(disk[0], look)), None)
        if together is None:
            disks.append([look])
        else:
            together.append(look)
    return [_room(disk, grown) for disk in disks]


def _is_same_disk(one: DiskLook, other: DiskLook) -> bool:
    """They were looked at one after the other, and something may have been written between."""
    total = one.total_bytes
    if one.storage_id != other.storage_id or not total or total != other.total_bytes:
        return False
    return 100 * abs((one.free_bytes or 0) - (other.free_bytes or 0)) <= total


def _room(looks: list[DiskLook], grown: Grown) -> Room:
    kinds = tuple(kind for look in looks for kind in HELD_IN[DiskFolder(look.folder)])
    first = looks[0]
    some = [
        gain for (place, kind), gain in grown.items() if place == first.storage_id and kind in kinds
    ]
    return Room(
        folders=tuple(look.name for look in looks),
        path=first.path,
        looked_at=min(look.looked_at for look in looks),
        error=first.error,
        free_bytes=first.free_bytes,
        total_bytes=first.total_bytes,
        bytes_a_day=_sum_of(some).bytes_a_day,
    )
