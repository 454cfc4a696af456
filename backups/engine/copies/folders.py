"""Find a device's run databases below the results folder. Could-not-look is an error, not "none".

Every folder is opened below its already open parent and never through a symbolic link: devices
write into this tree.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backups.engine.copies.identity import fingerprint
from devices.ids import is_device_id

DEEPEST = 5
LONGEST_PATH = 400
LONGEST_NAME = 200
MOST_COPIES = 100_000
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)


class ResultsUnreadable(Exception):
    """The results folder, or a folder in it, could not be listed: nobody knows what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFile:
    """A database file as its folder shows it, unopened."""

    path: str  # below the results folder
    filename: str
    size_bytes: int
    wal_bytes: int | None  # None: no -wal beside it
    has_journal: bool
    modified_at: datetime
    fingerprint: str


def find_copies(results_dir: Path, device_id: str, *, known: bool = False) -> list[CopyFile]:
    """List every database below the device's folder, sorted by path.

    A device without a folder has none; but where copies are `known` from before, a results
    folder with nothing in it at all is a lost mount. Raises ResultsUnreadable.
    """
    if not is_device_id(device_id):
        raise ResultsUnreadable(f"{device_id[:64]!r} cannot be the name of a folder")
    try:
        with _opened(results_dir) as root:
            found = _of_device(root, device_id, known=known)
            _refuse_if_replaced(results_dir, root)
    except OSError as error:
        raise _unreadable(str(results_dir), error) from error
    return sorted(found, key=lambda copy: copy.path)


def _of_device(root: int, device_id: str, *, known: bool) -> list[CopyFile]:
    found: list[CopyFile] = []
    if _exists(device_id, parent=root):
        for copy in _walk(device_id, parent=root, place=device_id, depth=1):
            found.append(copy)
            if len(found) > MOST_COPIES:
                raise ResultsUnreadable(f"{device_id}: more than {MOST_COPIES:,} databases")
    elif known and not os.listdir(root):
        raise ResultsUnreadable("the results folder is empty, though it held copies: not mounted?")
    return found


def _exists(name: str, *, parent: int) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _walk(name: str, *, parent: int, place: str, depth: int) -> Iterator[CopyFile]:
    try:
        with _opened(name, parent=parent) as folder:
            for entry in _entries(folder):
                yield from _of_entry(entry, folder=folder, place=place, depth=depth)
    except FileNotFoundError:
        return  # removed since it was listed
    except OSError as error:
        raise _unreadable(place, error) from error


def _of_entry(
    entry: os.DirEntry[str], *, folder: int, place: str, depth: int
) -> Iterator[CopyFile]:
    if _is_copy(entry, place):
        yield from _copy(entry.name, folder=folder, place=place)
    elif depth < DEEPEST and entry.is_dir(follow_symlinks=False):
        below = f"{place}/{entry.name}"
        yield from _walk(entry.name, parent=folder, place=below, depth=depth + 1)


def _entries(folder: int) -> list[os.DirEntry[str]]:
    """What is listed, but for hidden names and those that no writer ever makes."""
    with os.scandir(folder) as listing:
        return [e for e in listing if not e.name.startswith(".") and e.name.isprintable()]


def _is_copy(entry: os.DirEntry[str], place: str) -> bool:
    return (
        entry.name.endswith(".db")
        and entry.is_file(follow_symlinks=False)
        and len(os.fsencode(entry.name)) <= LONGEST_NAME
        and len(place) + 1 + len(entry.name) <= LONGEST_PATH
    )


def _copy(name: str, *, folder: int, place: str) -> Iterator[CopyFile]:
    db = _stat(name, folder)
    if db is None:
        return  # removed since it was listed
    wal = _stat(f"{name}-wal", folder)
    journal = _stat(f"{name}-journal", folder)
    try:
        mark = fingerprint(name, folder=folder)
    except FileNotFoundError:
        return
    yield CopyFile(
        path=f"{place}/{name}",
        filename=name,
        size_bytes=db.st_size,
        wal_bytes=wal.st_size if wal else None,
        has_journal=journal is not None and journal.st_size > 0,
        modified_at=_moment(db.st_mtime),
        fingerprint=mark,
    )


def _stat(name: str, folder: int) -> os.stat_result | None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _moment(seconds: float) -> datetime:
    """A file's time; devices may set any, and some file systems keep it."""
    return datetime.fromtimestamp(max(0.0, min(seconds, LAST_MOMENT.timestamp())), UTC)


def _refuse_if_replaced(results_dir: Path, root: int) -> None:
    """An unmount in mid-walk leaves another folder under the same name."""
    if not os.path.samestat(results_dir.stat(), os.fstat(root)):
        raise ResultsUnreadable(f"{results_dir}: was unmounted or replaced while it was read")


def _unreadable(place: str, error: OSError) -> ResultsUnreadable:
    return ResultsUnreadable(f"{place}: {error.strerror or error}")


@contextmanager
def _opened(folder: Path | str, *, parent: int | None = None) -> Iterator[int]:
    """Open a folder; below another one, never through a symbolic link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    if parent is not None:
        flags |= os.O_NOFOLLOW
    descriptor = os.open(folder, flags, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
