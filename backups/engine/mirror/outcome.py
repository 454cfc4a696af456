"""What a mirror is asked to do, and hands back."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorOptions:
    """`turn` picks the share of the older rows that this run proves; None: the next after the last
    run. Any `prove_within` turns in a row prove them all, so 1 proves all in one run."""

    turn: int | None = None
    prove_within: int = 288
    busy_seconds: float = 30.0


class FindingKind(StrEnum):
    """What was met and dealt with. Those in `INCOMPLETE` leave the copy short of the source."""

    RESTARTED = "restarted"  # another run in the database: old copy kept aside
    CORRUPT_COPY = "corrupt copy"  # kept aside, copied anew
    MIGRATED = "migrated"  # an old copy without keys was given them
    COLUMNS_CHANGED = "columns changed"
    ROWS_CHANGED = "rows changed"
    ROWS_REMOVED = "rows removed"  # on the device; kept beside the copy
    ROWS_MISSING = "rows missing"  # holes in the copy, now filled
    TABLE_GONE = "table gone"  # no longer on the device; the copy keeps it
    NO_SNAPSHOT = "no snapshot"  # the table's engine has no transactions
    OTHER_NAME = "other name"  # the database says that its backup has another file name
    TABLE_DENIED = "table denied"
    NOT_COPIED = "not copied"
    DIFFERS = "differs"  # the comparison after the run


INCOMPLETE = frozenset({FindingKind.TABLE_DENIED, FindingKind.NOT_COPIED, FindingKind.DIFFERS})


@dataclass(frozen=True, slots=True)
class Finding:
    kind: FindingKind
    table: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableComparison:
    """One table, here against there, in the rows that this run compared after its work.

    `rows_*` count rows within the compared windows only; with `windows == windows_total` that is
    the whole table. A table without a rising key is always compared whole, as one window.
    """

    table: str
    max_key_here: int | None
    max_key_there: int | None
    rows_here: int
    rows_there: int
    windows: int
    windows_total: int
    equal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorResult:
    """What one run did and proved. `kept` are files with what the device no longer has."""

    destination: Path
    is_first: bool
    changed: bool
    rows_added: int
    rows_replaced: int
    rows_removed: int
    duplicates_removed: int
    tables: tuple[TableComparison, ...]
    findings: tuple[Finding, ...]
    kept: tuple[Path, ...]
    backup_filename: str  # as the database itself names its backup; empty: it does not
    size_bytes: int
    seconds: float
    turn: int

    @property
    def complete(self) -> bool:
        """Every table is here, and all that was compared is equal."""
        return not any(finding.kind in INCOMPLETE for finding in self.findings) and all(
            table.equal for table in self.tables
        )
