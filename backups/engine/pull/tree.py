"""Where one device's videos lie, and where those lie that are on their way."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backups.engine.copies.errors import LocalFailed, LocalInUse, file_errors
from backups.engine.copies.lock import locked

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
    """The right to add to a device's videos. Raises LocalInUse, LocalFailed."""
    with file_errors(videos_dir):
        tree = _tree(videos_dir.absolute(), device_id)
        handle = _locked(tree.own.parent / _PULLING / f"{device_id}.lock")
    try:
        with file_errors(videos_dir):
            _clear(tree)
            yield tree
            _clear(tree)
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
    try:
        return locked(path)
    except LocalInUse as error:
        raise LocalInUse(f"{path.stem}: another run pulls its videos") from error


def _clear(tree: VideoTree) -> None:
    """Temporaries of a run that was killed. Beginnings that rsync kept on purpose stay."""
    for folder in (tree.arriving, tree.apart):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
