"""Whether ethonode itself has looked lately, and what it looks at answers: said here, and shown by
`/readyz`, by a banner on every page and by `/integration/`, which so agree.

Only stored facts are read. What has not looked is ethonode's own fault; what does not answer is
the fault of what is outside.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, Min, Q
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.badges import availability
from backups.engine.silence import why_silent
from backups.models import Backup, DaemonStatus, DiskLook, Run, RunKind, RunState
from backups.models.daemons import DaemonName
from devices.freshness import AVAILABLE, is_fresh, not_after
from devices.models import Device, Lifecycle, NodeStatus, Storage
from devices.nodes import called

BEATS_MISSED = 2
SLACK = timedelta(seconds=30)
NEW_FOR = timedelta(minutes=10)
OTHER_SCHEDULE = timedelta(days=1)  # what is not given as an interval is at least daily
OVER_SSH = (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.LIST_CARD)
LATELY = timedelta(days=2)
TAKE_SNAPSHOTS = "backups.tasks.take_snapshots"


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
    is_young: bool = False  # installed minutes ago

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
        """Nothing has stopped: some of it has not begun, and need not have."""
        return self.is_young and bool(self.failing) and all(p.at is None for p in self.failing)


def watch_state(*, now: datetime) -> WatchState:
    return replace(own_parts(now=now), outside=tuple(_outside(now)))


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
        if at is None and name == "devices" and not may_ask():
            continue  # nobody failed to ask: home says what is to be set
        parts.append(_age(name, at, what, period=periods.get(task), now=now))
    never = [part for part in parts if part.reason and part.at is None]
    return WatchState(own=tuple(parts), is_young=bool(never) and _is_young(now))


def _is_young(now: datetime) -> bool:
    """By its first tables. Beat and the slower looks have some minutes for their first time."""
    made = MigrationRecorder.Migration.objects.aggregate(first=Min("applied"))["first"]
    return made is not None and abs(now - made) <= NEW_FOR


def may_ask() -> bool:
    """Whether the settings say of anybody whom devices could be asked for."""
    return any(node.url for node in settings.NODES) or bool(settings.DEVICE_ADDRESSES)


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
    """Of the node that was not asked for longest: they are all asked at once."""
    asked = NodeStatus.objects.filter(name__in=[node.name for node in settings.NODES])
    oldest: datetime | None = asked.aggregate(oldest=Min("asked_at"))["oldest"]
    return oldest


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
    ("looks", TAKE_SNAPSHOTS, "a disk was looked at", _disk_at),
)


def _outside(now: datetime) -> Iterable[PartState]:
    yield from _nodes(now)
    yield _known_devices()
    yield from _daemons(now)
    yield from _storages(now)
    yield from _disks(now)
    yield _over_ssh(now)


def _answer(name: str, asked: NodeStatus | DaemonStatus | None, now: datetime) -> PartState:
    """An old good answer says nothing of now."""
    word = availability(asked, now)
    reason = "" if word == AVAILABLE else (asked and asked.error) or word
    return PartState(name=name, reason=reason, at=asked.answered_at if asked else None)


def _nodes(now: datetime) -> Iterable[PartState]:
    answers = {status.name: status for status in NodeStatus.objects.all()}
    for node in settings.NODES:
        name = called("node", node.name, settings.NODES)
        yield _answer(name, answers.get(node.name), now)


def _known_devices() -> PartState:
    known = Device.objects.exclude(lifecycle=Lifecycle.RETIRED).exists()
    return PartState(name="devices", reason="" if known else "no device is known")


def _daemons(now: datetime) -> Iterable[PartState]:
    answers = {(one.node, one.daemon): one for one in DaemonStatus.objects.all()}
    for node in settings.NODES:
        for key, label in DaemonName.choices:
            if node.daemons[key]:  # else this lab has none
                name = called(f"{label} service", node.name, settings.NODES, of=" of ")
                yield _answer(name, answers.get((node.name, key)), now)


def _storages(now: datetime) -> Iterable[PartState]:
    for one in Storage.objects.all():
        reason = why_silent(one.name, one.heard_at, now=now)
        yield PartState(name=f"storage {one.name}", reason=reason, at=one.heard_at)


def _disks(now: datetime) -> Iterable[PartState]:
    period = _periods().get(TAKE_SNAPSHOTS)
    looks = DiskLook.objects.select_related("storage")
    if not looks:
        yield PartState(name="disk", reason="its folders were not looked at yet")
    for look in looks:
        name = f"disk of {look.name}"
        if look.error:
            yield PartState(name=name, reason=look.error, at=look.looked_at)
        else:
            yield _age(name, look.looked_at, "it was listed", period=period, now=now)


def _over_ssh(now: datetime) -> PartState:
    """Of each device the newest run of each kind that ended. Where none was asked for, none
    failed; that one kind came through says nothing of another."""
    newest: dict[tuple[int, str], Run] = {}
    ended = Run.objects.filter(kind__in=OVER_SSH, ended_at__range=(now - LATELY, not_after(now)))
    ended = ended.exclude(state=RunState.CANCELLED).select_related("device")
    for run in ended.order_by("ended_at"):
        newest[run.device_id, run.kind] = run
    failed = [run for run in newest.values() if run.state == RunState.FAILED]
    if not failed:
        return PartState(name="runs over ssh", reason="")
    last = max(failed, key=lambda run: run.ended_at or now)
    reason = f"{len(failed)} of {len(newest)} failed when last made: {last}: {last.error}"
    return PartState(name="runs over ssh", reason=reason[:500])
