"""Whether ethonode itself has looked lately, and what it looks at answers: said here, and shown by
`/readyz`, by a banner on every page and by `/integration/`, which so agree.

Only stored facts are read. What has not looked is ethonode's own fault; what does not answer is
the fault of what is outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.engine.freshness import is_fresh, not_after
from backups.models import Backup, DaemonStatus, DiskLook, Run, RunKind, RunState
from backups.models.daemons import DaemonName
from devices.models import Device, Lifecycle, NodeStatus

BEATS_MISSED = 2
SLACK = timedelta(seconds=30)
OTHER_SCHEDULE = timedelta(days=1)  # what is not given as an interval is at least daily
PULLS = (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS)
LATELY = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """One thing that has to work. `reason` empty: it does. `at`: when it last did."""

    name: str
    reason: str
    at: datetime | None = None

    def as_dict(self) -> dict[str, object]:
        return {"ok": not self.reason, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    own: tuple[PartState, ...]
    outside: tuple[PartState, ...] = ()

    @property
    def failing(self) -> tuple[PartState, ...]:
        return tuple(part for part in self.own if part.reason)

    @property
    def since(self) -> datetime | None:
        """When all of it still worked; None where some of it never did."""
        times = [part.at for part in self.failing]
        return None if None in times else min(filter(None, times), default=None)

    @property
    def is_new(self) -> bool:
        """Nothing has stopped: it has not begun."""
        return bool(self.failing) and all(part.at is None for part in self.own)


def watch_state(*, now: datetime) -> WatchState:
    return WatchState(own=own_parts(now=now).own, outside=tuple(_outside(now)))


def own_parts(*, now: datetime) -> WatchState:
    """Of ethonode alone: six short queries, for every page."""
    periods = _periods()
    often = min(periods.values(), default=None)
    parts = [
        _age("beat", _beat_at(now), "a task was due", period=often, now=now),
        _age("worker", _worker_at(now), "a task ended", period=often, now=now),
    ]
    for name, task, what, last in LOOKS:
        at = last(now)
        if at is None and name == "devices" and not _may_ask():
            continue  # nobody failed to ask: home says what is to be set
        parts.append(_age(name, at, what, period=periods.get(task), now=now))
    return WatchState(own=tuple(parts))


def _may_ask() -> bool:
    return bool(settings.NODE_URL or settings.DEVICE_ADDRESSES)


def _age(
    name: str, at: datetime | None, what: str, *, period: timedelta | None, now: datetime
) -> PartState:
    if period is None:
        reason = f"no periodic task is enabled by which {what}"
    elif at is None:
        reason = f"never yet that {what}"
    elif not is_fresh(at, within=BEATS_MISSED * period + SLACK, now=now):
        reason = f"last time that {what}: {at:%Y-%m-%d %H:%M:%S} UTC"
    else:
        reason = ""
    return PartState(name=name, reason=reason, at=at)


def _periods() -> dict[str, timedelta]:
    """Of each enabled task the shortest."""
    found: dict[str, timedelta] = {}
    for task in PeriodicTask.objects.filter(enabled=True).select_related("interval"):
        every = task.interval.schedule.run_every if task.interval else OTHER_SCHEDULE
        found[task.task] = min(every, found.get(task.task, every))
    return found


def _beat_at(now: datetime) -> datetime | None:
    ran = PeriodicTask.objects.filter(last_run_at__lte=not_after(now))
    newest: datetime | None = ran.aggregate(newest=Max("last_run_at"))["newest"]
    return newest


def _worker_at(now: datetime) -> datetime | None:
    ended = TaskResult.objects.filter(status__in=["SUCCESS", "FAILURE"])
    done = ended.filter(date_done__lte=not_after(now)).order_by("-date_done")
    at: datetime | None = done.values_list("date_done", flat=True).first()
    return at


def _devices_at(now: datetime) -> datetime | None:
    return NodeStatus.objects.values_list("asked_at", flat=True).first()


def _daemons_at(now: datetime) -> datetime | None:
    newest: datetime | None = DaemonStatus.objects.aggregate(newest=Max("checked_at"))["newest"]
    return newest


def _disk_at(now: datetime) -> datetime | None:
    """The newest look at any device's copies; where there are none, at the folders."""
    active = Q(device__lifecycle=Lifecycle.ACTIVE, latest__taken_at__lte=not_after(now))
    looked = Backup.objects.filter(active).aggregate(newest=Max("latest__taken_at"))["newest"]
    at: datetime | None = looked or DiskLook.objects.aggregate(newest=Max("looked_at"))["newest"]
    return at


OneLook = tuple[str, str, str, Callable[[datetime], datetime | None]]
LOOKS: tuple[OneLook, ...] = (
    ("devices", "devices.tasks.refresh_devices", "the devices were asked for", _devices_at),
    ("daemons", "backups.tasks.check_daemons", "the backup services were asked", _daemons_at),
    ("looks", "backups.tasks.take_snapshots", "a disk was looked at", _disk_at),
)


def _outside(now: datetime) -> Iterable[PartState]:
    yield _node()
    yield _known_devices()
    yield from _daemons()
    yield from (_disk(look) for look in DiskLook.objects.all())
    if not DiskLook.objects.exists():
        yield PartState(name="disk", reason="its folders were not looked at yet")
    yield _pulls(now)


def _node() -> PartState:
    node = NodeStatus.objects.first()
    if node is None:
        return PartState(name="node", reason="it was not asked yet")
    return PartState(name="node", reason=node.error, at=node.answered_at)


def _known_devices() -> PartState:
    known = Device.objects.exclude(lifecycle=Lifecycle.RETIRED).exists()
    return PartState(name="devices", reason="" if known else "no device is known")


def _daemons() -> Iterable[PartState]:
    answers = {status.daemon: status for status in DaemonStatus.objects.all()}
    for key, label in DaemonName.choices:
        if not settings.SERVICE_URLS[key]:
            continue  # this lab has none
        status = answers.get(key)
        reason = status.error if status else "it was not asked yet"
        yield PartState(
            name=f"{label} service", reason=reason, at=status.answered_at if status else None
        )


def _disk(look: DiskLook) -> PartState:
    return PartState(name=f"disk of {look.folder}", reason=look.error, at=look.looked_at)


def _pulls(now: datetime) -> PartState:
    """Of each device the newest pull that ended. Where none was asked for, none failed."""
    newest: dict[int, Run] = {}
    ended = Run.objects.filter(kind__in=PULLS, ended_at__range=(now - LATELY, not_after(now)))
    for run in ended.exclude(state=RunState.CANCELLED).order_by("ended_at"):
        newest[run.device_id] = run
    failed = [run for run in newest.values() if run.state == RunState.FAILED]
    if not failed:
        return PartState(name="pulls over ssh", reason="")
    count = f"{len(failed)} of {len(newest)} devices: the last pull failed"
    return PartState(name="pulls over ssh", reason=f"{count}: {failed[-1].error}"[:500])
