"""The mirror: a device's MariaDB as one SQLite file, proven after each run."""

from backups.engine.mirror.mariadb import MariaDBSource, database_of_device, list_databases
from backups.engine.mirror.migrate import Migration, migrate_old_copy
from backups.engine.mirror.outcome import (
    Finding,
    FindingKind,
    MirrorOptions,
    MirrorResult,
    TableComparison,
)
from backups.engine.mirror.run import mirror
from backups.engine.mirror.source import Snapshot, Source
from backups.engine.progress import Phase, Progress

__all__ = [
    "Finding",
    "FindingKind",
    "MariaDBSource",
    "Migration",
    "MirrorOptions",
    "MirrorResult",
    "Phase",
    "Progress",
    "Snapshot",
    "Source",
    "TableComparison",
    "database_of_device",
    "list_databases",
    "migrate_old_copy",
    "mirror",
]
