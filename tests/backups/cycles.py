"""One cycle, and what the pages would show after it."""

from datetime import UTC, datetime

from backups import dashboard
from backups.services import daemons, snapshots
from devices.services import refresh_devices


def lab_now(lab) -> datetime:
    return datetime.fromtimestamp(lab.now(), tz=UTC)


def cycle(now: datetime) -> None:
    """One whole cycle, as `manage.py refresh` does it."""
    refresh_devices(now=now)
    daemons.check_daemons(now=now)
    for device in snapshots.devices_to_look_at():
        snapshots.take_snapshot(device, now=now)


def verdicts(now: datetime) -> dict[str, dict[str, str]]:
    """name -> type -> verdict, as the pages would show it at that moment."""
    return {
        status.device.name: {
            kind.value: backup.judgement.verdict.value for kind, backup in status.backups.items()
        }
        for status in dashboard.fleet(now=now).devices
    }
