"""What can work for a device now, of all that a person may ask for, and why the rest cannot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from backups.engine.mirror.errors import AccessDenied, DatabaseMissing
from backups.engine.pull.errors import BadName, HostKeyChanged, KeyFailed, KeyRefused
from backups.models import OPEN_STATES, Run, RunKind, RunState
from backups.services.runs.connection import ConnectionReport, TriedDoor
from backups.services.runs.kinds import KINDS, KindOfRun, report_of
from backups.services.silent_storages import SilentStorages
from devices.models import Device
from devices.services.asking import WrongDevice

# To knock again helps nobody: a person has to do something first.
_SHUT = (AccessDenied, BadName, DatabaseMissing, HostKeyChanged, KeyFailed, KeyRefused, WrongDevice)
SHUT = {error.__name__ for error in _SHUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The newest one to come in by a door of a device. `refused`: a person is needed first."""

    run: Run
    said: str = ""
    failure: str = ""

    @property
    def refused(self) -> bool:
        return self.failure in SHUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One kind of run. `why_not`: what lacks, "" for nothing; `shut`: the attempt that was refused.

    `open_run`: the one that waits or works now; `last`: the newest that ended.
    """

    declared: KindOfRun
    why_not: str = ""
    shut: Attempt | None = None
    open_run: Run | None = None
    last: Run | None = None

    @property
    def can_work(self) -> bool:
        return not self.why_not and self.shut is None


def offers_for(device: Device, *, now: datetime) -> dict[RunKind, Offer]:
    """Of every kind: seven queries, however many runs there were."""
    silent = SilentStorages(now).why(device)
    suits = _suits(device)
    ended = newest_ended(device)
    attempts = attempts_of(ended)
    open_runs = {run.kind: run for run in device.runs.filter(state__in=OPEN_STATES).defer("log")}
    return {
        kind: Offer(
            declared=declared,
            why_not=silent or ("" if suits[declared.suits] else declared.lacks),
            shut=_shut(attempts.get(declared.door)),
            open_run=open_runs.get(kind),
            last=ended.get(kind),
        )
        for kind, declared in KINDS.items()
        if suits[declared.suits] or not declared.seldom
    }


def newest_ended(device: Device) -> dict[RunKind, Run]:
    """Of each kind the last run that came to an end of its own. Two queries."""
    of_it = Run.objects.filter(device=OuterRef("pk"), ended_at__isnull=False)
    of_it = of_it.exclude(state=RunState.CANCELLED).order_by("-queued_at", "-pk")
    newest = {kind.value: Subquery(of_it.filter(kind=kind).values("pk")[:1]) for kind in KINDS}
    keys = Device.objects.filter(pk=device.pk).order_by().values_list(*newest.values()).first()
    runs = Run.objects.filter(pk__in=filter(None, keys or ())).defer("log")
    return {RunKind(run.kind): run for run in runs}


def attempts_of(ended: Mapping[RunKind, Run]) -> dict[str, Attempt]:
    """By the door: the newest attempt to come in by it."""
    oldest_first = sorted(_attempts(ended.values()), key=_ended_at)
    return {door: attempt for attempt, door in oldest_first}


def _attempts(runs: Iterable[Run]) -> Iterable[tuple[Attempt, str]]:
    for run in runs:
        if run.kind == RunKind.CONNECT:
            yield from ((_by_test(run, door), door.name) for door in doors_of(run))
        elif door := KINDS[RunKind(run.kind)].door:
            yield Attempt(run=run, said=run.error, failure=run.failure), door


def doors_of(run: Run) -> tuple[TriedDoor, ...]:
    """What a test of the connection met."""
    report = report_of(run)
    return report.doors if isinstance(report, ConnectionReport) else ()


def _by_test(run: Run, door: TriedDoor) -> Attempt:
    return Attempt(run=run, said="" if door.opens else door.said, failure=door.failure)


def _ended_at(found: tuple[Attempt, str]) -> float:
    ended = found[0].run.ended_at
    return ended.timestamp() if ended else 0.0


def _shut(attempt: Attempt | None) -> Attempt | None:
    return attempt if attempt and attempt.refused else None


def _suits(device: Device) -> dict[object, bool]:
    """Each question that kinds of run ask about a device, asked once."""
    mine = Device.objects.filter(pk=device.pk)
    return {suits: suits(mine).exists() for suits in {one.suits for one in KINDS.values()}}
