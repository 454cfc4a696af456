"""A database as it was at one moment, whoever writes it meanwhile.

One that is at rest is given as it lies there. Else it is copied, with what SQLite keeps beside it,
while SQLite's own lock keeps writers out, and SQLite makes one file of the copy. The original is
reached by our own handles alone: SQLite opens by path, which may be another file by then, and
leaves files beside it. https://sqlite.org/lockingv3.html says what is locked.
"""

import fcntl
import os
import shutil
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from backups.engine.copies.below import folder_below
from backups.engine.copies.digests import FileStamp, stamp_of
from backups.engine.copies.errors import LocalBusy, LocalFull, file_errors
from backups.engine.copies.opened import OpenedCopy, mark_of, opened_in
from backups.engine.copies.opening import use_rollback_journal, writing
from backups.engine.copies.place import discard

REST_SECONDS = 5  # a later write shows in the times of a file, however coarse its clock is
KEPT_FREE = 256 << 20  # of the disk that the copy is made on
LEFT_OVER_SECONDS = 3600
TICK_SECONDS = 0.05
PREFIX = "moment-"
_PIECE = 32 << 20
_BESIDE = (b"-wal", b"-journal")
_PENDING, _SHARED, _SHARED_BYTES = 0x40000000, 0x40000002, 510


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """How a copy is made. `now`: by the clock of the files' times; `give_up_at`: monotonic."""

    scratch: Path  # a folder of ours, for private copies
    now: float
    give_up_at: float
    growing: bool = False  # it is known to be written

    def check_time(self, path: Path) -> None:
        if time.monotonic() > self.give_up_at:
            raise LocalBusy(f"{path.name}: it is being written for longer than we wait")


def open_database(root: Path, path: bytes, how: Copying) -> OpenedCopy:
    """As one file. Raises LocalBusy, LocalFull, LocalCorrupt, and what open_copy raises."""
    with _parts(root, path) as parts:
        if len(parts) == 1 and not how.growing and _is_at_rest(parts[0].stamp, now=how.now):
            return _kept_open(parts[0])
    with _made(root, path, how) as (private, stamps), file_errors(private):
        handle = os.open(private, os.O_RDONLY | os.O_CLOEXEC)
        return OpenedCopy(
            path=root / os.fsdecode(path),
            handle=handle,
            stamp=stamp_of(os.fstat(handle))._replace(modified=stamps[0].modified),
            mark=mark_of(*stamps),
            private=True,
        )


@contextmanager
def database_of_one_moment(root: Path, path: bytes, how: Copying) -> Iterator[Path]:
    """A private copy to look into, gone at the end. Raises what open_database raises."""
    with _made(root, path, how) as (private, _stamps):
        yield private


def _is_at_rest(stamp: FileStamp, *, now: float) -> bool:
    return max(stamp.modified, stamp.changed) / 1e9 < now - REST_SECONDS


def _kept_open(part: OpenedCopy) -> OpenedCopy:
    handle = os.dup(part.handle)
    return OpenedCopy(path=part.path, handle=handle, stamp=part.stamp, mark=part.mark)


@contextmanager
def _parts(root: Path, path: bytes) -> Iterator[list[OpenedCopy]]:
    """The database, then what lies beside it with something in it."""
    folder, _, name = path.rpartition(b"/")
    shown = root / os.fsdecode(path)
    with ExitStack() as stack:
        with file_errors(shown), folder_below(root, folder) as parent:
            parts = [stack.enter_context(opened_in(parent, name, shown=shown))]
            for tail in _BESIDE:
                with suppress(FileNotFoundError):
                    beside = shown.with_name(shown.name + tail.decode())
                    part = stack.enter_context(opened_in(parent, name + tail, shown=beside))
                    parts += [part] if part.size_bytes else []
        yield parts


@contextmanager
def _made(root: Path, path: bytes, how: Copying) -> Iterator[tuple[Path, list[FileStamp]]]:
    """The private copy, and the stamps of what it was made of."""
    with _private_folder(how.scratch) as folder:
        private = folder / "copy"
        while (stamps := _copied(root, path, private, how)) is None:
            how.check_time(root / os.fsdecode(path))
            discard(private)
            time.sleep(TICK_SECONDS)
        if len(stamps) > 1:
            with writing(private) as connection:
                use_rollback_journal(connection)
        yield private, stamps


@contextmanager
def _private_folder(scratch: Path) -> Iterator[Path]:
    with file_errors(scratch):
        scratch.mkdir(mode=0o700, exist_ok=True)
        _sweep(scratch)
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=scratch)
    with folder as name:
        yield Path(name)


def _sweep(scratch: Path) -> None:
    """What a process that was killed left behind."""
    for left in scratch.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - LEFT_OVER_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _copied(root: Path, path: bytes, target: Path, how: Copying) -> list[FileStamp] | None:
    """The stamps of what was copied; None: somebody wrote it meanwhile, or keeps us out."""
    with _parts(root, path) as parts:
        if not _locked(parts[0].handle):
            return None
        _check_room(target.parent, sum(part.size_bytes for part in parts))
        for part in parts:
            tail = part.path.name.removeprefix(parts[0].path.name)
            with file_errors(target):
                _copy(part, target.with_name(target.name + tail), how)
        stamps = [part.stamp for part in parts]
        with _parts(root, path) as after:
            return stamps if stamps == [part.stamp for part in after] else None


def _locked(handle: int) -> bool:
    """Keep writers out until the handle is closed, unless one is at work. A lock of the handle,
    not of the process: to close another handle of the file does not end it."""
    if not _lock(handle, fcntl.F_RDLCK, _PENDING, 1):
        return False
    got = _lock(handle, fcntl.F_RDLCK, _SHARED, _SHARED_BYTES)
    _lock(handle, fcntl.F_UNLCK, _PENDING, 1)
    return got


def _lock(handle: int, kind: int, start: int, length: int) -> bool:
    try:
        asked = struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, 0)
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, asked)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + KEPT_FREE:
        said = f"{needed:,} bytes are needed for a moment, and {free:,} are free"
        raise LocalFull(f"{folder.parent}: {said}")


def _copy(part: OpenedCopy, target: Path, how: Copying) -> None:
    with target.open("xb") as file:
        place = 0
        while place < part.size_bytes:
            count = min(_PIECE, part.size_bytes - place)
            sent = os.sendfile(file.fileno(), part.handle, place, count)
            if not sent:
                return  # cut short: its stamp will say so
            place += sent
            how.check_time(part.path)
