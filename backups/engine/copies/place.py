"""Where a copy lies, what may lie beside it, and who may work on it."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from backups.engine.copies.errors import LocalFailed, LocalInUse, file_errors
from backups.engine.copies.identity import fingerprint
from backups.engine.copies.lock import locked

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})
_SQLITE_TAILS = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Place:
    """The names around one copy. None of the others ends in `.db`: no reader takes them for one."""

    destination: Path

    @property
    def fresh(self) -> Path:
        """A whole new copy, until it takes the final name."""
        return self._hidden("mirror-new")

    @property
    def stage(self) -> Path:
        """New rows, until they are in the copy."""
        return self._hidden("mirror-stage")

    @property
    def lock(self) -> Path:
        return self._hidden("mirror-lock")

    @property
    def activity(self) -> Path:
        return self.destination.with_suffix(".txt")

    @property
    def removed_rows(self) -> Path:
        """What the copy once had and the device no longer has, row by row."""
        return self.destination.with_name(f"{self.destination.name}.removed-rows")

    @property
    def is_empty(self) -> bool:
        return not self.destination.exists() or self.destination.stat().st_size == 0

    def _hidden(self, purpose: str) -> Path:
        return self.destination.with_name(f".{self.destination.name}.{purpose}")


@contextmanager
def held(destination: Path) -> Iterator[Place]:
    """The right to work on this copy. Nothing stays behind where no copy was made.

    Raises LocalInUse while another run has it; a dead process's right ends with it.
    """
    place = Place(destination)
    if destination.is_symlink() or destination.is_dir():
        raise LocalFailed(f"{destination}: not a file of its own")
    with file_errors(destination):
        made = _make_folder(destination.parent)
        handle = _locked(place)
    try:
        for left_over in (place.fresh, place.stage):
            discard(left_over)
        yield place
    finally:
        _release(place, handle, made)


def _make_folder(folder: Path) -> list[Path]:
    """Make it, and tell what was made, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _locked(place: Place) -> int:
    try:
        return locked(place.lock)
    except LocalInUse as error:
        raise LocalInUse(f"{place.destination.name}: another run works on it") from error


def _release(place: Place, handle: int, made: list[Path]) -> None:
    with suppress(OSError):
        discard(place.fresh)
        discard(place.stage)
        if not place.destination.exists():
            place.lock.unlink()
            for folder in made:
                folder.rmdir()
    os.close(handle)


def discard(path: Path) -> None:
    """Remove a database of ours with everything SQLite keeps beside it."""
    for tail in ("", *_SQLITE_TAILS):
        path.with_name(path.name + tail).unlink(missing_ok=True)


def put_in_place(place: Place) -> str:
    """Give the fresh copy its final name; readers see the old one or the new one.

    Gives the fingerprint of what was put there: who writes it from now on writes another file.
    """
    with file_errors(place.destination):
        _sync(place.fresh)
        for tail in _SQLITE_TAILS:  # of a former file: SQLite would play it into the new one
            place.destination.with_name(place.destination.name + tail).unlink(missing_ok=True)
        place.fresh.replace(place.destination)
        left = fingerprint(place.destination)
        _sync(place.destination.parent)
    return left


def set_aside(place: Place, why: str, *, now: datetime) -> Path:
    """A second name for the copy as it is, saying why and when. The first one stays."""
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    aside = unused(place.destination.with_name(f"{place.destination.name}.{why}-{stamp}"))
    with file_errors(aside):
        for tail in ("", *_SQLITE_TAILS):
            beside = place.destination.with_name(place.destination.name + tail)
            if beside.exists():
                _name_twice(beside, aside.with_name(aside.name + tail))
        if place.activity.exists():
            place.activity.rename(
                unused(place.activity.with_name(f"{place.activity.name}.{why}-{stamp}"))
            )
    return aside


def _name_twice(path: Path, second: Path) -> None:
    try:
        os.link(path, second)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(path, second)


def unused(path: Path) -> Path:
    """This, or the first of -2, -3 … that nothing has: two moments can be called the same, by a
    clock that was set back as by work of one second."""
    names = map(path.with_name, alike(path.name))
    return next(found for found in names if _is_free(found))


def alike(called: str) -> Iterator[str]:
    """It, then with -2, -3 … at its end."""
    return chain([called], (f"{called}-{number}" for number in count(2)))


def _is_free(path: Path) -> bool:
    """Raises OSError where that cannot be seen: it may be there."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    return False


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
