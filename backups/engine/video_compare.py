"""Hold a device's video against the disk: by its own listing, or by when it was seen recording."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backups.engine.facts import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoProblems:
    missing: tuple[Problem, ...] = ()
    behind: tuple[Problem, ...] = ()
    unproven: tuple[Problem, ...] = ()


WRITER_LAG = timedelta(minutes=10)
RECORDING = "recording"  # names the problem of a device that lists no files


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSource:
    """What is known of a device's videos. Times are on our clock.

    `listing` is the names of its chunks, or None: firmware since July 2025 lists none.
    """

    listing: frozenset[str] | None
    recording: bool
    recording_since: datetime | None  # when its newest recording was first seen; None: never
    recording_at: datetime | None  # when it was last seen recording; None: never


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledSource:
    """What a pull made here showed of a device's videos, whatever its firmware lists.

    `lacking` are the files that did not come, by recording: how many, and since when that is
    known. `held_count` is how many files of any kind the disk held then.
    """

    began_at: datetime
    file_count: int
    held_count: int
    lacking: Mapping[str, tuple[int, datetime]]
    refused: tuple[Problem, ...]
    quarantined: tuple[Problem, ...]


def compare_pulled(
    pulled: PulledSource, *, held_count: int, recording: bool, recording_at: datetime | None
) -> VideoProblems:
    """All that the device had when the pull began was held against the disk; judge what is not."""
    return VideoProblems(
        missing=tuple(
            Problem(name, since, f"{count} files are not on the disk")
            for name, (count, since) in sorted(pulled.lacking.items())
        ),
        behind=_recorded_since(pulled.began_at, recording=recording, recording_at=recording_at),
        unproven=(*pulled.quarantined, *pulled.refused, *_shrunk(pulled, held_count)),
    )


def _recorded_since(
    began_at: datetime, *, recording: bool, recording_at: datetime | None
) -> tuple[Problem, ...]:
    if not recording and (recording_at is None or recording_at <= began_at):
        return ()
    reason = f"all that it had at {began_at:%Y-%m-%d %H:%M:%S} UTC is here; it recorded since"
    return (Problem(RECORDING, began_at, reason),)


def _shrunk(pulled: PulledSource, held_count: int) -> tuple[Problem, ...]:
    """Nothing here is ever deleted by a pull: who has fewer files lost some."""
    if held_count >= pulled.held_count:
        return ()
    reason = f"the disk holds {held_count} files, and held {pulled.held_count} at the last pull"
    return (Problem("videos", pulled.began_at, reason),)


def compare_videos(
    source: VideoSource,
    *,
    on_disk: frozenset[str],
    newest_at: datetime | None,
    known_since: Mapping[str, datetime],
    now: datetime,
) -> VideoProblems:
    """Compare a device's videos with the chunks on the disk.

    `known_since` says since when each problem is known, by its name: a missing chunk's age
    counts from when it was first found missing.
    """
    if source.listing is not None:
        problems = _not_on_disk(source.listing - on_disk, known_since, now)
        return VideoProblems(missing=tuple(problems))
    if source.recording_at is None or source.recording_since is None:
        return VideoProblems(unproven=_never_seen(newest_at))
    if newest_at is None:
        reason = "the device was seen recording, but the disk holds no chunk of it"
        return VideoProblems(missing=(Problem(RECORDING, source.recording_since, reason),))
    if source.recording or newest_at < source.recording_at - WRITER_LAG:
        reason = f"the newest chunk on the disk ends at {newest_at:%Y-%m-%d %H:%M:%S} UTC"
        since = max(newest_at, source.recording_since)
        return VideoProblems(behind=(Problem(RECORDING, since, reason),))
    return VideoProblems()


def recording_of(chunk: str) -> str:
    """The `<date>_<time>` that begins every chunk's name."""
    return "_".join(chunk.split("_")[:2])


def _not_on_disk(
    names: Iterable[str], known_since: Mapping[str, datetime], now: datetime
) -> list[Problem]:
    counts = Counter(recording_of(name) for name in names)
    return [
        Problem(name, known_since.get(name, now), f"{count} chunks are not on the disk")
        for name, count in sorted(counts.items())
    ]


def _never_seen(newest_at: datetime | None) -> tuple[Problem, ...]:
    if newest_at is None:
        return ()
    reason = "its firmware lists no videos, and nobody saw it record since ethonode watches it"
    return (Problem(RECORDING, newest_at, reason),)
