"""What is to be done here, and what of it first: the devices nearest to losing data."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from backups.models import (
    OPEN_STATES,
    Backup,
    BackupPlan,
    Recording,
    ResultCopy,
    Run,
    RunKind,
    RunState,
    RunTrigger,
)
from backups.services.runs.requests import request_run
from devices.models import Device, Experiment, Lifecycle, Writer

WATCH_ONLY = BackupPlan()  # where nobody made a plan
AFTER_A_FAILURE = timedelta(hours=1)  # when its own attempts are used up


def plan_of(device: Device) -> BackupPlan:
    return _plan(device, _plans())


def kinds_here(device: Device) -> frozenset[RunKind]:
    """What this installation does for the device by its plan, where there is something to do."""
    plan, mine = plan_of(device), Device.objects.filter(pk=device.pk)
    return frozenset(
        kind for kind, with_data in SUITED.items() if plan.makes_here(kind) and with_data(mine)
    )


def plan_runs(*, now: datetime) -> list[Run]:
    """Queue a run of each kind for each device that is due for one."""
    plans = _plans()
    return [
        run
        for kind, suited in SUITED.items()
        if any(plan.makes_here(kind) for plan in plans.values())
        for run in _plan_kind(kind, suited, plans, now=now)
    ]


def _plan_kind(
    kind: RunKind,
    suited: Callable[[QuerySet[Device]], QuerySet[Device]],
    plans: Mapping[int | None, BackupPlan],
    *,
    now: datetime,
) -> list[Run]:
    devices = list(suited(Device.objects.filter(lifecycle=Lifecycle.ACTIVE)))
    newest = _newest_runs(devices, kind)
    return [
        request_run(device, kind, trigger=RunTrigger.SCHEDULE, now=now)
        for device in devices
        if _is_due(kind, newest.get(device.pk), _plan(device, plans), now=now)
    ]


def due_runs(*, slots: int, now: datetime) -> list[int]:
    """Keys of the runs to start now, as many as there are free slots, the most urgent first."""
    due = Run.objects.filter(
        state__in=(RunState.QUEUED, RunState.WAITING), not_before__lte=now
    ).select_related("device")
    free = slots - Run.objects.filter(state=RunState.RUNNING).count()
    return [run.pk for run in most_urgent_first(due)][: max(free, 0)]


def most_urgent_first(runs: Iterable[Run]) -> list[Run]:
    """What people ask for; then copies before verifications; then the fullest cards; then the
    data that is unsaved for longest."""
    waiting = list(runs)
    unsaved = _unsaved_since({run.device_id for run in waiting})

    def urgency(run: Run) -> tuple[bool, bool, int, datetime, int]:
        since = unsaved.get(run.device_id, run.queued_at)
        scheduled = run.trigger == RunTrigger.SCHEDULE
        verifies = run.kind == RunKind.VERIFY
        return scheduled, verifies, -(run.device.card_used_percent or 0), since, run.pk

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


def _with_mysql(devices: QuerySet[Device]) -> QuerySet[Device]:
    return devices.filter(_writes(Writer.MYSQL))


def _with_sqlite(devices: QuerySet[Device]) -> QuerySet[Device]:
    return devices.filter(_writes(Writer.SQLITE))


def _writes(writer: Writer) -> Exists:
    runs = Experiment.objects.filter(device=OuterRef("pk"), writer=writer, written_off=False)
    return Exists(runs)


def _with_address(devices: QuerySet[Device]) -> QuerySet[Device]:
    """Its firmware may list no videos: whether there are any, only a pull can tell."""
    return devices.exclude(address="")


def _with_copies(devices: QuerySet[Device]) -> QuerySet[Device]:
    """What was never seen here needs no second look."""
    mine = {"device": OuterRef("pk")}
    results, videos = ResultCopy.objects.filter(**mine), Recording.objects.filter(**mine)
    return devices.filter(Exists(results) | Exists(videos))


# Which devices have what a kind of run is for.
SUITED: Mapping[RunKind, Callable[[QuerySet[Device]], QuerySet[Device]]] = {
    RunKind.MIRROR: _with_mysql,
    RunKind.PULL_RESULTS: _with_sqlite,
    RunKind.PULL_VIDEOS: _with_address,
    RunKind.VERIFY: _with_copies,
}


def _newest_runs(devices: Iterable[Device], kind: RunKind) -> dict[int, Run]:
    later = Run.objects.filter(device=OuterRef("device"), kind=OuterRef("kind"))
    runs = Run.objects.filter(device__in=devices, kind=kind)
    newest = runs.filter(~Exists(later.filter(pk__gt=OuterRef("pk"))))
    return {run.device_id: run for run in newest}


def _is_due(kind: RunKind, newest: Run | None, plan: BackupPlan, *, now: datetime) -> bool:
    if not plan.makes_here(kind):
        return False
    if newest is None:
        return True
    if newest.state in OPEN_STATES or newest.ended_at is None:
        return False
    pause = plan.every(kind)
    if newest.state == RunState.FAILED:
        pause = max(pause, AFTER_A_FAILURE)
    due_at: datetime = newest.ended_at + pause
    return now >= due_at
