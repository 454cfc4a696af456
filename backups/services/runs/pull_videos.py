"""The pull of videos as a run, and what its last comparison shows."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from django.conf import settings

from backups.engine.pull import (
    Progress,
    PulledVideos,
    Quarantined,
    SshTarget,
    folder_is_there,
    pull_videos,
)
from backups.engine.pull.errors import RemoteMissing
from backups.engine.pull.processes import Watch
from backups.engine.videos.facts import VideosUnreadable
from backups.services.pulled_videos import store_comparison, store_no_videos
from backups.services.runs.jobs import Outcome, RunFailed, Told, Work
from backups.services.runs.mounts import refuse_lost_videos
from backups.services.runs.pulls import own_errors
from backups.services.runs.reach import ssh_target
from backups.services.videos import scan_videos

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
    held = _held_count(work)
    apart = store_comparison(work.device, pulled, held_count=held, now=work.clock())
    return _outcome(pulled, apart)


def _pull(work: Work, target: SshTarget, remote: PurePosixPath) -> PulledVideos:
    return pull_videos(
        target,
        device_id=work.device.device_id,
        videos_dir=settings.VIDEOS_DIR,
        now=work.now,
        remote_dir=remote,
        bandwidth_kib=settings.BANDWIDTH_KIB,
        progress=lambda progress: work.watch.progress(_told(progress)),
        cancelled=work.watch.cancelled,
    )


def _no_videos(
    work: Work, target: SshTarget, remote: PurePosixPath, error: RemoteMissing
) -> Outcome:
    """A device that never recorded has no folder of its own; one without any lost its disk."""
    if not folder_is_there(target, remote, watch=Watch(cancelled=work.watch.cancelled)):
        raise error
    store_no_videos(work.device, held_count=_held_count(work), now=work.now)
    return Outcome(summary="the device has no videos", numbers={"file_count": 0})


def _held_count(work: Work) -> int:
    """All files of the device on the disk now; the scan also brings their rows up to date."""
    try:
        scan = scan_videos(work.device, now=work.clock())
    except VideosUnreadable as error:
        raise RunFailed(f"what arrived cannot be looked at: {error}") from error
    return scan.chunk_count + scan.other_count


def _told(progress: Progress) -> Told:
    return Told(
        phase=progress.phase,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_expected or None,
        files_done=progress.files_done,
        files_total=progress.files_expected or None,
    )


def _outcome(pulled: PulledVideos, apart: Sequence[Quarantined]) -> Outcome:
    return Outcome(
        summary=(
            f"{pulled.files_added} files added, {pulled.files_grown} grown,"
            f" {pulled.wire_bytes:,} bytes over the wire; {pulled.file_count} files on the device"
        ),
        numbers={
            "file_count": pulled.file_count,
            "files_added": pulled.files_added,
            "files_grown": pulled.files_grown,
            "wire_bytes": pulled.wire_bytes,
            "newer_count": len(pulled.newer),
            "left_count": len(pulled.left),
            "left": list(pulled.left[:SHOWN]),
            "quarantined": [[d.path, d.reason] for d in apart[:SHOWN]],
            "refused": [[d.path, d.reason] for d in pulled.refused[:SHOWN]],
            "skipped": list(pulled.skipped[:SHOWN]),
        },
        path=pulled.folder.name,
        problem=_problem(pulled, apart),
    )


def _problem(pulled: PulledVideos, apart: Sequence[Quarantined]) -> str:
    """Why this is no whole backup; empty where all that the device had is here."""
    counts = {
        "did not come": len(pulled.left),
        "came as other files than those here": len(apart),
        "are never copied": len(pulled.refused),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    return "; ".join([*said, *pulled.problems])
