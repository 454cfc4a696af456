"""What Celery runs. Each fetches, calls one service, and says in a line what came of it."""

from datetime import datetime
from typing import Any

from celery import Task, chain, shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backups.engine.silence import ASKED_EVERY
from backups.routes import forget_waiting, queue_for
from backups.services import daemons, runs, snapshots, storages, thinning
from backups.services.leases import LeaseHeld
from devices.models import Device, Storage
from devices.tasks import read_cards, refresh_devices

SNAPSHOT_EXPIRES = 280  # seconds: under the period of its schedule, so that no backlog builds up
LEASE_RETRY_SECONDS = 15
RUN_EXPIRES = 55  # what no worker took until then is queued anew
RUN_SECONDS = int(runs.LONGEST_RUN.total_seconds()) + 600  # it ends itself before


@shared_task
def check_daemons() -> dict[str, str]:
    return {s.key: s.error or "available" for s in daemons.check_daemons(now=timezone.now())}


@shared_task
def take_snapshots() -> str:
    """Queue one snapshot a device, so that a broken device costs only its own."""
    due_at = timezone.now().isoformat()
    storages.place_new_devices()
    storages.look_at_own_disks(now=timezone.now())
    devices = snapshots.devices_to_look_at()
    for device in devices:
        take_snapshot.apply_async(
            (device.device_id, due_at), expires=SNAPSHOT_EXPIRES, queue=queue_for(device)
        )
    return f"{len(devices)} queued"


@shared_task
def ask_storages() -> str:
    """Each is heard of by its own worker, or not at all."""
    asked_at, names = (
        timezone.now().isoformat(),
        list(Storage.objects.values_list("name", flat=True)),
    )
    forget_waiting(storages.silent_names(now=timezone.now()))
    for name in names:
        tell_of_storage.apply_async((name, asked_at), expires=ASKED_EVERY.total_seconds())
    return f"{len(names)} asked"


@shared_task(throws=(storages.OtherStorage, storages.NoSuchStorage))
def tell_of_storage(name: str, asked_at: str) -> str:
    at = datetime.fromisoformat(asked_at)
    return f"{storages.tell_of(name, asked_at=at, now=timezone.now())} lives"


@shared_task(bind=True, throws=(storages.OtherStorage,))
def take_snapshot(self: Task, device_id: str, due_at: str) -> dict[str, Any]:
    device = Device.objects.select_related("storage").get(device_id=device_id)
    due = parse_datetime(due_at)
    try:
        taken = snapshots.take_snapshot(device, now=timezone.now(), due_at=due)
    except LeaseHeld as held:
        raise self.retry(exc=held, countdown=LEASE_RETRY_SECONDS, max_retries=30) from held
    return {snapshot.backup.backup_type: snapshot.copy_count for snapshot in taken}


@shared_task
def thin_snapshots() -> str:
    now = timezone.now()
    thinned = thinning.thin_snapshots(now=now) + thinning.thin_card_readings(now=now)
    return f"{thinned} deleted, {runs.forget_old_runs(now=now)} runs"


@shared_task(soft_time_limit=RUN_SECONDS, time_limit=RUN_SECONDS + 60)
def run_backup(run_id: int) -> str:
    """Delivered twice, it works once: a run is started only by whoever holds its lease."""
    run = runs.perform(run_id, clock=timezone.now, slots=settings.PARALLEL_RUNS)
    if run is None:
        return "not to be done now, or by another worker"
    take_snapshot.delay(run.device.device_id, timezone.now().isoformat())
    start_due_runs.delay()
    return f"{run} {run.state} {run.error}".rstrip()


@shared_task
def start_due_runs() -> str:
    """The dead go first: else they hold places for as long as the queue is too full to reap."""
    now = timezone.now()
    runs.reap_gone(now=now)
    planned = runs.plan_runs(now=now)
    due = runs.due_runs(slots=settings.PARALLEL_RUNS, now=now)
    for run_id in due:
        run_backup.apply_async((run_id,), expires=RUN_EXPIRES)
    return f"{len(planned)} planned, {len(due)} started"


@shared_task
def reap_runs() -> str:
    return f"{runs.reap_runs(now=timezone.now())} ended: their worker had died"


@shared_task
def refresh_all() -> None:
    """One whole cycle: who there is, what the services say, what the disk holds, what is to do."""
    asking = chain(refresh_devices.si(), check_daemons.si())
    chain(asking, take_snapshots.si(), start_due_runs.si(), read_cards.si()).delay()
