"""What a run did, and what it hands back for it."""

from dataclasses import dataclass
from pathlib import Path

from backups.engine.mirror import remarks
from backups.engine.mirror.apply import Change
from backups.engine.mirror.migrate import Migration
from backups.engine.mirror.outcome import Finding, MirrorResult, TableComparison
from backups.engine.mirror.plan import Plan
from backups.engine.mirror.proof import differences
from backups.engine.mirror.survey import Survey

NOT_MIGRATED = Migration()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of the copy, before it is proven."""

    there: Survey
    plan: Plan
    is_first: bool
    rows_built: int = 0
    changes: tuple[Change, ...] = ()
    migration: Migration = NOT_MIGRATED
    findings: tuple[Finding, ...] = ()
    kept: tuple[Path, ...] = ()


def result_of(
    done: Done,
    tables: tuple[TableComparison, ...],
    *,
    destination: Path,
    turn: int,
    seconds: float,
) -> MirrorResult:
    changed = done.is_first or bool(done.changes) or bool(done.migration.tables)
    return MirrorResult(
        destination=destination,
        is_first=done.is_first,
        changed=changed,
        rows_added=done.rows_built + sum(change.added for change in done.changes),
        rows_replaced=sum(change.replaced for change in done.changes),
        rows_removed=sum(change.removed for change in done.changes),
        duplicates_removed=done.migration.duplicates
        + sum(change.duplicates for change in done.changes),
        tables=tables,
        findings=(
            *done.findings,
            *remarks.of_migration(done.migration),
            *(finding for change in done.changes for finding in change.findings),
            *remarks.of_source(done.there, done.plan, destination),
            *differences(tables),
        ),
        kept=done.kept,
        backup_filename=done.there.backup_filename,
        size_bytes=destination.stat().st_size,
        seconds=seconds,
        turn=turn,
    )
