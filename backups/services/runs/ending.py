"""How a run ends. Only what runs can end, and only once: whoever is later changes nothing."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from backups.models import Run, RunState
from backups.services.runs.requests import request_retry

ASK_AGAIN_AFTER = timedelta(minutes=2)
LONGEST_ERROR = 1000


def end_run(
    run: Run, state: RunState, *, now: datetime, error: str = "", retry: bool = False, **facts: Any
) -> bool:
    """Write down the end, and queue the next attempt where one helps and nobody cancelled it.

    False: it had ended before.
    """
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
        ended = mine.update(state=state, ended_at=now, error=error[:LONGEST_ERROR], **facts)
        if ended and retry and not _was_cancelled(run):
            request_retry(run, now=now)
    return bool(ended)


def _was_cancelled(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists()


def let_wait(run: Run, *, now: datetime, reason: str, **facts: Any) -> bool:
    """It stays open, and is asked again later."""
    mine = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
    waits = {"state": RunState.WAITING, "not_before": now + ASK_AGAIN_AFTER}
    return bool(mine.update(**waits, error=reason[:LONGEST_ERROR], **facts))
