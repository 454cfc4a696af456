"""What the pages of runs show beside the plain facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, When, Window

from backups import badges
from backups.failed_runs import what_to_do
from backups.models import OPEN_STATES, DaemonStatus, Run, RunKind, RunState, WipeQuestion
from backups.services.runs import report_of
from backups.services.wipes import last_answer
from devices.models import Device

SHOWN = 12


def open_runs(*, now: datetime, shown: int = SHOWN) -> dict[str, Any]:
    """Those at work first, and how many more there are."""
    # Only those that are open have no end, and by that an index finds them among all that ended.
    runs = Run.objects.filter(state__in=OPEN_STATES, ended_at=None).select_related("device")
    at_work_first = Case(When(state=RunState.RUNNING, then=0), default=1)
    counted = runs.annotate(of=Window(Count("pk")))
    some = list(counted.order_by(at_work_first, "not_before", "pk")[:shown])
    return {
        "open_rows": [_together(alike, now=now) for alike in _alike(some)],
        "open_left": some[0].of - len(some) if some else 0,
        "now": now,
    }


def _alike(runs: Sequence[Run]) -> list[list[Run]]:
    """Those of one kind that wait for one reason are one line: it is said once."""
    found: dict[object, list[Run]] = {}
    for run in runs:
        waits = run.state == RunState.WAITING and run.error
        found.setdefault((run.kind, run.error) if waits else run.pk, []).append(run)
    return list(found.values())


def _together(alike: list[Run], *, now: datetime) -> dict[str, Any]:
    """The first of them as it is, and the others to be named beside it."""
    return run_context(alike[0], now=now) | {"others": alike[1:]}


def page_of_run(run: Run, *, now: datetime) -> dict[str, Any]:
    """With the run that tries it again, if there is one."""
    same = Run.objects.filter(device=run.device_id, kind=run.kind, pk__gt=run.pk)
    retried = same.filter(state__in=OPEN_STATES, attempt=run.attempt + 1)
    return {**run_context(run, now=now), "retried": retried.first() if run.error else None}


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one of the node's own services says that it does now. It proves nothing."""

    daemon: DaemonStatus
    answer: str  # available, or why nothing is known
    devices: list[Device]


def claimed_work(*, now: datetime) -> list[Claimed]:
    daemons = list(DaemonStatus.objects.all())
    named = [one for daemon in daemons for one in daemon.at_work_on(now=now)]
    devices = {one.device_id: one for one in Device.objects.filter(device_id__in=named)}
    return [
        Claimed(
            daemon,
            daemon.availability(now=now),
            [devices[one] for one in daemon.at_work_on(now=now) if one in devices],
        )
        for daemon in daemons
    ]


def run_context(run: Run, *, now: datetime) -> dict[str, Any]:
    return {
        "run": run,
        "now": now,
        "state_badge": badges.run_state(run.state),
        "took": badges.took(run.started_at, run.ended_at or now),
        "time_left": _time_left(run, now=now),
        "answer": _answer(run),
        "to_do": what_to_do(run),
        "sheets": [sheet for sheet in report_of(run).sheets if sheet.rows],
    }


def _answer(run: Run) -> WipeQuestion | None:
    """The last one to the question that it asked."""
    asked = run.kind == RunKind.WIPE and not run.is_open
    return last_answer(run.device) if asked else None


def _time_left(run: Run, *, now: datetime) -> timedelta | None:
    """As long as the rest takes at the pace so far."""
    if run.state != RunState.RUNNING or not run.percent or run.started_at is None:
        return None
    return (now - run.started_at) * (100 - run.percent) / run.percent
