"""What is to be done here, and what of it first: the devices nearest to losing data."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from backups.models import OPEN_STATES, Backup, BackupPlan, Run, RunKind, RunState, RunTrigger
from backups.services.runs.jobs import Budget
from backups.services.runs.kinds import KINDS, KindOfRun, kind_of
from backups.services.runs.places import PARTS, free_slots
from backups.services.runs.requests import due_by, request_run
from devices.freshness import is_fresh
from devices.models import Device, Experiment, Lifecycle

WATCH_ONLY = BackupPlan()  # where nobody made a plan
AFTER_A_FAILURE = timedelta(hours=1)  # when its own attempts are used up


def plan_of(device: Device) -> BackupPlan:
    return _plan(device, _plans())


def budget_of(run: Run, *, now: datetime) -> Budget | None:
    """What a run by a plan may read; None: all, as when a person asks."""
    entry = kind_of(run).plan
    if entry is None or run.trigger != RunTrigger.SCHEDULE:
        return None
    return entry.budget(plan_of(run.device), now)


def kinds_here(device: Device) -> frozenset[RunKind]:
    """What this installation does for the device by its plan, where there is something to do."""
    plan, mine = plan_of(device), Device.objects.filter(pk=device.pk)
    return frozenset(
        declared.kind
        for declared in KINDS.values()
        if declared.pause(plan) is not None and declared.suits(mine)
    )


def plan_runs(*, now: datetime) -> list[Run]:
    """Queue a run of each kind for each device that is due for one."""
    plans = _plans()
    return [
        run
        for declared in KINDS.values()
        if any(declared.pause(plan) is not None for plan in plans.values())
        for run in _plan_kind(declared, plans, now=now)
    ]


def _plan_kind(
    declared: KindOfRun, plans: Mapping[int | None, BackupPlan], *, now: datetime
) -> list[Run]:
    devices = list(declared.suits(Device.objects.filter(lifecycle=Lifecycle.ACTIVE)))
    newest = _newest_runs(devices, declared.kind)
    busy = set(Experiment.objects.filter(growing=True).values_list("device__pk", flat=True))

    def is_due(device: Device) -> bool:
        plan, is_busy = _plan(device, plans), device.pk in busy or device.is_recording
        pause = declared.pause(plan, busy=is_busy)
        return _is_due(newest.get(device.pk), pause, now=now) and declared.opens(plan, now)

    return [
        request_run(device, declared.kind, trigger=RunTrigger.SCHEDULE, now=now)
        for device in devices
        if is_due(device)
    ]


def due_runs(*, slots: int, now: datetime) -> list[int]:
    """Keys of the runs to start now, the most urgent first: what is brief, and as many others as
    there are free slots."""
    due = most_urgent_first(Run.objects.filter(due_by(now)).select_related(*PARTS))
    free = free_slots(due, here=slots, now=now)
    brief = [run.pk for run in due if kind_of(run).brief]
    others = [run for run in due if run.pk not in brief]
    return brief + [run.pk for run in others if free.take(run.place)]


def most_urgent_first(runs: Iterable[Run]) -> list[Run]:
    """What people ask for; then copies before verifications; then the fullest cards; then the
    data that is unsaved for longest."""
    waiting = list(runs)
    unsaved = _unsaved_since({run.device_id for run in waiting})

    def urgency(run: Run) -> tuple[bool, bool, int, datetime, int]:
        since = unsaved.get(run.device_id, run.queued_at)
        scheduled = run.trigger == RunTrigger.SCHEDULE
        copies_nothing = not kind_of(run).copies
        return scheduled, copies_nothing, -(run.device.card_used_percent or 0), since, run.pk

    return sorted(waiting, key=urgency)


def _unsaved_since(devices: set[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for backup in Backup.objects.filter(device__in=devices).select_related("latest"):
        for problem in (*backup.facts.missing, *backup.facts.behind):
            known = found.get(backup.device_id, problem.since)
            found[backup.device_id] = min(known, problem.since)
    return found


def _plans() -> dict[int | None, BackupPlan]:
    return {plan.group_id: plan for plan in BackupPlan.objects.all()}


def _plan(device: Device, plans: Mapping[int | None, BackupPlan]) -> BackupPlan:
    return plans.get(device.group_id) or plans.get(None) or WATCH_ONLY


def _newest_runs(devices: Iterable[Device], kind: RunKind) -> dict[int, Run]:
    later = Run.objects.filter(device=OuterRef("device"), kind=OuterRef("kind"))
    runs = Run.objects.filter(device__in=devices, kind=kind)
    newest = runs.filter(~Exists(later.filter(pk__gt=OuterRef("pk"))))
    return {run.device_id: run for run in newest}


def _is_due(newest: Run | None, pause: timedelta | None, *, now: datetime) -> bool:
    """`pause`: from the end of one to the start of the next; None: none is to be made."""
    if pause is None:
        return False
    if newest is None:
        return True
    if newest.state in OPEN_STATES or newest.ended_at is None:
        return False
    if newest.state == RunState.FAILED:
        pause = max(pause, AFTER_A_FAILURE)
    return not is_fresh(newest.ended_at, within=pause, now=now)
