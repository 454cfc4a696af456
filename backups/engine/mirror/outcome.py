"""What a mirror is asked to do, and hands back."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorOptions:
    """`turn` picks the share of the older rows that this run proves again; None: the next after the
    last run. Any `prove_within` turns in a row prove them all, so 1 proves all in one run.

    Only of exactly the file that the last whole proof left is a share enough. `whole`: hold all of
    it against the device in any case, for somebody doubts it.
    """

    turn: int | None = None
    prove_within: int = 288
    whole: bool = False
    busy_seconds: float = 30.0


class FindingKind(StrEnum):
    """What was met and dealt with. Those in `INCOMPLETE` leave the copy short of the source."""

    RESTARTED = "restarted"  # another run in the database: old copy kept aside
    CORRUPT_COPY = "corrupt copy"  # kept aside, copied anew
    ADOPTED = "adopted"  # a copy of somebody else's; held against the device whole
    NOT_AS_LEFT = "not as left"  # written since the last whole proof; held whole again
    MIGRATED = "migrated"  # an old copy without keys was given them
    COLUMNS_CHANGED = "columns changed"
    ROWS_CHANGED = "rows changed"
    ROWS_REMOVED = "rows removed"  # on the device; kept beside the copy
    ROWS_MISSING = "rows missing"  # holes in the copy, now filled
    TABLE_GONE = "table gone"  # no longer on the device; the copy keeps it
    NO_SNAPSHOT = "no snapshot"  # the table's engine has no transactions
    OTHER_NAME = "other name"  # the database says that its backup has another file name
    VIEW = "view"  # it has no rows of its own
    TABLE_DENIED = "table denied"
    TABLE_BROKEN = "table broken"  # the server cannot read it
    HISTORY = "history"  # former rows of a versioned table, which are not copied
    NOT_COPIED = "not copied"
    DIFFERS = "differs"  # the comparison after the run


INCOMPLETE = frozenset(
    {
        FindingKind.TABLE_DENIED,
        FindingKind.TABLE_BROKEN,
        FindingKind.HISTORY,
        FindingKind.NOT_COPIED,
        FindingKind.DIFFERS,
    }
)


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
    """What one run did and proved. `kept` are files with what the device no longer has.

    `proved_whole`: every row of every table that could be read was compared in this run, or lies
    in exactly the file that a whole proof left, and all that is new was compared. `fingerprint`
    is of the file that this holds for.
    """

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
    proved_whole: bool
    fingerprint: str

    @property
    def compared_whole(self) -> bool:
        """All of every table was compared in this run, whatever an earlier one has shown."""
        return all(table.windows == table.windows_total for table in self.tables)

    @property
    def complete(self) -> bool:
        """Every table of the database is here, and proven to be equal."""
        return self.proved_whole and not any(
            finding.kind in INCOMPLETE for finding in self.findings
        )
