"""What a device's page shows above its form: the verdict and all that it rests on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils import timezone

from backups.badges import size
from backups.dashboard import DeviceStatus, device_status
from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, CardListing, RecordingLedger
from devices.models import Device

ROWS = 15
SNAPSHOTS_SHOWN = 50
BACKUPS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How one backup grew over its newest snapshots, oldest first."""

    backup_type: BackupType
    sizes: tuple[float, ...]
    lags: tuple[float, ...]  # hours from the newest data to the look
    since: datetime
    size_label: str
    lag_label: str


def page_context(request: HttpRequest, device: Device) -> dict[str, Any]:
    now = timezone.now()
    status = device_status(device, now=now)
    experiments = device.experiments.select_related("state__copy")
    ledgers = RecordingLedger.objects.filter(device=device)
    return {
        "now": now,
        "listing": CardListing.objects.filter(device=device).defer("packed").first(),
        "device": device,
        "status": status,
        "silent_as": device.get_lifecycle_display() if status.silent else "",
        "wrong_backups": _wrong(status),
        "claims": device.claims.all(),
        "experiments": _page(request, "experiments", experiments),
        "recordings": _page(request, "recordings", ledgers.defer("memory", "digests")),
        "trends": _trends(device),
        "made_here": device.runs.all()[:BACKUPS_SHOWN],
    }


def _page(request: HttpRequest, parameter: str, rows: Any) -> Page:
    return Paginator(rows, ROWS).get_page(request.GET.get(parameter))


def _wrong(status: DeviceStatus) -> list[tuple[BackupType, BackupFacts]]:
    return [
        (backup_type, backup.facts)
        for backup_type, backup in status.backups.items()
        if backup.facts.has_problems
    ]


def _trends(device: Device) -> list[Trend]:
    trends = (_trend(backup) for backup in Backup.objects.filter(device=device))
    return [trend for trend in trends if trend]


def _trend(backup: Backup) -> Trend | None:
    newest = BackupSnapshot.objects.filter(backup=backup)[:SNAPSHOTS_SHOWN]
    looks = [look for look in reversed(newest) if look.disk_read_at]
    if len(looks) < 2 or not looks[-1].copy_count:
        return None
    sizes = tuple(float(look.size_bytes) for look in looks)
    lags = tuple(_lag_hours(look) for look in looks if look.newest_copy_at)
    return Trend(
        backup_type=BackupType(backup.backup_type),
        sizes=sizes,
        lags=lags,
        since=looks[0].taken_at,
        size_label=f"{size(int(sizes[0]))} → {size(int(sizes[-1]))}",
        lag_label=f"{lags[0]:.1f} h → {lags[-1]:.1f} h" if lags else "",
    )


def _lag_hours(look: BackupSnapshot) -> float:
    newest = look.newest_copy_at or look.taken_at
    return (look.taken_at - newest).total_seconds() / 3600
