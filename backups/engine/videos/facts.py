"""What a scan of one device's videos found."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from backups.engine.videos.folder import MOST_BYTES, VideoCache


class VideosUnreadable(Exception):
    """The videos could not be looked at: the text says why. Never the same as 'no videos'."""


class RecordingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One folder that holds files. Only `.h264` files are chunks; all else is counted as other."""

    folder: str  # below the device's folder, "<name>/<ts>"; "." is the device's folder itself
    chunk_count: int
    size_bytes: int
    other_count: int
    other_bytes: int
    first_chunk: str
    last_chunk: str
    newest_change_at: datetime | None  # of the chunks, aware, UTC
    missing_numbers: tuple[int, ...]  # the first 100
    missing_count: int
    empty_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """Everything seen of one device, and what seeing it cost.

    `errors` not empty: part of the disk could not be read. The recordings named in `unread` are
    then what was known of them before, for comparison only: not evidence of today.
    """

    recordings: tuple[RecordingFacts, ...]
    changed: frozenset[str]  # folders, vanished ones too, that differ from what the cache held
    unread: frozenset[str]
    folder_count: int
    listed_folder_count: int
    cached_count: int  # chunks served without touching them
    fresh_count: int  # chunks looked at
    rechecked_count: int  # of these: old ones, proven anew because their turn had come
    saved_call_count: int  # system calls that a scan without a cache would have made besides
    errors: tuple[str, ...]
    cache_problem: str = ""
    seconds: float = 0.0  # measured by the caller
    cache: VideoCache = field(repr=False, compare=False)  # what to save; it names every file
    worth_saving: bool = True

    @property
    def chunk_count(self) -> int:
        return sum(recording.chunk_count for recording in self.recordings)

    @property
    def file_count(self) -> int:
        return self.chunk_count + self.other_count

    @property
    def size_bytes(self) -> int:
        return min(sum(recording.size_bytes for recording in self.recordings), MOST_BYTES)

    @property
    def other_count(self) -> int:
        return sum(recording.other_count for recording in self.recordings)

    @property
    def other_bytes(self) -> int:
        return min(sum(recording.other_bytes for recording in self.recordings), MOST_BYTES)

    @property
    def newest_change_at(self) -> datetime | None:
        times = (recording.newest_change_at for recording in self.recordings)
        return max((time for time in times if time), default=None)

    @property
    def hit_ratio(self) -> float | None:
        """Share of chunks served from the cache; None without chunks."""
        total = self.cached_count + self.fresh_count
        return self.cached_count / total if total else None
