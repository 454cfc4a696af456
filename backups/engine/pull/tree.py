"""Where one device's videos lie, and where those lie that are on their way."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backups.engine.pull.errors import LocalFailed, PullRunning

QUARANTINE = ".quarantine"
_PULLING = ".pull"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTree:
    """All on one file system: what is whole takes its final name by a rename.

    `partial` keeps the beginnings of broken transfers, by file name: rsync builds upon them, and
    checks the whole. No scan of a device looks into any but its `own`.
    """

    own: Path
    partial: Path
    arriving: Path
    apart: Path
    quarantine: Path

    def in_the_way(self, path: str) -> str:
        """Why a file cannot be put there; empty if it can. Links are never followed."""
        place = self.own
        for part in path.split("/")[:-1]:
            place /= part
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                return f"{place} is here, and is no folder"
        final = self.own / path
        if final.is_symlink() or (final.exists() and not final.is_file()):
            return f"{final} is here, and is no file"
        return ""


@contextmanager
def opened_tree(videos_dir: Path, device_id: str) -> Iterator[VideoTree]:
    """The right to add to a device's videos. Raises PullRunning, LocalFailed."""
    try:
        tree = _tree(videos_dir.absolute(), device_id)
        handle = _locked(tree.own.parent / _PULLING / f"{device_id}.lock")
    except OSError as error:
        raise LocalFailed(f"{error.filename or videos_dir}: {error.strerror}") from error
    try:
        _clear(tree)
        yield tree
        _clear(tree)
    except OSError as error:
        raise LocalFailed(f"{error.filename or videos_dir}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            tree.own.rmdir()  # it is empty where the device has no videos
        os.close(handle)


def _tree(videos_dir: Path, device_id: str) -> VideoTree:
    pulling = videos_dir / _PULLING
    tree = VideoTree(
        own=videos_dir / device_id,
        partial=pulling / device_id / "partial",
        arriving=pulling / device_id / "arriving",
        apart=pulling / device_id / "apart",
        quarantine=videos_dir / QUARANTINE / device_id,
    )
    # The videos folder itself is not made: where it is missing, a disk is not mounted.
    for folder in (pulling, pulling / device_id, tree.own):
        folder.mkdir(exist_ok=True)
    for folder in (pulling, pulling / device_id, tree.own, tree.quarantine.parent):
        if folder.is_symlink():
            raise LocalFailed(f"{folder}: a link, which is not followed")
    return tree


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise PullRunning(f"{path.stem}: another run pulls its videos") from error
    return handle


def _clear(tree: VideoTree) -> None:
    """Temporaries of a run that was killed. Beginnings that rsync kept on purpose stay."""
    for folder in (tree.arriving, tree.apart):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
