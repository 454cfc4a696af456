"""Where one device's videos lie, and where those lie that are on their way."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backups.engine.copies.errors import LocalFailed, LocalFull, LocalInUse, file_errors
from backups.engine.copies.lock import locked
from backups.engine.pull.heard import Item

QUARANTINE = ".quarantine"
_PULLING = ".pull"
TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTree:
    """All on one file system: what is whole takes its final name by a rename.

    `partial` keeps the beginnings of broken transfers, by file name: rsync builds upon them, and
    checks the whole. No scan of a device looks into any but its `own`.
    """

    own: Path
    lock: Path
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

    def has(self, item: Item) -> bool:
        """Whether a file is here with its size and its time, as far as this disk can keep one."""
        if item.is_same:
            return True
        if not item.is_other_in_time_only:
            return False
        with suppress(OSError):
            return item.has_time((self.own / item.path).lstat().st_mtime_ns)
        return False


@contextmanager
def opened_tree(videos_dir: Path, device_id: str) -> Iterator[VideoTree]:
    """The right to add to a device's videos. Nothing of ours stays but what is half here.

    Raises LocalInUse, LocalFailed.
    """
    tree = _tree(videos_dir.absolute(), device_id)
    with file_errors(videos_dir):
        handle = _held(tree)
    is_full = False
    try:
        with file_errors(videos_dir):
            _clear(tree)
            yield tree
    except LocalFull:
        is_full = True  # what is made already is the room that the next attempt has
        raise
    finally:
        if not is_full:
            _leave(tree)
        os.close(handle)


def _tree(videos_dir: Path, device_id: str) -> VideoTree:
    pulling = videos_dir / _PULLING
    return VideoTree(
        own=videos_dir / device_id,
        lock=pulling / f"{device_id}.lock",
        partial=pulling / device_id / "partial",
        arriving=pulling / device_id / "arriving",
        apart=pulling / device_id / "apart",
        quarantine=videos_dir / QUARANTINE / device_id,
    )


def _held(tree: VideoTree) -> int:
    """The folders and the lock. Another device's pull may take the first away as it ends."""
    for attempt in range(TRIES):
        try:
            _make_folders(tree)
            return locked(tree.lock)
        except LocalInUse as error:
            text = f"{tree.own.name}: another run pulls its videos"
            raise LocalInUse(text) from error
        except FileNotFoundError:
            # The videos folder itself is not made: where it is missing, a disk is not mounted.
            if attempt + 1 == TRIES or not tree.own.parent.is_dir():
                raise
    raise LocalFailed(f"{tree.lock}: cannot be kept")


def _make_folders(tree: VideoTree) -> None:
    for folder in (tree.lock.parent, tree.partial.parent, tree.own):
        folder.mkdir(exist_ok=True)
    for folder in (tree.lock.parent, tree.partial.parent, tree.own, tree.quarantine.parent):
        if folder.is_symlink():
            raise LocalFailed(f"{folder}: a link, which is not followed")


def _clear(tree: VideoTree) -> None:
    """Temporaries of a run that was killed. Beginnings that rsync kept on purpose stay."""
    for folder in (tree.arriving, tree.apart):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)


def _leave(tree: VideoTree) -> None:
    for folder in (tree.arriving, tree.apart):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        tree.lock.unlink()
    # Each only where it is empty: the device's own where it has no videos.
    for folder in (tree.own, tree.partial, tree.partial.parent, tree.lock.parent):
        with suppress(OSError):
            folder.rmdir()
