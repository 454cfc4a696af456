"""How a device's backups grew over their last looks."""

from dataclasses import dataclass
from datetime import datetime

from backups.badges import size
from backups.engine.facts import BackupType
from backups.models import Backup, BackupSnapshot
from devices.models import Device

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How one backup grew over its newest snapshots, oldest first."""

    backup_type: BackupType
    sizes: tuple[float, ...]
    lags: tuple[float, ...]  # hours from the newest data to the look
    since: datetime
    size_label: str
    lag_label: str


def trends(device: Device) -> list[Trend]:
    found = (_trend(backup) for backup in Backup.objects.filter(device=device))
    return [trend for trend in found if trend]


def _trend(backup: Backup) -> Trend | None:
    newest = BackupSnapshot.objects.filter(backup=backup)[:SHOWN]
    looks = [look for look in reversed(newest) if look.disk_read_at]
    if len(looks) < 2 or not looks[-1].copy_count:
        return None
    sizes = tuple(float(look.size_bytes) for look in looks)
    lags = tuple(
        (look.taken_at - look.newest_copy_at).total_seconds() / 3600
        for look in looks
        if look.newest_copy_at
    )
    return Trend(
        backup_type=BackupType(backup.backup_type),
        sizes=sizes,
        lags=lags,
        since=looks[0].taken_at,
        size_label=f"{size(int(sizes[0]))} → {size(int(sizes[-1]))}",
        lag_label=f"{lags[0]:.1f} h → {lags[-1]:.1f} h" if lags else "",
    )
