"""What a mirror and a pull of results count and prove."""

import re

import msgspec

from backups.engine.byte_sizes import human_size
from backups.services.runs.jobs import RunReport, Sheet


class MirroredTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table in the rows that were compared after the copy."""

    table: str = ""
    equal: bool = False
    rows_here: int = 0
    rows_there: int = 0
    max_key_here: int | None = None
    max_key_there: int | None = None
    windows: int = 0
    windows_total: int = 0

    @property
    def row(self) -> tuple[str, ...]:
        return (
            self.table,
            "equal" if self.equal else "differs",
            f"{self.rows_here:,}, {self.rows_there:,}",
            ", ".join("-" if key is None else str(key) for key in self._keys),
            f"{self.windows:,} of {self.windows_total:,}",
        )

    @property
    def _keys(self) -> tuple[int | None, int | None]:
        return self.max_key_here, self.max_key_there


class MirrorRemark(msgspec.Struct, frozen=True, kw_only=True):
    kind: str = ""
    table: str = ""
    text: str = ""


class MirrorReport(RunReport, frozen=True, kw_only=True):
    """`kept`: names of the files with what the device no longer has."""

    complete: bool = False
    is_first: bool = False
    changed: bool = False
    rows_added: int = 0
    rows_replaced: int = 0
    rows_removed: int = 0
    duplicates_removed: int = 0
    tables: tuple[MirroredTable, ...] = ()
    findings: tuple[MirrorRemark, ...] = ()
    kept: tuple[str, ...] = ()
    backup_filename: str = ""
    size_bytes: int = 0
    proved_whole: bool = False
    seconds: float = 0.0
    turn: int = 0

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        in_order = sorted(self.tables, key=_naturally)
        return (
            Sheet(
                title="What was met",
                columns=("What", "Table", "In words"),
                rows=tuple((met.kind, met.table, met.text) for met in self.findings),
            ),
            Sheet(
                title="Tables, compared after the copy",
                columns=(
                    "Table", "Compared", "Rows compared here, there", "Highest key here, there",
                    "Share compared",
                ),
                rows=tuple(table.row for table in in_order),
            ),
        )  # fmt: skip


def _naturally(table: MirroredTable) -> list[tuple[str, int]]:
    """ROI_2 before ROI_10."""
    return [(word, int(part or 0)) for word, part in re.findall(r"(\D*)(\d*)", table.table)]


class DatabaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one database; without a method nothing was copied or compared."""

    filename: str = ""
    note: str = ""
    method: str | None = None
    changed: bool = False
    size_bytes: int | None = None
    wire_bytes: int | None = None
    kept: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def row(self) -> tuple[str, ...]:
        copied = self.method if self.changed else "nothing new" if self.method else ""
        kept = (f"the copy before is kept as {name}" for name in self.kept)
        sizes = (
            human_size(n) if n is not None else "-" for n in (self.size_bytes, self.wire_bytes)
        )
        return (
            self.filename,
            copied or "-",
            *sizes,
            "; ".join(filter(None, [self.note, *self.remarks, *kept])),
        )


class ResultsReport(RunReport, frozen=True, kw_only=True):
    """`settled`: databases known to be whole, which were not looked at."""

    databases: tuple[DatabaseReport, ...] = ()
    settled: int = 0

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="Databases",
                columns=("Database", "Copied", "Size", "Over the wire", "Note"),
                rows=tuple(database.row for database in self.databases),
            ),
        )
