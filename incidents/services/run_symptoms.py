"""Backups made here that fail: one by one, all of them, or at a device that shows another key."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from backups.dashboard import Fleet
from backups.engine.facts import BackupType
from backups.engine.pull.errors import HostKeyChanged, KeyRefused
from backups.models import Run, RunKind, RunState
from backups.services.runs import KINDS
from devices.freshness import not_after
from devices.models import Device
from devices.texts import one_line
from incidents.engine.causes import CauseKind
from incidents.engine.symptoms import Symptom

IN_A_ROW = 3
LATELY = timedelta(days=2)
OVER_SSH = (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS)
SAY_NOTHING_OF_IT = {RunKind.MIRROR, RunKind.VERIFY, RunKind.CONNECT}  # of an ssh key
MEET_THE_KEY = tuple(kind for kind in RunKind if kind not in SAY_NOTHING_OF_IT)
BY_SSH = frozenset({BackupType.SQLITE.value, BackupType.VIDEO.value})
FEWEST = 3  # devices: of fewer nobody can say that all fail for one reason

Ended = dict[tuple[int, str], list[Run]]


def run_symptoms(fleet: Fleet, *, now: datetime) -> Iterator[Symptom]:
    active = {status.device.pk for status in fleet.active}
    ended = _ended(active, now)
    yield from _all_pulls(ended)
    yield from _other_keys(active)
    for (device, kind), runs in ended.items():
        failed = [run for run in runs[:IN_A_ROW] if run.state == RunState.FAILED]
        if len(failed) == IN_A_ROW:
            yield Symptom(
                kind=CauseKind.RUN,
                subject=f"{device} {kind}",
                device=device,
                backup_type=min(KINDS[RunKind(kind)].copies, default=""),
                sentence=one_line(f"{RunKind(kind).label}: {runs[0].error}", limit=500),
                since=failed[-1].ended_at,
                clears="one that succeeds",
            )


def _ended(active: set[int], now: datetime) -> Ended:
    """device, kind -> its runs, newest first. What a test met is said to whoever asked for it."""
    lately = Run.objects.filter(queued_at__gte=now - LATELY, ended_at__lte=not_after(now))
    plain = lately.exclude(state=RunState.CANCELLED).exclude(kind=RunKind.CONNECT)
    found: Ended = defaultdict(list)
    told = plain.order_by("-ended_at").only("device_id", "kind", "state", "error", "ended_at")
    for run in told:
        if run.device_id in active:
            found[run.device_id, run.kind].append(run)
    return found


def _all_pulls(ended: Ended) -> Iterator[Symptom]:
    newest = {device: runs[0] for (device, kind), runs in ended.items() if kind in OVER_SSH}
    errors = [run.error for run in newest.values() if run.state == RunState.FAILED]
    if len(newest) < FEWEST or len(errors) < len(newest):
        return
    sentence = f"the last pull of each of {len(newest)} devices failed: {errors[0]}"
    yield Symptom(kind=CauseKind.PULLS, subject="", sentence=one_line(sentence, limit=500))


def _other_keys(active: set[int]) -> Iterator[Symptom]:
    """Of each device the newest run that met its ssh key, however long ago that was."""
    known = {kind.value: Subquery(_met_the_key(kind)) for kind in MEET_THE_KEY}
    rows = Device.objects.filter(pk__in=active).order_by().annotate(**known).values_list(*known)
    newest = [max(filter(None, row)) for row in rows if any(row)]
    changed = Run.objects.filter(pk__in=newest, failure=HostKeyChanged.__name__)
    for run in changed.only("device_id", "error", "ended_at"):
        yield Symptom(
            kind=CauseKind.HOST_KEY,
            subject=str(run.device_id),
            device=run.device_id,
            concerns=BY_SSH,
            sentence=one_line(run.error, limit=500),
            since=run.ended_at,
            clears="a run over ssh that gets in",
        )


def _met_the_key(kind: RunKind) -> QuerySet[Run, Any]:
    """A device that is off, or an address that leads nowhere, shows none."""
    refused = (HostKeyChanged.__name__, KeyRefused.__name__)
    told = Q(state=RunState.SUCCEEDED) | Q(failure__in=refused)
    runs = Run.objects.filter(told, device=OuterRef("pk"), kind=kind)
    return runs.order_by("-queued_at").values("pk")[:1]
