"""What the pages of runs show beside the plain facts."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, When

from backups import badges
from backups.models import OPEN_STATES, Run, RunState
from backups.services.runs import report_of

SHOWN = 50


def open_runs(*, now: datetime, shown: int = SHOWN) -> dict[str, Any]:
    """Those at work first."""
    runs = Run.objects.filter(state__in=OPEN_STATES).select_related("device")
    at_work_first = Case(When(state=RunState.RUNNING, then=0), default=1)
    rows = [
        run_context(run, now=now)
        for run in runs.order_by(at_work_first, "not_before", "pk")[:shown]
    ]
    return {"open_rows": rows, "now": now}


def run_context(run: Run, *, now: datetime) -> dict[str, Any]:
    return {
        "run": run,
        "now": now,
        "state_badge": badges.run_state(run.state),
        "took": badges.took(run.started_at, run.ended_at or now),
        "time_left": _time_left(run, now=now),
        "sheets": [sheet for sheet in report_of(run).sheets if sheet.rows],
    }


def _time_left(run: Run, *, now: datetime) -> timedelta | None:
    """As long as the rest takes at the pace so far."""
    if run.state != RunState.RUNNING or not run.percent or run.started_at is None:
        return None
    return (now - run.started_at) * (100 - run.percent) / run.percent
