"""A file came again and is not what is here: it grew, or it is another one and is kept apart."""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from backups.engine.pull.heard import Item
from backups.engine.pull.tree import VideoTree

MOST_VERSIONS = 9  # of one file in quarantine
_PIECE = 1024 * 1024


class Settled(StrEnum):
    GREW = "grew"
    REPAIRED = "repaired"  # ours is known to be damaged: it lies apart now
    QUARANTINED = "quarantined"
    ABSENT = "absent"  # it did not arrive


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in quarantine, and why it is not in its place."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Arrivals:
    tree: VideoTree

    def settle(self, path: str, *, is_damaged: bool = False) -> Settled:
        """Put what arrived apart where it belongs. `is_damaged`: the one that is here."""
        came, here = self.tree.apart / path, self.tree.own / path
        if not came.is_file() or came.is_symlink():
            return Settled.ABSENT
        if _begins_with(came, here):
            came.replace(here)
            return Settled.GREW
        if not self._has_room(path):
            return Settled.ABSENT
        kept = self._free_place(path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if is_damaged and came.stat().st_size >= here.stat().st_size:
            _name_twice(here, kept)  # so that one of the two is always in its place
            came.replace(here)
            return Settled.REPAIRED
        came.replace(kept)
        return Settled.QUARANTINED

    def known(self, item: Item) -> Kept | None:
        """The version of a file that lies in quarantine already, told by size and time."""
        for place in self._places(item.path):
            if place.is_file() and _is_of(place, item):
                here = (self.tree.own / item.path).stat().st_size
                reason = f"{here:,} bytes here, {item.size_bytes:,} other ones on the device"
                return Kept(place, reason)
        if not self._has_room(item.path):
            reason = f"{MOST_VERSIONS} other versions of it are in quarantine already"
            return Kept(self._places(item.path)[-1], reason)
        return None

    def is_known(self, item: Item) -> bool:
        return self.known(item) is not None

    def _places(self, path: str) -> list[Path]:
        first = self.tree.quarantine / path
        others = [first.with_name(f"{first.name}.{n}") for n in range(2, MOST_VERSIONS + 1)]
        return [first, *others]

    def _has_room(self, path: str) -> bool:
        return any(not place.exists() for place in self._places(path))

    def _free_place(self, path: str) -> Path:
        return next(place for place in self._places(path) if not place.exists())


def _name_twice(path: Path, second: Path) -> None:
    try:
        second.hardlink_to(path)
    except OSError:  # FAT has one name a file
        shutil.copy2(path, second)


def _is_of(place: Path, item: Item) -> bool:
    seen = place.stat()
    return seen.st_size == item.size_bytes and item.has_time(seen.st_mtime_ns)


def _begins_with(came: Path, here: Path) -> bool:
    """Whether nothing that is here would be lost."""
    if came.stat().st_size < here.stat().st_size:
        return False
    with came.open("rb") as longer, here.open("rb") as shorter:
        while piece := shorter.read(_PIECE):
            if longer.read(len(piece)) != piece:
                return False
    return True
