"""Read one folder and its files from the disk: all of them, or those that may have changed."""

import os
from array import array
from collections.abc import Callable, Iterable
from stat import S_ISREG
from typing import NamedTuple, Protocol

from backups.engine.videos.folder import Files, names_of, pack

MOST, LEAST = 2**63 - 1, -(2**63)  # what an array "q" holds: the years 1677 to 2262


class Status(Protocol):
    """What is used of an os.stat_result."""

    @property
    def st_mode(self) -> int: ...
    @property
    def st_dev(self) -> int: ...
    @property
    def st_ino(self) -> int: ...
    @property
    def st_size(self) -> int: ...
    @property
    def st_mtime_ns(self) -> int: ...
    @property
    def st_ctime_ns(self) -> int: ...


Look = Callable[[bytes], Status]


class Moved(Exception):
    """A file is no longer what it was when its folder was listed."""


class Names(NamedTuple):
    """What a folder holds, each sorted."""

    files: list[bytes]
    subfolders: tuple[bytes, ...]


class SecondLook(NamedTuple):
    """Files after those not settled were looked at."""

    files: Files
    looked: int
    newly_settled: int


def list_folder(folder: bytes) -> Names:
    """Name the files and folders; links are neither, nor are devices and sockets."""
    files, subfolders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                files.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                subfolders.append(entry.name)
    return Names(sorted(files), tuple(sorted(subfolders)))


def measure(folder: bytes, names: Iterable[bytes], *, look: Look) -> Files:
    """Look at each file once; one that is gone by now is left out."""
    kept: list[bytes] = []
    sizes, modified, touched = array("Q"), [], []
    for name in names:
        try:
            status = look(folder + b"/" + name)
        except FileNotFoundError:
            continue
        if S_ISREG(status.st_mode):
            mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
            kept.append(name)
            sizes.append(status.st_size)
            modified.append(mtime)
            touched.append(ctime if ctime > mtime else mtime)
    return pack(kept, sizes, _times(modified), _times(touched))


def look_again(
    folder: bytes, files: Files, *, settled_until: int, now_settled_until: int, look: Look
) -> SecondLook:
    """Look at the files touched after `settled_until`. Raises Moved, or why one cannot be read."""
    if files.last_touched <= settled_until:
        return SecondLook(files, 0, 0)
    modified, touched = _view(files.modified), _view(files.touched)
    sizes = memoryview(files.sizes).cast("Q")
    names = names_of(files)
    young = [index for index, time in enumerate(touched) if time > settled_until]
    changes: list[tuple[int, Status]] = []
    for index in young:
        status = look(folder + b"/" + names[index])
        mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
        if (
            status.st_size != sizes[index]
            or mtime != modified[index]
            or (ctime if ctime > mtime else mtime) != touched[index]
        ):
            changes.append((index, status))
    files = _with_changes(files, changes) if changes else files
    newly_settled = sum(_view(files.touched)[index] <= now_settled_until for index in young)
    return SecondLook(files, len(young), newly_settled)


def _with_changes(files: Files, changes: list[tuple[int, Status]]) -> Files:
    sizes = array("Q", files.sizes)
    modified, touched = _view(files.modified).tolist(), _view(files.touched).tolist()
    for index, status in changes:
        if not S_ISREG(status.st_mode):
            raise Moved
        sizes[index] = status.st_size
        modified[index] = status.st_mtime_ns
        touched[index] = max(status.st_mtime_ns, status.st_ctime_ns)
    return pack(names_of(files), sizes, _times(modified), _times(touched))


def _view(packed: bytes) -> memoryview:
    return memoryview(packed).cast("q")


def _times(nanoseconds: list[int]) -> array:
    try:
        return array("q", nanoseconds)
    except OverflowError:
        return array("q", [min(max(time, LEAST), MOST) for time in nanoseconds])
