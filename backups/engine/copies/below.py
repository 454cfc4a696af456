"""Files below a folder that devices write into: reached through no link, at any step."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from stat import S_ISREG

from backups.engine.copies.digests import FileDigest, FileStamp, digest_open, stamp_of
from backups.engine.copies.errors import file_errors

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_STEP = frozenset({b"", b".", b".."})
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def opened_below(root: Path, path: bytes) -> Iterator[int]:
    """A file of this path below the root, to be read. Raises OSError."""
    folder, _, name = path.rpartition(b"/")
    with folder_below(root, folder) as parent:
        handle = open_in(parent, name)
        try:
            yield handle
        finally:
            os.close(handle)


def open_in(parent: int, name: bytes) -> int:
    """A file of an open folder, to be read; it may be none, but never a link. Raises OSError."""
    return os.open(_step(name), _FILE, dir_fd=parent)


def digest_below(
    root: Path, path: bytes, *, stop: Callable[[], bool], also: str = ""
) -> FileDigest:
    """Read it from its disk to its end. Raises what digest_of raises."""
    shown = root / os.fsdecode(path)
    with file_errors(shown), opened_below(root, path) as handle:
        return digest_open(shown, handle, stop=stop, also=also)


def stamps_in(
    root: Path, folder: bytes, names: Iterable[bytes]
) -> Iterator[tuple[bytes, FileStamp]]:
    """Of those that are files. What is not there, or is no file, is left out.

    Raises OSError for a folder that is there and cannot be looked into.
    """
    try:
        with folder_below(root, folder) as parent:
            for name in names:
                if stamp := _stamp(name, parent):
                    yield name, stamp
    except (FileNotFoundError, NotADirectoryError):  # a link, too, is no folder
        return


def _stamp(name: bytes, parent: int) -> FileStamp | None:
    try:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return stamp_of(found) if S_ISREG(found.st_mode) else None


@contextmanager
def folder_below(root: Path, path: bytes) -> Iterator[int]:
    """A folder of this path below the root, open; b"": the root itself. Raises OSError."""
    with ExitStack() as stack:
        handle = os.open(root, _FOLDER)
        stack.callback(os.close, handle)
        for name in path.split(b"/") if path else ():
            handle = os.open(_step(name), _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            stack.callback(os.close, handle)
        yield handle


def _step(name: bytes) -> bytes:
    """One step down, and never one up."""
    if name in _NO_STEP or b"/" in name or b"\0" in name:
        raise NotADirectoryError(errno.ENOTDIR, "is no name of a file", name)
    return name
