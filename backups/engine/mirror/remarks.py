"""What is worth saying of a source, besides its rows."""

from collections.abc import Iterator
from pathlib import Path

from backups.engine.mirror.catalogue import Schema
from backups.engine.mirror.migrate import Migration
from backups.engine.mirror.outcome import Finding, FindingKind
from backups.engine.mirror.plan import Plan
from backups.engine.mirror.survey import Survey

_WITH_SNAPSHOTS = frozenset({"innodb", "rocksdb"})


def of_migration(migration: Migration) -> Iterator[Finding]:
    if migration.tables:
        text = (
            f"{len(migration.tables)} tables of an old copy were given their keys; "
            f"{migration.duplicates} duplicates removed, {migration.conflicts} rows kept beside"
        )
        yield Finding(FindingKind.MIGRATED, "", text)


def of_source(there: Survey, plan: Plan, destination: Path) -> Iterator[Finding]:
    yield from _not_copied(there.schema)
    for name in plan.gone:
        yield Finding(FindingKind.TABLE_GONE, name, "no longer on the device; the copy keeps it")
    for table in there.schema.tables:
        if table.engine.lower() not in _WITH_SNAPSHOTS:
            text = f"its engine {table.engine} has no snapshots: copied as it was when read"
            yield Finding(FindingKind.NO_SNAPSHOT, table.name, text)
    if there.backup_filename and there.backup_filename != destination.name:
        text = f"the database names its own backup {there.backup_filename[:200]}"
        yield Finding(FindingKind.OTHER_NAME, "", text)


def _not_copied(schema: Schema) -> Iterator[Finding]:
    for name in schema.denied:
        yield Finding(FindingKind.TABLE_DENIED, name, "the account may not read it")
    if schema.partial_rights:
        text = "the account may read single tables only; others may exist that it cannot see"
        yield Finding(FindingKind.TABLE_DENIED, "", text)
    for name in schema.unnameable:
        yield Finding(FindingKind.NOT_COPIED, name, "SQLite cannot hold a table of this name")
