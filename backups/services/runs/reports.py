"""What each kind of run counts and proves, stored as JSON and shown by pages and commands."""

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


class VideosReport(RunReport, frozen=True, kw_only=True):
    """`file_count` is that of the device; None: it was not compared. Names are cut to 20."""

    file_count: int | None = None
    files_added: int = 0
    files_grown: int = 0
    repaired: tuple[str, ...] = ()
    wire_bytes: int = 0
    newer_count: int = 0
    newer: tuple[str, ...] = ()
    left_count: int = 0
    left: tuple[str, ...] = ()
    quarantined: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="Files",
                columns=("Files on the device", "Added", "Grown", "Newer", "Did not come"),
                rows=(self._counts,) if self.file_count is not None else (),
            ),
            Sheet(
                title="What was not here as it is there",
                columns=("What", "File", "Why"),
                rows=self._not_here,
            ),
        )

    @property
    def _counts(self) -> tuple[str, ...]:
        counted = (self.file_count or 0, self.files_added, self.files_grown, self.newer_count)
        return tuple(f"{count:,}" for count in (*counted, self.left_count))

    @property
    def _not_here(self) -> tuple[tuple[str, ...], ...]:
        return (
            *(("quarantined", *one) for one in self.quarantined),
            *(("never copied", *one) for one in self.refused),
            *(("did not come", name, "") for name in self.left),
            *(("not followed", name, "a link, or no file") for name in self.skipped),
            *(
                ("repaired", name, "ours was damaged; the device's took its place")
                for name in self.repaired
            ),
            *(("newer", name, "came or grew during this pull") for name in self.newer),
        )


class VerifyReport(RunReport, frozen=True, kw_only=True):
    """Databases that are not whole, by their path, and videos: what is wrong with each."""

    copies: int = 0
    corrupt: dict[str, str] = {}
    empty: dict[str, str] = {}
    busy: dict[str, str] = {}
    chunk_count: int = 0
    empty_chunks: int = 0
    scan_errors: tuple[str, ...] = ()
    videos_read: int = 0
    video_bytes_read: int = 0
    videos_left: int = 0
    damaged_videos: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        wrong = {"corrupt": self.corrupt, "empty": self.empty, "could not be read": self.busy}
        rows = [(what, *one) for what, found in wrong.items() for one in found.items()]
        rows += [("damaged", *_halves(sentence)) for sentence in self.damaged_videos]
        return (
            Sheet(
                title="What is not whole",
                columns=("What", "File", "Why"),
                rows=tuple(rows),
            ),
        )


class ListingReport(RunReport, frozen=True, kw_only=True):
    """What a card holds. `databases`: [path, what is told of it, why nothing is]."""

    file_count: int | None = None
    folder_count: int = 0
    size_bytes: int = 0
    free_bytes: int = 0
    new_experiments: int = 0
    databases: tuple[tuple[str, str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    health: tuple[tuple[str, str], ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="On the card",
                columns=("Files", "Folders", "Size", "Free", "Experiments new to us"),
                rows=(self._counts,) if self.file_count is not None else (),
            ),
            Sheet(title="Databases", columns=("File", "Rows", "Note"), rows=self.databases),
            Sheet(title="What could not be read", columns=("Path", "Why"), rows=self.unread),
            Sheet(title="The device", columns=("What", "Told"), rows=self.health),
        )

    @property
    def _counts(self) -> tuple[str, ...]:
        counts = (f"{self.file_count or 0:,}", f"{self.folder_count:,}")
        sizes = (human_size(self.size_bytes), human_size(self.free_bytes))
        return (*counts, *sizes, f"{self.new_experiments:,}")


def _halves(sentence: str) -> tuple[str, str]:
    file, _, why = sentence.rpartition(": ")
    return file, why
