"""Ask for a run or for the end of one, and write down how it ended.

One run of a kind is open for a device at a time. Only what runs can end, and only once: whoever is
later changes nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When

from backups.models import OPEN_STATES, Run, RunKind, RunState, RunTrigger
from backups.services.runs.kinds import KINDS
from devices.freshness import not_after
from devices.models import Device
from devices.texts import one_line

MOST_ATTEMPTS = 4
FIRST_PAUSE = timedelta(minutes=1)  # doubled with each attempt
ASKED_AGAIN = 5
ASK_AGAIN_AFTER = timedelta(minutes=2)
LONGEST_ERROR = 1000


class RunRefused(Exception):
    """No run could be asked for."""


def due_by(now: datetime) -> Q:
    """What waits and may begin. A run that was queued later than now was queued by a clock that
    has been set back since: it is not held until that time comes again."""
    waits = Q(state__in=(RunState.QUEUED, RunState.WAITING))
    return waits & (Q(not_before__lte=now) | Q(queued_at__gt=not_after(now)))


def request_run(
    device: Device,
    kind: RunKind,
    *,
    trigger: RunTrigger,
    user: Any = None,
    now: datetime,
) -> Run:
    """The open run of this kind, or a new one that waits in the queue.

    A person does not wait for a pause: an open run that pauses is due at once.
    """
    for _ in range(ASKED_AGAIN):
        run = Run.objects.filter(device=device, kind=kind, state__in=OPEN_STATES).first()
        if run is not None:
            return run if trigger is RunTrigger.SCHEDULE else _hurried(run, now=now)
        try:
            with transaction.atomic():
                return Run.objects.create(
                    device=device,
                    kind=kind,
                    trigger=trigger,
                    requested_by=user,
                    storage=KINDS[kind].place(device),
                    on_main=KINDS[kind].on_main(device),
                    queued_at=now,
                    not_before=now,
                )
        except IntegrityError:
            continue  # somebody asked in the same moment: that run is ours too
    raise RunRefused(f"runs of {device} come and go too fast: ask again")


def _hurried(run: Run, *, now: datetime) -> Run:
    paused = Run.objects.filter(pk=run.pk, not_before__gt=now).exclude(state=RunState.RUNNING)
    if paused.update(not_before=now):
        run.not_before = now
    return run


def request_retry(run: Run, *, now: datetime) -> None:
    """Queue the next attempt after a pause; after the last one nothing is queued."""
    if run.attempt >= MOST_ATTEMPTS:
        return
    Run.objects.create(
        device=run.device,
        kind=run.kind,
        trigger=run.trigger,
        requested_by=run.requested_by,
        storage=run.storage,
        on_main=run.on_main,
        attempt=run.attempt + 1,
        queued_at=now,
        not_before=now + FIRST_PAUSE * 2 ** (run.attempt - 1),
    )


def cancel_run(run: Run, *, now: datetime) -> bool:
    """Cancel what waits at once; ask what runs to stop. False: it had ended before.

    In one statement: between two it may begin, or begin to wait.
    """
    runs = When(state=RunState.RUNNING, then=F("state"))
    still_open = When(state=RunState.RUNNING, then=F("ended_at"))
    cancelled = Run.objects.filter(pk=run.pk, state__in=OPEN_STATES).update(
        state=Case(runs, default=Value(RunState.CANCELLED)),
        ended_at=Case(still_open, default=Value(now)),
        cancel_requested_at=now,
    )
    return bool(cancelled)


def end_run(
    run: Run, state: RunState, *, now: datetime, error: str = "", retry: bool = False, **facts: Any
) -> bool:
    """Write down the end, and queue the next attempt where one helps and nobody cancelled it.

    False: it had ended before.
    """
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
        ended = mine.update(
            state=state, ended_at=now, error=one_line(error, limit=LONGEST_ERROR), **facts
        )
        if ended and retry and not _was_cancelled(run):
            request_retry(run, now=now)
    return bool(ended)


def _was_cancelled(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists()


def let_wait(run: Run, *, now: datetime, reason: str, **facts: Any) -> None:
    """It stays open, and is asked again later, unless somebody cancelled it meanwhile."""
    mine = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, cancel_requested_at=None)
    waits = {"state": RunState.WAITING, "not_before": now + ASK_AGAIN_AFTER}
    if not mine.update(**waits, error=one_line(reason, limit=LONGEST_ERROR), **facts):
        end_run(run, RunState.CANCELLED, now=now, **facts)
