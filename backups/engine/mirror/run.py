"""One mirror from beginning to end: compare with a snapshot, copy what is new, save, prove."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from backups.engine.copies.errors import LocalCorrupt
from backups.engine.copies.opening import (
    COMMIT_CACHE,
    data_version,
    scratch,
    use_rollback_journal,
    writing,
)
from backups.engine.copies.place import (
    Place,
    held,
    put_in_place,
    remember_turn,
    remembered_turn,
    set_aside,
)
from backups.engine.mirror.activity import TABLE as ACTIVITY
from backups.engine.mirror.activity import write_activity
from backups.engine.mirror.apply import STAGE, apply, changes_of
from backups.engine.mirror.copy import copy_spans, copy_table
from backups.engine.mirror.database import create_table
from backups.engine.mirror.done import NOT_MIGRATED, Done, result_of
from backups.engine.mirror.kept import attached
from backups.engine.mirror.migrate import Migration, add_keys, lacking
from backups.engine.mirror.outcome import (
    Finding,
    FindingKind,
    MirrorOptions,
    MirrorResult,
    TableComparison,
)
from backups.engine.mirror.plan import Action, Plan, Turn, first_plan, plan_changes
from backups.engine.mirror.proof import compare
from backups.engine.mirror.reporting import Reporter
from backups.engine.mirror.source import Snapshot, Source
from backups.engine.mirror.survey import Survey, survey
from backups.engine.mirror.windows import Window
from backups.engine.progress import Phase, Progress

_DEFAULTS = MirrorOptions()


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    source: Source
    place: Place
    reporter: Reporter
    now: datetime
    options: MirrorOptions
    turn: Turn


def mirror(
    source: Source,
    destination: Path,
    *,
    progress: Callable[[Progress], None],
    now: datetime,
    cancelled: Callable[[], bool] = _never,
    options: MirrorOptions = _DEFAULTS,
) -> MirrorResult:
    """Make the SQLite file at `destination` equal to the source as it is at one moment.

    Readers of the file see it as it was before or as it is after, never between; so does a crash.
    Raises a BackupError by name when it cannot: the copy then is as it was.
    """
    started = time.monotonic()
    with held(destination) as place:
        number = remembered_turn(place) + 1 if options.turn is None else options.turn
        job = _Job(
            source=source,
            place=place,
            reporter=Reporter(progress, cancelled),
            now=now,
            options=options,
            turn=Turn(number=number, within=max(1, options.prove_within)),
        )
        done = _work(job)
        tables = _prove(job, done)
        remember_turn(place, number)
        return result_of(
            done,
            tables,
            destination=destination,
            turn=number,
            seconds=time.monotonic() - started,
        )


def _work(job: _Job) -> Done:
    if job.place.is_empty:
        return _first(job)
    try:
        return _update(job)
    except LocalCorrupt as error:
        aside = set_aside(job.place, "corrupt", now=job.now)
        text = f"the copy could not be read ({error}); it is kept as {aside.name}"
        done = _first(job)
        finding = Finding(FindingKind.CORRUPT_COPY, "", text)
        return replace(done, findings=(finding, *done.findings), kept=(aside, *done.kept))


def _first(job: _Job) -> Done:
    job.reporter.phase(Phase.CONNECTING)
    with job.source.snapshot(job.reporter.is_cancelled) as snapshot:
        there = survey(snapshot, job.source.database)
        done = _build(job, snapshot, there)
    put_in_place(job.place)
    return done


def _build(job: _Job, snapshot: Snapshot, there: Survey) -> Done:
    """A whole new copy, beside the final name."""
    plan = first_plan(snapshot, there, job.turn)
    with scratch(job.place.fresh) as fresh:
        rows = _fetch(job, snapshot, fresh, plan)
    job.reporter.phase(Phase.SAVING)
    return Done(there=there, plan=plan, is_first=True, rows_built=rows)


def _fetch(job: _Job, snapshot: Snapshot, target: sqlite3.Connection, plan: Plan) -> int:
    """The rows that the plan asks for; all numbered tables share their questions."""
    wanted = [table for table in plan.tables if table.action is not Action.KEEP]
    for table in wanted:
        create_table(target, table.table)
    windows = [Window(table.table, span) for table in wanted for span in table.spans]
    job.reporter.expect(windows)
    rows = copy_spans(snapshot, target, windows, tick=job.reporter.tick)
    for table in wanted:
        if table.table.rising_key is None:
            rows += copy_table(snapshot, target, table.table, tick=job.reporter.tick)
    return rows


def _update(job: _Job) -> Done:
    job.reporter.phase(Phase.CONNECTING)
    with job.source.snapshot(job.reporter.is_cancelled) as snapshot:
        there = survey(snapshot, job.source.database)
        migration = _migrate(job, there)
        job.reporter.phase(Phase.COMPARING)
        with writing(job.place.destination) as copy:
            use_rollback_journal(copy)
            version = data_version(copy)
            plan = plan_changes(snapshot, there, copy, job.turn)
            if plan.changes and not plan.restarted:
                with scratch(job.place.stage) as stage:
                    _fetch(job, snapshot, stage, plan)
                snapshot.close()
                done = _save(job, copy, plan, there, version=version)
                return replace(done, migration=migration)
        if not plan.restarted:
            return Done(there=there, plan=plan, is_first=False, migration=migration)
        done = _build(job, snapshot, there)
    return _begin_anew(job, done)


def _migrate(job: _Job, there: Survey) -> Migration:
    tables = {t.name: t.rising_key for t in there.schema.tables if t.rising_key is not None}
    with writing(job.place.destination) as copy:
        keys = lacking(copy, tables)
    return add_keys(job.place, keys, now=job.now) if keys else NOT_MIGRATED


def _save(job: _Job, copy: sqlite3.Connection, plan: Plan, there: Survey, *, version: int) -> Done:
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
            version=version,
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
    )


def _begin_anew(job: _Job, done: Done) -> Done:
    aside = set_aside(job.place, "replaced", now=job.now)
    put_in_place(job.place)
    text = f"the device began another run; the former copy is kept as {aside.name}"
    finding = Finding(FindingKind.RESTARTED, "", text)
    return replace(done, findings=(finding,), kept=(aside,))


def _prove(job: _Job, done: Done) -> tuple[TableComparison, ...]:
    job.reporter.phase(Phase.PROVING)
    touched = any(
        table.table.name == ACTIVITY and table.action is not Action.KEEP
        for table in done.plan.tables
    )
    with writing(job.place.destination, mode="ro") as copy:
        tables = compare(copy, done.plan)
        write_activity(copy, job.place.activity, compare_all=touched)
    return tables
