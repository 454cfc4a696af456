"""End the runs whose worker died, and forget old ones."""

from datetime import datetime, timedelta

from django.db.models import Max

from backups.models import OPEN_STATES, Run, RunState
from backups.services.leases import is_held
from backups.services.runs.ending import end_run
from backups.services.runs.perform import lease_name

SILENT_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
DIED = "its worker died"


def reap_runs(*, now: datetime) -> int:
    """End each run that nobody works on any more. Returns how many there were."""
    running = Run.objects.filter(state=RunState.RUNNING).select_related("device", "requested_by")
    return sum(_reap(run, now=now) for run in running if _is_dead(run, now=now))


def _is_dead(run: Run, *, now: datetime) -> bool:
    heard_at = run.heartbeat_at or run.queued_at
    return now - heard_at >= SILENT_AFTER or not is_held(lease_name(run), now=now)


def _reap(run: Run, *, now: datetime) -> bool:
    if run.cancel_requested_at is not None:
        return end_run(run, RunState.CANCELLED, now=now, error=DIED)
    return end_run(run, RunState.FAILED, now=now, error=DIED, retry=True)


def forget_old_runs(*, now: datetime) -> int:
    """Delete what ended long ago, but for the newest of each device and kind."""
    groups = Run.objects.order_by().values("device", "kind")
    newest = groups.annotate(newest=Max("pk")).values("newest")
    old = Run.objects.filter(queued_at__lt=now - KEPT_FOR).exclude(state__in=OPEN_STATES)
    count, _ = old.exclude(pk__in=newest).delete()
    return count
