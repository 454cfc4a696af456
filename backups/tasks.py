"""What Celery runs. Each fetches, calls one service, and says in a line what came of it."""

from typing import Any

from celery import Task, chain, shared_task
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backups.services import daemons, snapshots, thinning
from backups.services.leases import LeaseHeld
from devices.models import Device
from devices.tasks import refresh_devices

SNAPSHOT_EXPIRES = 280  # seconds: under the period of its schedule, so that no backlog builds up
LEASE_RETRY_SECONDS = 15


@shared_task
def check_services() -> dict[str, str]:
    return {s.service: s.error or "available" for s in daemons.check_services(now=timezone.now())}


@shared_task
def take_snapshots() -> str:
    """Queue one snapshot a device, so that a broken device costs only its own."""
    due_at = timezone.now().isoformat()
    devices = snapshots.devices_to_look_at()
    for device in devices:
        take_snapshot.apply_async((device.device_id, due_at), expires=SNAPSHOT_EXPIRES)
    return f"{len(devices)} queued"


@shared_task(bind=True)
def take_snapshot(self: Task, device_id: str, due_at: str) -> dict[str, Any]:
    device = Device.objects.get(device_id=device_id)
    due = parse_datetime(due_at)
    try:
        taken = snapshots.take_snapshot(device, now=timezone.now(), due_at=due)
    except LeaseHeld as held:
        raise self.retry(exc=held, countdown=LEASE_RETRY_SECONDS, max_retries=30) from held
    return {snapshot.backup.backup_type: snapshot.copy_count for snapshot in taken}


@shared_task
def thin_snapshots() -> str:
    return f"{thinning.thin_snapshots(now=timezone.now())} deleted"


@shared_task
def refresh_all() -> None:
    """One whole cycle: who there is, what the services say, what the disk holds."""
    chain(refresh_devices.si(), check_services.si(), take_snapshots.si()).delay()
