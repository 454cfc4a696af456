"""The verification as a run: every database copy is read to its end, and videos as many as fit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from backups.engine.copies import inspect
from backups.engine.copies.digests import digest_of
from backups.engine.copies.errors import LocalChanged, LocalFailed, LocalMissing, LocalUnread
from backups.engine.copies.inspection import LONGEST_PROBLEM, Inspection
from backups.engine.errors import Cancelled
from backups.engine.items import CopyState
from backups.engine.videos.damage import ChunkReading
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.held import parts_by_name
from backups.engine.videos.reread import reread
from backups.models import ResultCopy
from backups.services.other_files import reread_others
from backups.services.proofs import store_reading
from backups.services.results import latest_moment, read_results
from backups.services.runs.disks import refuse_lost_videos, scanned
from backups.services.runs.jobs import (
    Outcome,
    RunFailed,
    RunProgress,
    RunStopped,
    Work,
)
from backups.services.runs.reports import VerifyReport
from backups.services.video_digests import reread_order, store_digests
from backups.services.video_ledger import LedgerComparison
from devices.models import Device
from devices.texts import one_line

SECONDS_A_FILE = 1800.0
VIDEO_BYTES = 500 * 10**9  # read in one run; the rest comes first in the next one
STORED_AT_ONCE = 100  # readings: what a stopped run has read is not read again
NotWhole = dict[CopyState, dict[str, str]]  # problems by path
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class VideoReadings:
    """How many videos were read to their end, and what is wrong with which."""

    count: int = 0
    size_bytes: int = 0
    left: int = 0
    damaged: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)  # why, by path


def verify_device(work: Work) -> Outcome:
    """A copy that fails here is corrupt in the next verdict, until it is written anew."""
    copies = _copies(work.device, now=work.clock())
    not_whole: NotWhole = {state: {} for state in CopyState if state is not CopyState.USABLE}
    for number, copy in enumerate(copies):
        found = _verify(work, copy, number=number, of=len(copies))
        if found.state in not_whole:
            not_whole[found.state][copy.path] = found.problem
    refuse_lost_videos()
    scan = scanned(work, rebuild=True)  # whatever the cache remembers of a file
    videos = _read_videos(work, scan)
    return _outcome(len(copies), not_whole, scan, videos, _read_others(work))


def _copies(device: Device, *, now: datetime) -> list[ResultCopy]:
    """As they are on the disk now, those that were verified longest ago first."""
    reading = read_results(device, now=now)
    if reading.error:
        raise RunFailed(f"the disk cannot be read: {reading.error}")
    return sorted(reading.copies, key=lambda copy: (copy.verified_at or _NEVER, copy.path))


def _verify(work: Work, copy: ResultCopy, *, number: int, of: int) -> Inspection:
    work.watch.progress(
        RunProgress(phase=f"reading {copy.filename}", files_done=number, files_total=of)
    )
    found = inspect(
        settings.RESULTS_DIR / copy.path,
        latest=latest_moment(work.device, now=work.clock()),
        give_up_after=SECONDS_A_FILE,
        deeply=True,
        stop=work.watch.cancelled,
    )
    digest = ""
    if found.state is CopyState.USABLE:
        found, digest = _digest(work, copy, found)
    wrong = store_reading(copy, found, digest=digest, now=work.clock())
    if work.watch.cancelled():
        raise RunStopped("cancelled")
    return Inspection(state=CopyState.CORRUPT, problem=wrong) if wrong else found


def _digest(work: Work, copy: ResultCopy, found: Inspection) -> tuple[Inspection, str]:
    """Of every byte, sound to SQLite or not. What cannot be read is damaged."""
    try:
        read = digest_of(settings.RESULTS_DIR / copy.path, stop=work.watch.cancelled)
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    except (LocalChanged, LocalMissing):  # the next look sees that
        return Inspection(state=CopyState.BUSY, problem="was written while it was read"), ""
    except LocalUnread as error:
        return Inspection(state=CopyState.BUSY, problem=_said(error)), ""
    except LocalFailed as error:
        return Inspection(state=CopyState.CORRUPT, problem=_said(error)), ""
    return found, read.blake2b


def _said(error: LocalFailed) -> str:
    return one_line(str(error), limit=LONGEST_PROBLEM)


def _read_videos(work: Work, scan: ScanResult) -> VideoReadings:
    """To their end, those never read first; each is held against what was read of it before.

    A folder that cannot be read shows no absence, and keeps no other from being read.
    """
    parts = parts_by_name(scan.cache)
    if not scan.errors:
        LedgerComparison(
            device=work.device,
            now=work.clock(),
            parts=parts,
            listing=None,
            listed_before=None,
        ).run()
    order = reread_order(work.device, parts)
    readings = VideoReadings(left=len(order))
    try:
        _read_in_order(work, order, readings)
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    return readings


def _read_in_order(work: Work, order: list[str], readings: VideoReadings) -> None:
    """However the reading ends, what was found until then is stored."""
    folder = settings.VIDEOS_DIR / work.device.device_id
    read = reread(folder, order, most_bytes=VIDEO_BYTES, stop=work.watch.cancelled)
    some: dict[str, ChunkReading] = {}
    try:
        for path, reading in _noted(work, read, readings, of=len(order)):
            some[path] = reading
            if len(some) == STORED_AT_ONCE:
                readings.damaged += store_digests(work.device, some, now=work.clock())
                some = {}
    finally:
        readings.damaged += store_digests(work.device, some, now=work.clock())


def _noted(
    work: Work, read: Iterable[tuple[str, ChunkReading]], readings: VideoReadings, *, of: int
) -> Iterator[tuple[str, ChunkReading]]:
    for path, reading in read:
        if reading.unread:
            readings.unread[path] = reading.unread
            continue
        readings.count += 1
        readings.left -= 1
        readings.size_bytes += reading.size_bytes
        work.watch.progress(
            RunProgress(phase="reading videos", files_done=readings.count, files_total=of)
        )
        yield path, reading


def _read_others(work: Work) -> list[str]:
    """Of the card's other files those that were proven, each held against what it was then."""
    work.watch.progress(RunProgress(phase="reading other files"))
    try:
        return reread_others(work.device, stop=work.watch.cancelled, now=work.clock())
    except Cancelled as error:
        raise RunStopped(str(error)) from error


def _outcome(
    count: int,
    not_whole: NotWhole,
    scan: ScanResult,
    videos: VideoReadings,
    damaged_others: list[str],
) -> Outcome:
    report = VerifyReport(
        copies=count,
        corrupt=not_whole[CopyState.CORRUPT],
        empty=not_whole[CopyState.EMPTY],
        busy=not_whole[CopyState.BUSY],
        chunk_count=scan.chunk_count,
        empty_chunks=sum(recording.empty_count for recording in scan.recordings),
        scan_errors=scan.errors,
        videos_read=videos.count,
        video_bytes_read=videos.size_bytes,
        videos_left=videos.left,
        damaged_videos=tuple(videos.damaged),
        unread_videos=videos.unread,
        damaged_others=tuple(damaged_others),
    )
    said = [f"{path}: {why}" for found in not_whole.values() for path, why in found.items()]
    said += [*videos.damaged, *damaged_others]
    said += [f"{path}: {why}" for path, why in videos.unread.items()]
    said += [f"videos: {error}" for error in scan.errors]
    whole = count - sum(map(len, not_whole.values()))
    return Outcome(
        summary=(
            f"{whole} of {count} databases are whole; of {scan.chunk_count} chunks {videos.count}"
            f" were read to their end, {len(videos.damaged)} of them are damaged"
        ),
        report=report,
        problem="; ".join(said),
        retry=False,
    )
