"""What a run did, and what it hands back for it, with what is worth saying of the source."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backups.engine.mirror.apply import Change
from backups.engine.mirror.catalogue import Schema
from backups.engine.mirror.migrate import Migration
from backups.engine.mirror.outcome import Finding, FindingKind, MirrorResult, TableComparison
from backups.engine.mirror.plan import Plan
from backups.engine.mirror.proof import differences
from backups.engine.mirror.survey import Survey

NOT_MIGRATED = Migration()
_WITH_SNAPSHOTS = frozenset({"innodb", "rocksdb"})


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
    left: str = ""  # the fingerprint of the file when the work was done


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
            *_of_migration(done.migration),
            *(finding for change in done.changes for finding in change.findings),
            *_of_source(done.there, done.plan, destination),
            *differences(tables),
        ),
        kept=done.kept,
        backup_filename=done.there.backup_filename,
        size_bytes=destination.stat().st_size,
        seconds=seconds,
        turn=turn,
        proved_whole=all(table.table in proved_tables(done, tables) for table in tables),
        fingerprint=done.left,
    )


def proved_tables(done: Done, tables: tuple[TableComparison, ...]) -> frozenset[str]:
    """Those that the copy holds whole, with what an earlier proof says of what was not compared."""
    believed = done.plan.believed
    whole = {t.table for t in tables if t.windows == t.windows_total or t.table in believed}
    return frozenset(whole | believed) - {t.table for t in tables if not t.equal}


def _of_migration(migration: Migration) -> Iterator[Finding]:
    if migration.tables:
        text = (
            f"{len(migration.tables)} tables of an old copy were given their keys; "
            f"{migration.duplicates} duplicates removed, {migration.conflicts} rows kept beside"
        )
        yield Finding(FindingKind.MIGRATED, "", text)


def _of_source(there: Survey, plan: Plan, destination: Path) -> Iterator[Finding]:
    yield from _not_copied(there.schema)
    yield from _not_read(there, plan)
    for name in plan.gone:
        yield Finding(FindingKind.TABLE_GONE, name, "no longer on the device; the copy keeps it")
    for table in there.readable:
        if table.engine.lower() not in _WITH_SNAPSHOTS:
            text = f"its engine {table.engine} has no snapshots: copied as it was when read"
            yield Finding(FindingKind.NO_SNAPSHOT, table.name, text)
    if there.backup_filename and there.backup_filename != destination.name:
        text = f"the database names its own backup {there.backup_filename[:200]}"
        yield Finding(FindingKind.OTHER_NAME, "", text)


def _not_read(there: Survey, plan: Plan) -> Iterator[Finding]:
    for name, reason in sorted(plan.broken.items()):
        yield Finding(FindingKind.TABLE_BROKEN, name, f"the server cannot read it: {reason}")
    for name, rows in there.former_rows.items():
        if rows:
            text = f"the server keeps {rows} former rows of it, which are not copied"
            yield Finding(FindingKind.HISTORY, name, text)


def _not_copied(schema: Schema) -> Iterator[Finding]:
    for name in schema.denied:
        yield Finding(FindingKind.TABLE_DENIED, name, "the account may not read it")
    if schema.partial_rights:
        text = "the account may read single tables only; others may exist that it cannot see"
        yield Finding(FindingKind.TABLE_DENIED, "", text)
    for name in schema.unnameable:
        yield Finding(FindingKind.NOT_COPIED, name, "SQLite cannot hold a table of this name")
    for name in schema.unknown:
        yield Finding(FindingKind.NOT_COPIED, name, "it is of a type that is not known here")
    for name in schema.views:
        yield Finding(FindingKind.VIEW, name, "a view has no rows of its own; it is not copied")
