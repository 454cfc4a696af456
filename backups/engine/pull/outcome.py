"""What a pull hands back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from backups.engine.copies import Inspection


class Method(StrEnum):
    """How a consistent copy was made."""

    AS_IS = "as is"  # nobody writes it, and it has no -wal
    SNAPSHOT = "snapshot"  # by sqlite3 on the device, in a temporary place there
    WITH_WAL = "with wal"  # both files, unchanged but for commits added to the -wal


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledDatabase:
    """A proven copy. `mark` is of the files on the device: the same mark, nothing new.

    `fingerprint` is of the file here that was proven: of no other that lies there later.
    """

    destination: Path
    method: Method
    changed: bool
    inspection: Inspection
    size_bytes: int
    wire_bytes: int  # through rsync, both ways
    literal_bytes: int  # of those, data of the database that was not here yet
    mark: str
    fingerprint: str
    kept: tuple[Path, ...]  # an older copy set aside
    remarks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A file that is not here as it is on the device, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(Difference):
    """`kept`: where the device's version of it lies."""

    kept: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file as the device lists it. `path` is below the device's folder.

    `is_here`: of the same size and time, and nothing else is known of it. `by_content`: both sides
    were read to their end in this pull, and are equal.
    """

    path: str
    size_bytes: int
    is_here: bool
    by_content: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledVideos:
    """What was fetched, and what a last comparison with the device showed.

    `files` are all that the device lists at the end. `left` are those of them that were there when
    the pull began, and are not here. `newer` came or grew since. `quarantined` are files that were
    complete here and came again smaller or different: ours is kept, theirs lies apart. `refused`
    are names that are never copied; `skipped` are links and the like, and what is behind them.
    `repaired` were known to be damaged here: the device's took their place. `content_upto` is where
    the next comparison by content goes on.
    """

    folder: Path
    began_at: datetime
    compared_at: datetime
    file_count: int
    files_added: int
    files_grown: int
    wire_bytes: int
    left: tuple[str, ...]
    newer: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]
    refused: tuple[Difference, ...]
    skipped: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float
    files: tuple[ListedFile, ...] = ()
    repaired: tuple[str, ...] = ()
    content_upto: str = ""

    @property
    def complete(self) -> bool:
        """All that the device had when the pull began is here, as it was there."""
        wrong = (self.left, self.quarantined, self.refused, self.skipped, self.problems)
        return not any(wrong)
