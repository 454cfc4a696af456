"""Do a run from its start to its end, whatever happens; and end those whose worker died."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.db import OperationalError, transaction
from django.db.models import Max, QuerySet

from backups.models import OPEN_STATES, Lease, Run, RunState
from backups.services.leases import LeaseHeld, has_ended, hold, is_held
from backups.services.runs.disks import NoRoom, check_room, refuse_mounted_card
from backups.services.runs.jobs import (
    OtherServer,
    Outcome,
    RunFailed,
    RunProgress,
    RunStopped,
    RunWaits,
    Work,
)
from backups.services.runs.kinds import kind_of
from backups.services.runs.places import PARTS, check_place, done_at, may_begin
from backups.services.runs.planning import budget_of
from backups.services.runs.requests import due_by, end_run, let_wait
from backups.services.runs.watch import BEAT, RunWatch, WhyStopped
from backups.services.steps import delete_rows
from devices.models import Device

LEASE = timedelta(minutes=15)  # renewed with each heartbeat
SILENT_AFTER = timedelta(minutes=10)
SOME_BEATS = 2.5 * BEAT
KEPT_FOR = timedelta(days=30)
ITS_PARTS = (*PARTS, "requested_by")
DIED = "its worker died"
TOLD_TO_END = "its worker was told to end"


def _in_silence(progress: RunProgress) -> None:
    pass


def lease_name(run: Run) -> str:
    return f"{run.kind} of {run.device.device_id}"


def perform(
    run_id: int,
    *,
    clock: Callable[[], datetime],
    slots: int | None = None,
    show: Callable[[RunProgress], None] = _in_silence,
    server: OtherServer | None = None,
) -> Run | None:
    """Do this run if it is due, nobody does it, and fewer than `slots` runs are at work, or it is
    brief.

    Returns it as it ended; None where nothing was done, as when it is asked for twice.
    """
    run = Run.objects.select_related(*ITS_PARTS).filter(due_by(clock()), pk=run_id).first()
    if run is None:  # nor is the lease touched of whoever is at work on it
        return None
    with suppress(LeaseHeld), hold(lease_name(run), duration=LEASE, now=clock()) as renew:
        if not _start(run, slots=None if kind_of(run).brief else slots, now=clock()):
            return None
        run.refresh_from_db(fields=["state", "started_at", "log"])
        watch = RunWatch(run, fills=kind_of(run).folder, clock=clock, renew=renew, show=show)
        _work(run, watch, clock=clock, server=server or OtherServer())
        run.refresh_from_db()
        return run
    return None


def _start(run: Run, *, slots: int | None, now: datetime) -> bool:
    """Make it a running one. The lock makes counting and starting one step for all workers."""
    lock, _ = Lease.objects.get_or_create(name="start of a run", defaults={"expires_at": now})
    with transaction.atomic():
        Lease.objects.select_for_update().get(pk=lock.pk)
        running = Run.objects.filter(state=RunState.RUNNING)
        if slots is not None and running.filter(done_at(run.place)).count() >= slots:
            return False
        if not may_begin(run, running.filter(device=run.device)):
            return False
        due = Run.objects.filter(due_by(now), pk=run.pk)
        started = {"state": RunState.RUNNING, "started_at": now, "heartbeat_at": now}
        return bool(due.update(**started, error=""))


def _work(run: Run, watch: RunWatch, *, clock: Callable[[], datetime], server: OtherServer) -> None:
    now = clock()
    work = Work(
        device=run.device,
        watch=watch,
        now=now,
        clock=clock,
        server=server,
        budget=budget_of(run, now=now),
        asked_by=run.requested_by.get_username() if run.requested_by else "",
    )
    kind = kind_of(run)
    with _NeverLeftRunning(run, watch, clock):
        try:
            check_place(run)
            _check_folder(kind.folder, run.device)
            outcome = kind.job(work)
        except RunWaits as waits:
            watch.note(str(waits))
            let_wait(run, now=clock(), reason=str(waits), log=watch.log)
        except RunStopped:
            _end_stopped(run, watch, now=clock())
        except NoRoom as full:
            _fail(run, watch, str(full), now=clock(), retry=True, failure=NoRoom.__name__)
        except RunFailed as failed:
            name = failed.failure
            _fail(run, watch, str(failed), now=clock(), retry=failed.retry, failure=name)
        else:
            _end_done(run, watch, outcome, now=clock())


def _check_folder(folder: Path | None, device: Device) -> None:
    """Whether what a run brings may go there. Raises NoRoom, RunFailed."""
    check_room(folder)
    if folder is not None:
        refuse_mounted_card(device)


@dataclass(frozen=True, slots=True)
class _NeverLeftRunning:
    """What nobody foresaw ends the run too, and goes on to whoever logs it."""

    run: Run
    watch: RunWatch
    clock: Callable[[], datetime]

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        if kind is not None:
            words = _why_broken(kind, error)
            _fail(self.run, self.watch, words, now=self.clock(), retry=True)


def _why_broken(kind: type[BaseException], error: object) -> str:
    """What is no fault of ours is not called one."""
    if issubclass(kind, SystemExit):  # as a pool ends a child that it stops
        return TOLD_TO_END
    if issubclass(kind, OperationalError):
        return f"ethonode's own database failed: {error}"
    return f"it broke off: {kind.__name__}: {error}"


def _end_done(run: Run, watch: RunWatch, outcome: Outcome, *, now: datetime) -> None:
    watch.note(outcome.summary)
    facts: dict[str, Any] = {"numbers": msgspec.to_builtins(outcome.report), "path": outcome.path}
    if outcome.problem:
        _fail(run, watch, outcome.problem, now=now, retry=outcome.retry, **facts)
    else:
        end_run(run, RunState.SUCCEEDED, now=now, log=watch.log, **facts)


def _end_stopped(run: Run, watch: RunWatch, *, now: datetime) -> None:
    if watch.stop is WhyStopped.CANCELLED:
        watch.note("cancelled")
        end_run(run, RunState.CANCELLED, now=now, log=watch.log)
    else:
        _fail(run, watch, watch.reason or "it was stopped", now=now, retry=True)


def _fail(
    run: Run, watch: RunWatch, error: str, *, now: datetime, retry: bool, **facts: Any
) -> None:
    watch.note(error)
    end_run(run, RunState.FAILED, now=now, error=error, retry=retry, log=watch.log, **facts)


def reap_gone(*, now: datetime) -> int:
    """End each run whose worker is known to be gone, by no clock. Returns how many there were."""
    return sum(_reap(run, now=now) for run in _running() if has_ended(lease_name(run)))


def reap_runs(*, now: datetime, wait: Callable[[float], None] = time.sleep) -> int:
    """End each run that nobody works on any more. Returns how many there were.

    Who beats lives: of two hosts' clocks one may be wrong, and one clock may just have been set.
    """
    gone = reap_gone(now=now)
    silent = {run.pk: run.heartbeat_at for run in _running() if _is_silent(run, now=now)}
    if not silent:
        return gone
    wait(SOME_BEATS.total_seconds())
    still = _running().filter(pk__in=silent)
    return gone + sum(_reap(run, now=now) for run in still if run.heartbeat_at == silent[run.pk])


def _running() -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.RUNNING).select_related(*ITS_PARTS)


def _is_silent(run: Run, *, now: datetime) -> bool:
    heard_at = run.heartbeat_at or run.queued_at
    return now - heard_at >= SILENT_AFTER or not is_held(lease_name(run), now=now)


def _reap(run: Run, *, now: datetime) -> bool:
    if run.cancel_requested_at is not None:
        return end_run(run, RunState.CANCELLED, now=now, error=DIED)
    return end_run(run, RunState.FAILED, now=now, error=DIED, retry=True)


def forget_old_runs(*, now: datetime) -> int:
    """Delete what ended long ago, but for the newest of each device and kind."""
    groups = Run.objects.order_by().values("device", "kind")
    newest = list(groups.annotate(newest=Max("pk")).values_list("newest", flat=True))
    old = Run.objects.filter(queued_at__lt=now - KEPT_FOR).exclude(state__in=OPEN_STATES)
    return delete_rows(old.exclude(pk__in=newest))
