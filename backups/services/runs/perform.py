"""Do one run from its start to its end, whatever happens between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from backups.models import Lease, Run, RunKind, RunState
from backups.services.leases import LeaseHeld, hold
from backups.services.runs.ending import end_run, let_wait
from backups.services.runs.jobs import (
    Outcome,
    RunFailed,
    RunStopped,
    RunWaits,
    Server,
    Told,
    Work,
)
from backups.services.runs.registry import KINDS
from backups.services.runs.room import NoRoom, check_room
from backups.services.runs.watch import Stop, Watch

LEASE = timedelta(minutes=15)  # renewed with each heartbeat


def _in_silence(told: Told) -> None:
    pass


def lease_name(run: Run) -> str:
    return f"{run.kind} of {run.device.device_id}"


def perform(
    run_id: int,
    *,
    clock: Callable[[], datetime],
    slots: int | None = None,
    show: Callable[[Told], None] = _in_silence,
    server: Server | None = None,
) -> Run | None:
    """Do this run if it is due, nobody does it, and fewer than `slots` runs are at work.

    Returns it as it ended; None where nothing was done, as when it is asked for twice.
    """
    run = Run.objects.select_related("device", "requested_by").filter(pk=run_id).first()
    if run is None:
        return None
    with suppress(LeaseHeld), hold(lease_name(run), duration=LEASE, now=clock()) as renew:
        if not _start(run, slots=slots, now=clock()):
            return None
        run.refresh_from_db(fields=["state", "started_at", "log"])
        watch = Watch(run, fills=_fills(run), clock=clock, renew=renew, show=show)
        _work(run, watch, clock=clock, server=server or Server())
        run.refresh_from_db()
        return run
    return None


def _start(run: Run, *, slots: int | None, now: datetime) -> bool:
    """Make it a running one. The lock makes counting and starting one step for all workers."""
    lock, _ = Lease.objects.get_or_create(name="start of a run", defaults={"expires_at": now})
    with transaction.atomic():
        Lease.objects.select_for_update().get(pk=lock.pk)
        if slots is not None and Run.objects.filter(state=RunState.RUNNING).count() >= slots:
            return False
        due = Run.objects.filter(
            pk=run.pk, state__in=(RunState.QUEUED, RunState.WAITING), not_before__lte=now
        )
        started = {"state": RunState.RUNNING, "started_at": now, "heartbeat_at": now}
        return bool(due.update(**started, error=""))


def _work(run: Run, watch: Watch, *, clock: Callable[[], datetime], server: Server) -> None:
    kind = KINDS[RunKind(run.kind)]
    work = Work(device=run.device, watch=watch, now=clock(), clock=clock, server=server)
    with _never_left_running(run, watch, clock=clock):
        try:
            check_room(_fills(run))
            outcome = kind.job(work)
        except RunWaits as waits:
            watch.note(str(waits))
            let_wait(run, now=clock(), reason=str(waits), log=watch.log)
        except RunStopped:
            _end_stopped(run, watch, now=clock())
        except NoRoom as full:
            _fail(run, watch, str(full), now=clock(), retry=True)
        except RunFailed as failed:
            _fail(run, watch, str(failed), now=clock(), retry=failed.retry)
        else:
            _end_done(run, watch, outcome, now=clock())


def _fills(run: Run) -> Path | None:
    fills = KINDS[RunKind(run.kind)].fills
    return fills() if fills else None


@contextmanager
def _never_left_running(run: Run, watch: Watch, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """What nobody foresaw ends the run too, and goes on to whoever logs it."""
    try:
        yield
    except BaseException as error:
        words = f"it broke off: {type(error).__name__}: {error}"
        _fail(run, watch, words, now=clock(), retry=True)
        raise


def _end_done(run: Run, watch: Watch, outcome: Outcome, *, now: datetime) -> None:
    watch.note(outcome.summary)
    facts: dict[str, Any] = {"numbers": outcome.numbers, "path": outcome.path}
    if outcome.problem:
        _fail(run, watch, outcome.problem, now=now, retry=outcome.retry, **facts)
    else:
        end_run(run, RunState.SUCCEEDED, now=now, log=watch.log, **facts)


def _end_stopped(run: Run, watch: Watch, *, now: datetime) -> None:
    if watch.stop is Stop.CANCELLED:
        watch.note("cancelled")
        end_run(run, RunState.CANCELLED, now=now, log=watch.log)
    else:
        _fail(run, watch, watch.reason or "it was stopped", now=now, retry=True)


def _fail(run: Run, watch: Watch, error: str, *, now: datetime, retry: bool, **facts: Any) -> None:
    watch.note(error)
    end_run(run, RunState.FAILED, now=now, error=error, retry=retry, log=watch.log, **facts)
