"""The verification as a run: every database copy is read to its end, and videos as many as fit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from django.conf import settings

from backups.engine.copies import inspect
from backups.engine.copies.digests import digest_of
from backups.engine.copies.errors import LocalFailed
from backups.engine.copies.inspection import Inspection
from backups.engine.errors import Cancelled
from backups.engine.items import CopyState
from backups.engine.videos.damage import ChunkReading
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.engine.videos.held import parts_by_name
from backups.engine.videos.reread import reread
from backups.models import ResultCopy
from backups.services.proofs import store_digest, store_reading
from backups.services.results import latest_moment, read_results
from backups.services.runs.disks import refuse_lost_videos
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
from backups.services.videos import scan_videos
from devices.models import Device

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


def verify_device(work: Work) -> Outcome:
    """A copy that fails here is corrupt in the next verdict, until it is written anew."""
    copies = _copies(work.device, now=work.clock())
    not_whole: NotWhole = {state: {} for state in CopyState if state is not CopyState.USABLE}
    for number, copy in enumerate(copies):
        found = _verify(work, copy, number=number, of=len(copies))
        if found.state in not_whole:
            not_whole[found.state][copy.path] = found.problem
    scan = _look_at_videos(work)
    return _outcome(len(copies), not_whole, scan, _read_videos(work, scan))


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
    if work.watch.cancelled():
        raise RunStopped("cancelled")
    wrong = store_reading(copy, found, now=work.clock()) or _digest(work, copy, found)
    return Inspection(state=CopyState.CORRUPT, problem=wrong) if wrong else found


def _digest(work: Work, copy: ResultCopy, found: Inspection) -> str:
    """What has ended is held against what it was read as before. Gives what is wrong with it."""
    if found.state is not CopyState.USABLE or not copy.finished:
        return ""
    try:
        read = digest_of(settings.RESULTS_DIR / copy.path, stop=work.watch.cancelled)
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    except LocalFailed:  # written, or gone, meanwhile: the next look sees that
        return ""
    return store_digest(copy, read.blake2b, now=work.clock())


def _look_at_videos(work: Work) -> ScanResult:
    """Every file afresh, whatever the cache remembers of it."""
    refuse_lost_videos()
    work.watch.progress(RunProgress(phase="looking at every video"))
    try:
        return scan_videos(
            work.device,
            now=work.clock(),
            rebuild=True,
            progress=lambda files: work.watch.progress(RunProgress(phase="looking at every video")),
        )
    except VideosUnreadable as error:
        raise RunFailed(f"the videos cannot be read: {error}") from error


def _read_videos(work: Work, scan: ScanResult) -> VideoReadings:
    """To their end, those never read first; each is held against what was read of it before."""
    if scan.errors:
        return VideoReadings()
    LedgerComparison(
        device=work.device,
        now=work.clock(),
        parts=parts_by_name(scan.cache),
        listing=None,
        listed_before=None,
    ).run()
    order = reread_order(work.device)
    readings = VideoReadings(left=len(order))
    try:
        _read_in_order(work, order, readings)
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    return readings


def _read_in_order(work: Work, order: list[str], readings: VideoReadings) -> None:
    folder = settings.VIDEOS_DIR / work.device.device_id
    read = reread(folder, order, most_bytes=VIDEO_BYTES, stop=work.watch.cancelled)
    while some := dict(_noted(work, islice(read, STORED_AT_ONCE), readings, of=len(order))):
        readings.damaged += store_digests(work.device, some, now=work.clock())


def _noted(
    work: Work, read: Iterator[tuple[str, ChunkReading]], readings: VideoReadings, *, of: int
) -> Iterator[tuple[str, ChunkReading]]:
    for path, reading in read:
        readings.count += 1
        readings.left -= 1
        readings.size_bytes += reading.size_bytes
        work.watch.progress(
            RunProgress(phase="reading videos", files_done=readings.count, files_total=of)
        )
        yield path, reading


def _outcome(count: int, not_whole: NotWhole, scan: ScanResult, videos: VideoReadings) -> Outcome:
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
    )
    said = [f"{path}: {why}" for found in not_whole.values() for path, why in found.items()]
    said += [*videos.damaged, *(f"videos: {error}" for error in scan.errors)]
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
