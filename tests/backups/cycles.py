"""One cycle, and what the pages would show after it."""

from datetime import UTC, datetime

from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups import dashboard
from backups.models import DaemonStatus, DiskLook
from backups.services import daemons, snapshots
from devices.models import NodeStatus
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


def at_work(now: datetime) -> None:
    """The traces of an installation that did all its work at that moment."""
    PeriodicTask.objects.update(last_run_at=now)
    TaskResult.objects.update_or_create(task_id="1", defaults={"status": "SUCCESS"})
    TaskResult.objects.update(date_done=now)
    NodeStatus.objects.update_or_create(pk=1, defaults={"asked_at": now, "answered_at": now})
    for daemon in ("mysql", "rsync"):
        asked = {"checked_at": now, "answered_at": now}
        DaemonStatus.objects.update_or_create(daemon=daemon, defaults=asked)
    for folder in ("results", "videos"):
        DiskLook.objects.update_or_create(folder=folder, defaults={"looked_at": now})
