"""The verification as a run: every database copy read to its end, every video looked at."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from backups.engine.compare import CopyState
from backups.engine.results import inspect
from backups.engine.results.inspection import Inspection
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.models import ResultCopy
from backups.services.proofs import store_corrupt, store_verified
from backups.services.results import latest_moment, read_results
from backups.services.runs.jobs import Outcome, RunFailed, RunStopped, Told, Work
from backups.services.runs.mounts import refuse_lost_videos
from backups.services.videos import scan_videos
from devices.models import Device

SECONDS_A_FILE = 1800.0
_NEVER = datetime.min.replace(tzinfo=UTC)


def verify_device(work: Work) -> Outcome:
    """A copy that fails here is corrupt in the next verdict, until it is written anew."""
    copies = _copies(work.device, now=work.clock())
    corrupt, busy = {}, {}
    for number, copy in enumerate(copies):
        found = _verify(work, copy, number=number, of=len(copies))
        if found.state is CopyState.CORRUPT:
            corrupt[copy.path] = found.problem
        elif found.state is CopyState.BUSY:
            busy[copy.path] = found.problem
    scan = _look_at_videos(work)
    return _outcome(len(copies), corrupt, busy, scan)


def _copies(device: Device, *, now: datetime) -> list[ResultCopy]:
    """As they are on the disk now, those that were verified longest ago first."""
    reading = read_results(device, now=now)
    if reading.error:
        raise RunFailed(f"the disk cannot be read: {reading.error}")
    return sorted(reading.copies, key=lambda copy: (copy.verified_at or _NEVER, copy.path))


def _verify(work: Work, copy: ResultCopy, *, number: int, of: int) -> Inspection:
    work.watch.progress(Told(phase=f"reading {copy.filename}", files_done=number, files_total=of))
    found = inspect(
        settings.RESULTS_DIR / copy.path,
        latest=latest_moment(work.device, now=work.clock()),
        give_up_after=SECONDS_A_FILE,
        deeply=True,
        stop=work.watch.cancelled,
    )
    if work.watch.cancelled():
        raise RunStopped("cancelled")
    if found.state is CopyState.CORRUPT:
        store_corrupt(copy, found.problem, now=work.clock())
    elif found.state is not CopyState.BUSY:
        store_verified(copy, now=work.clock())
    return found


def _look_at_videos(work: Work) -> ScanResult:
    """Every file afresh, whatever the cache remembers of it."""
    refuse_lost_videos()
    work.watch.progress(Told(phase="looking at every video"))
    try:
        return scan_videos(
            work.device,
            now=work.clock(),
            rebuild=True,
            progress=lambda files: work.watch.progress(Told(phase="looking at every video")),
        )
    except VideosUnreadable as error:
        raise RunFailed(f"the videos cannot be read: {error}") from error


def _outcome(
    count: int, corrupt: dict[str, str], busy: dict[str, str], scan: ScanResult
) -> Outcome:
    empty = sum(recording.empty_count for recording in scan.recordings)
    numbers: dict[str, Any] = {
        "copies": count,
        "corrupt": corrupt,
        "busy": busy,
        "chunk_count": scan.chunk_count,
        "empty_chunks": empty,
        "scan_errors": list(scan.errors),
    }
    said = [f"{path}: {problem}" for path, problem in corrupt.items()]
    said += [f"videos: {error}" for error in scan.errors]
    whole = count - len(corrupt) - len(busy)
    return Outcome(
        summary=f"{whole} of {count} databases are whole, {scan.chunk_count} chunks looked at",
        numbers=numbers,
        problem="; ".join(said),
        retry=False,
    )
