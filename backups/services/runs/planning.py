"""What is to be done here, and what of it first: the devices nearest to losing data."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from backups.engine.facts import BackupType
from backups.models import OPEN_STATES, Backup, BackupPlan, Run, RunKind, RunState, RunTrigger
from backups.services.runs.requests import request_run
from devices.models import Device, Experiment, Lifecycle, Writer

WATCH_ONLY = BackupPlan()  # where nobody made a plan
AFTER_A_FAILURE = timedelta(hours=1)  # when its own attempts are used up


def plan_of(device: Device) -> BackupPlan:
    return _plan(device, _plans())


def mirrors_here(device: Device) -> bool:
    """Whether this installation mirrors the device, and there is something to mirror."""
    return plan_of(device).mirror_here and device.experiments.filter(writer=Writer.MYSQL).exists()


def plan_runs(*, now: datetime) -> list[Run]:
    """Queue a mirror for each device that is due for one."""
    plans = _plans()
    if not any(plan.mirror_here for plan in plans.values()):
        return []
    devices = list(_with_mysql())
    newest = _newest_runs(devices)
    return [
        request_run(device, RunKind.MIRROR, trigger=RunTrigger.SCHEDULE, now=now)
        for device in devices
        if _is_due(newest.get(device.pk), _plan(device, plans), now=now)
    ]


def due_runs(*, slots: int, now: datetime) -> list[int]:
    """Keys of the runs to start now, as many as there are free slots, the most urgent first."""
    due = Run.objects.filter(
        state__in=(RunState.QUEUED, RunState.WAITING), not_before__lte=now
    ).select_related("device")
    free = slots - Run.objects.filter(state=RunState.RUNNING).count()
    return [run.pk for run in most_urgent_first(due)][: max(free, 0)]


def most_urgent_first(runs: Iterable[Run]) -> list[Run]:
    """What people ask for; then the fullest cards; then the data that is unsaved for longest."""
    waiting = list(runs)
    unsaved = _unsaved_since({run.device_id for run in waiting})

    def urgency(run: Run) -> tuple[bool, int, datetime, int]:
        since = unsaved.get(run.device_id, run.queued_at)
        scheduled = run.trigger == RunTrigger.SCHEDULE
        return scheduled, -(run.device.card_used_percent or 0), since, run.pk

    return sorted(waiting, key=urgency)


def _unsaved_since(devices: set[int]) -> dict[int, datetime]:
    backups = Backup.objects.filter(device__in=devices, backup_type=BackupType.MYSQL)
    found = {}
    for backup in backups.select_related("latest"):
        problems = (*backup.facts.missing, *backup.facts.behind)
        if problems:
            found[backup.device_id] = min(problem.since for problem in problems)
    return found


def _plans() -> dict[int | None, BackupPlan]:
    return {plan.group_id: plan for plan in BackupPlan.objects.all()}


def _plan(device: Device, plans: Mapping[int | None, BackupPlan]) -> BackupPlan:
    return plans.get(device.group_id) or plans.get(None) or WATCH_ONLY


def _with_mysql() -> QuerySet[Device]:
    runs = Experiment.objects.filter(device=OuterRef("pk"), writer=Writer.MYSQL)
    return Device.objects.filter(Exists(runs), lifecycle=Lifecycle.ACTIVE)


def _newest_runs(devices: Iterable[Device]) -> dict[int, Run]:
    later = Run.objects.filter(device=OuterRef("device"), kind=OuterRef("kind"))
    runs = Run.objects.filter(device__in=devices, kind=RunKind.MIRROR)
    newest = runs.filter(~Exists(later.filter(pk__gt=OuterRef("pk"))))
    return {run.device_id: run for run in newest}


def _is_due(newest: Run | None, plan: BackupPlan, *, now: datetime) -> bool:
    if not plan.mirror_here:
        return False
    if newest is None:
        return True
    if newest.state in OPEN_STATES or newest.ended_at is None:
        return False
    failed = newest.state == RunState.FAILED
    pause = max(plan.mirror_every, AFTER_A_FAILURE) if failed else plan.mirror_every
    return now - newest.ended_at >= pause
