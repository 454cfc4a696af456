"""One mirror from beginning to end: compare with a snapshot, copy what is new, save, prove."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from backups.engine.copies.errors import LocalChanged, LocalCorrupt, file_errors
from backups.engine.copies.identity import fingerprint
from backups.engine.copies.integrity import damage
from backups.engine.copies.opening import (
    COMMIT_CACHE,
    never,
    scratch,
    use_rollback_journal,
    writing,
)
from backups.engine.copies.place import Place, held, put_in_place, set_aside
from backups.engine.mirror.activity import TABLE as ACTIVITY
from backups.engine.mirror.activity import write_activity
from backups.engine.mirror.apply import STAGE, apply, changes_of
from backups.engine.mirror.done import NOT_MIGRATED, Done, proved_tables, result_of
from backups.engine.mirror.fetch import fetch
from backups.engine.mirror.kept import attached
from backups.engine.mirror.memory import Memory, remember, remembered
from backups.engine.mirror.migrate import Migration, add_keys, lacking
from backups.engine.mirror.outcome import (
    Finding,
    FindingKind,
    MirrorOptions,
    MirrorResult,
    TableComparison,
)
from backups.engine.mirror.plan import Action, Plan, Scope, first_plan, plan_changes
from backups.engine.mirror.proof import compare
from backups.engine.mirror.reporting import Reporter
from backups.engine.mirror.source import Snapshot, Source
from backups.engine.mirror.survey import Survey, survey
from backups.engine.progress import Phase, Progress

_DEFAULTS = MirrorOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    source: Source
    place: Place
    reporter: Reporter
    now: datetime
    options: MirrorOptions
    memory: Memory
    turn: int


def mirror(
    source: Source,
    destination: Path,
    *,
    progress: Callable[[Progress], None],
    now: datetime,
    cancelled: Callable[[], bool] = never,
    options: MirrorOptions = _DEFAULTS,
) -> MirrorResult:
    """Make the SQLite file at `destination` equal to the source as it is at one moment.

    Readers of the file see it as it was before or as it is after, never between; so does a crash.
    Raises a BackupError by name when it cannot: the copy then is as it was.
    """
    started = time.monotonic()
    with held(destination) as place, file_errors(destination):
        memory = remembered(place)
        job = _Job(
            source=source,
            place=place,
            reporter=Reporter(progress, cancelled),
            now=now,
            options=options,
            memory=memory,
            turn=memory.turn + 1 if options.turn is None else options.turn,
        )
        done = _work(job)
        tables = _prove(job, done)
        remember(place, _memory_of(job, done, tables))
        seconds = time.monotonic() - started
        return result_of(done, tables, destination=destination, turn=job.turn, seconds=seconds)


def _work(job: _Job) -> Done:
    if job.place.is_empty:
        return _first(job)
    try:
        return _update(job)
    except LocalCorrupt as error:
        return _first(job, corrupt=str(error))


def _first(job: _Job, *, corrupt: str = "") -> Done:
    job.reporter.phase(Phase.CONNECTING)
    with job.source.snapshot(job.reporter.is_cancelled) as snapshot:
        done = _build(job, snapshot, survey(snapshot, job.source.database))
    if corrupt:
        return _instead(job, done, "corrupt", FindingKind.CORRUPT_COPY, f"it is damaged: {corrupt}")
    return replace(done, left=put_in_place(job.place))


def _build(job: _Job, snapshot: Snapshot, there: Survey) -> Done:
    """A whole new copy, beside the final name."""
    with scratch(job.place.fresh) as fresh:
        plan, rows = fetch(snapshot, fresh, first_plan(snapshot, there), job.reporter)
    job.reporter.phase(Phase.SAVING)
    return Done(there=there, plan=plan, is_first=True, rows_built=rows)


def _instead(job: _Job, done: Done, why: str, kind: FindingKind, text: str) -> Done:
    """The new copy takes the place of the present one, which is kept aside."""
    aside = set_aside(job.place, why, now=job.now)
    left = put_in_place(job.place)
    finding = Finding(kind, "", f"{text}; the former copy is kept as {aside.name}")
    return replace(done, findings=(finding,), kept=(aside,), left=left)


def _update(job: _Job) -> Done:
    job.reporter.phase(Phase.CONNECTING)
    with job.source.snapshot(job.reporter.is_cancelled) as snapshot:
        there = survey(snapshot, job.source.database)
        as_left = job.memory.fingerprint == fingerprint(job.place.destination)
        scope = _scope(job, there, as_left=as_left)
        migration = _migrate(job, there)
        job.reporter.phase(Phase.COMPARING)
        with writing(job.place.destination) as copy:
            seen = _seen(job, copy, scope)
            done = _compared(job, snapshot, there, copy, scope, seen=seen)
        if not done.plan.restarted:
            return replace(done, migration=migration, findings=_doubts(job, as_left=as_left))
        done = _build(job, snapshot, there)
    return _instead(job, done, "replaced", FindingKind.RESTARTED, "the device began another run")


def _scope(job: _Job, there: Survey, *, as_left: bool) -> Scope:
    """What an earlier run proved is believed of exactly the file, source and run that it saw."""
    memory = job.memory
    same_run = (memory.source, memory.started) == (job.source.address, there.started)
    believed = as_left and same_run and not job.options.whole
    return Scope(
        turn=job.turn,
        within=max(1, job.options.prove_within),
        believed=memory.tables if believed else frozenset(),
    )


def _seen(job: _Job, copy: sqlite3.Connection, scope: Scope) -> str:
    """The fingerprint of what will be compared. A copy that is not believed is read to its end."""
    use_rollback_journal(copy)
    seen = fingerprint(job.place.destination)
    if scope.believed and seen != job.memory.fingerprint:
        raise LocalChanged("another program wrote to the copy while it was opened")
    if not scope.believed and (wrong := damage(copy)):
        raise LocalCorrupt(wrong)
    return seen


def _doubts(job: _Job, *, as_left: bool) -> tuple[Finding, ...]:
    if as_left:
        return ()
    if job.memory.fingerprint:
        text = "it is not as the last run left it: held against the device whole"
        return (Finding(FindingKind.NOT_AS_LEFT, "", text),)
    text = "a copy that no mirror is known to have made: held against the device whole"
    return (Finding(FindingKind.ADOPTED, "", text),)


def _compared(
    job: _Job,
    snapshot: Snapshot,
    there: Survey,
    copy: sqlite3.Connection,
    scope: Scope,
    *,
    seen: str,
) -> Done:
    plan = plan_changes(snapshot, there, copy, scope)
    if plan.restarted or not plan.changes:
        return Done(there=there, plan=plan, is_first=False, left=seen)
    with scratch(job.place.stage) as stage:
        plan, _ = fetch(snapshot, stage, plan, job.reporter)
    snapshot.close()
    return _save(job, copy, plan, there, seen=seen)


def _migrate(job: _Job, there: Survey) -> Migration:
    tables = {t.name: t.rising_key for t in there.readable if t.rising_key is not None}
    with writing(job.place.destination) as copy:
        keys = lacking(copy, tables)
    return add_keys(job.place, keys, now=job.now) if keys else NOT_MIGRATED


def _save(job: _Job, copy: sqlite3.Connection, plan: Plan, there: Survey, *, seen: str) -> Done:
    job.reporter.phase(Phase.SAVING)
    with attached(copy, job.place.stage, STAGE):
        # Only read from: without this SQLite would commit to both files, and sync for both.
        copy.execute(f"PRAGMA {STAGE}.synchronous=OFF")
        copy.execute(COMMIT_CACHE)
        changes = changes_of(copy, plan)
        keeps = apply(
            copy,
            changes,
            job.place,
            seen=seen,
            now=job.now,
            busy_seconds=job.options.busy_seconds,
            cancelled=job.reporter.is_cancelled,
        )
    return Done(
        there=there,
        plan=plan,
        is_first=False,
        changes=tuple(changes),
        kept=(job.place.removed_rows,) if keeps else (),
        left=fingerprint(job.place.destination),
    )


def _prove(job: _Job, done: Done) -> tuple[TableComparison, ...]:
    """Raises LocalChanged if the file is not what was left: then this speaks of another."""
    job.reporter.phase(Phase.PROVING)
    touched = any(
        table.table.name == ACTIVITY and table.action is not Action.KEEP
        for table in done.plan.tables
    )
    with writing(job.place.destination, mode="ro") as copy:
        tables = compare(copy, done.plan)
        write_activity(copy, job.place.activity, compare_all=touched)
    if fingerprint(job.place.destination) != done.left:
        raise LocalChanged("another program wrote to the copy while it was compared")
    return tables


def _memory_of(job: _Job, done: Done, tables: tuple[TableComparison, ...]) -> Memory:
    return Memory(
        turn=job.turn,
        fingerprint=done.left,
        source=job.source.address,
        started=done.there.started,
        tables=proved_tables(done, tables),
    )
