"""The verification as a run: every database copy read to its end, every video looked at."""

from datetime import UTC, datetime

from django.conf import settings

from backups.engine.compare import CopyState
from backups.engine.copies import inspect
from backups.engine.copies.inspection import Inspection
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.models import ResultCopy
from backups.services.proofs import store_reading
from backups.services.results import latest_moment, read_results
from backups.services.runs.disks import refuse_lost_videos
from backups.services.runs.jobs import (
    Outcome,
    RunFailed,
    RunProgress,
    RunReport,
    RunStopped,
    Sheet,
    Work,
)
from backups.services.videos import scan_videos
from devices.models import Device

SECONDS_A_FILE = 1800.0
NotWhole = dict[CopyState, dict[str, str]]  # problems by path
_NEVER = datetime.min.replace(tzinfo=UTC)


class VerifyReport(RunReport, frozen=True, kw_only=True):
    """Databases that are not whole, by their path: what is wrong with each."""

    copies: int = 0
    corrupt: dict[str, str] = {}
    empty: dict[str, str] = {}
    busy: dict[str, str] = {}
    chunk_count: int = 0
    empty_chunks: int = 0
    scan_errors: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        wrong = {"corrupt": self.corrupt, "empty": self.empty, "could not be read": self.busy}
        return (
            Sheet(
                title="What is not whole",
                columns=("What", "File", "Why"),
                rows=tuple((what, *one) for what, found in wrong.items() for one in found.items()),
            ),
        )


def verify_device(work: Work) -> Outcome:
    """A copy that fails here is corrupt in the next verdict, until it is written anew."""
    copies = _copies(work.device, now=work.clock())
    not_whole: NotWhole = {state: {} for state in CopyState if state is not CopyState.USABLE}
    for number, copy in enumerate(copies):
        found = _verify(work, copy, number=number, of=len(copies))
        if found.state in not_whole:
            not_whole[found.state][copy.path] = found.problem
    return _outcome(len(copies), not_whole, _look_at_videos(work))


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
    if wrong := store_reading(copy, found, now=work.clock()):
        return Inspection(state=CopyState.CORRUPT, problem=wrong)
    return found


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


def _outcome(count: int, not_whole: NotWhole, scan: ScanResult) -> Outcome:
    report = VerifyReport(
        copies=count,
        corrupt=not_whole[CopyState.CORRUPT],
        empty=not_whole[CopyState.EMPTY],
        busy=not_whole[CopyState.BUSY],
        chunk_count=scan.chunk_count,
        empty_chunks=sum(recording.empty_count for recording in scan.recordings),
        scan_errors=scan.errors,
    )
    said = [f"{path}: {why}" for found in not_whole.values() for path, why in found.items()]
    said += [f"videos: {error}" for error in scan.errors]
    whole = count - sum(map(len, not_whole.values()))
    return Outcome(
        summary=f"{whole} of {count} databases are whole, {scan.chunk_count} chunks looked at",
        report=report,
        problem="; ".join(said),
        retry=False,
    )
