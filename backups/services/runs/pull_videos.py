"""The pull of videos as a run, and what its last comparison shows."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from django.conf import settings

from backups.engine.pull import (
    PulledVideos,
    Quarantined,
    SshTarget,
    folder_is_there,
    pull_videos,
)
from backups.engine.pull.errors import RemoteMissing
from backups.engine.pull.processes import Leash
from backups.engine.videos.held import parts_by_name
from backups.models import VideoComparison
from backups.services.pulled_videos import store_comparison, store_no_videos
from backups.services.runs.disks import refuse_lost_videos, scanned
from backups.services.runs.jobs import Outcome, Work, how_far
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import VideosReport
from backups.services.video_digests import damaged_paths

SHOWN = 20  # names of each sort


def pull_device_videos(work: Work) -> Outcome:
    refuse_lost_videos()
    remote = PurePosixPath(settings.DEVICE_DATA_ROOT / "videos")
    with own_errors():
        target = ssh_target(work)
        try:
            pulled = _pull(work, target, remote)
        except RemoteMissing as error:
            return _no_videos(work, target, remote, error)
    apart = store_comparison(work.device, pulled, held=scanned(work), now=work.clock())
    return _outcome(pulled, apart)


def _pull(work: Work, target: SshTarget, remote: PurePosixPath) -> PulledVideos:
    return pull_videos(
        target,
        device_id=work.device.device_id,
        videos_dir=settings.VIDEOS_DIR,
        now=work.now,
        remote_dir=remote,
        bandwidth_kib=settings.BANDWIDTH_KIB,
        content_after=_content_upto(work),
        damaged=damaged_paths(work.device, parts_by_name(scanned(work).cache)),
        progress=lambda progress: work.watch.progress(how_far(progress)),
        cancelled=work.watch.cancelled,
    )


def _content_upto(work: Work) -> str:
    """Where the pull before ended with reading contents."""
    made = VideoComparison.objects.filter(device=work.device)
    return made.values_list("content_upto", flat=True).first() or ""


def _no_videos(
    work: Work, target: SshTarget, remote: PurePosixPath, error: RemoteMissing
) -> Outcome:
    """A device that never recorded has no folder of its own; one without any lost its disk."""
    if not folder_is_there(target, remote, leash=Leash(cancelled=work.watch.cancelled)):
        raise error
    store_no_videos(work.device, held=scanned(work), began_at=work.now, now=work.clock())
    return Outcome(summary="the device has no videos", report=VideosReport(file_count=0))


def _outcome(pulled: PulledVideos, apart: Sequence[Quarantined]) -> Outcome:
    return Outcome(
        summary=(
            f"{pulled.files_added} files added, {pulled.files_grown} grown,"
            f" {len(pulled.repaired)} damaged ones replaced,"
            f" {pulled.wire_bytes:,} bytes over the wire; {pulled.file_count} files on the device"
        ),
        report=VideosReport(
            file_count=pulled.file_count,
            files_added=pulled.files_added,
            files_grown=pulled.files_grown,
            repaired=pulled.repaired[:SHOWN],
            wire_bytes=pulled.wire_bytes,
            newer_count=len(pulled.newer),
            newer=pulled.newer[:SHOWN],
            left_count=len(pulled.left),
            left=pulled.left[:SHOWN],
            quarantined=tuple((d.path, d.reason) for d in apart[:SHOWN]),
            refused=tuple((d.path, d.reason) for d in pulled.refused[:SHOWN]),
            skipped=pulled.skipped[:SHOWN],
        ),
        path=pulled.folder.name,
        problem=_problem(pulled, apart),
    )


def _problem(pulled: PulledVideos, apart: Sequence[Quarantined]) -> str:
    """Why this is no whole backup; empty where all that the device had is here."""
    counts = {
        "did not come": len(pulled.left),
        "came as other files than those here": len(apart),
        "are never copied": len(pulled.refused),
        "are links or no files and were not followed": len(pulled.skipped),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    return "; ".join([*said, *pulled.problems])
