"""One device-case: a device, its card and our disk as real files, and who copies what."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import databases
from tests.faults.truth import Device, Experiment, Recording, VideoFile

TYPES = ("mysql", "sqlite", "video")
Answer = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Care:
    """Who saves this device, and how often: at every look, or at those of these numbers."""

    daemons: set[str] = field(default_factory=lambda: set(TYPES))
    pulls_results: frozenset[int] = frozenset()
    pulls_videos: frozenset[int] = frozenset()
    mirrors: frozenset[int] = frozenset()
    verifies: frozenset[int] = frozenset()


@dataclass(slots=True, kw_only=True)
class Switches:
    """What faults have turned: obeyed by the answers, the daemons and the looks."""

    bend_entry: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    bend_inventory: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    bend_listing: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    listing_status: int = 0  # HTTP status in place of the list of videos
    around_look: list[Callable[[], AbstractContextManager[None]]] = field(default_factory=list)
    copy_ends: Callable[[bytes], bytes] | None = None  # what a daemon makes of a chunk
    before_look: list[Callable[[], None]] = field(default_factory=list)
    refuses_ssh: bool = False
    ours_ahead: list[float] = field(default_factory=list)  # our clock at the next looks, in seconds
    claim: str = "completed"


@dataclass(slots=True, kw_only=True, eq=False)
class Case:
    device: Device
    seed: str
    root: Path
    born_name: str  # as its MariaDB database is called
    care: Care = field(default_factory=Care)
    switches: Switches = field(default_factory=Switches)
    at: float = 0.0  # the card is as it was then
    copied_at: float = 0.0
    looked_at: float = 0.0
    verified_look: int = -1
    pulled: dict[str, float] = field(default_factory=dict)  # by kind of run: the last success
    written_off: set[Experiment] = field(default_factory=set)  # a person accepts that loss
    heard_clock: float = 0.0  # of its last answer
    told: set[Experiment | Recording] = field(default_factory=set)
    proven: set[Experiment | Recording] = field(default_factory=set)  # by a run of ours
    sound: dict[Path, tuple[object, ...]] = field(default_factory=dict)  # read, and as it should be
    ran: list[str] = field(default_factory=list)

    @property
    def card(self) -> Path:
        return self.root / "card"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def videos(self) -> Path:
        return self.root / "videos"

    def rng(self, *words: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, self.device.number, *words))))

    def on_card(self, item: Experiment | Recording) -> Path:
        below = "results" if isinstance(item, Experiment) else "videos"
        return self.card / below / item.place

    def here(self, item: Experiment | Recording) -> Path:
        return (self.results if isinstance(item, Experiment) else self.videos) / item.place

    def experiments(self, writer: str = "") -> list[Experiment]:
        return [
            one
            for one in self.device.experiments
            if one.exists(self.at) and writer in ("", one.writer)
        ]

    def recordings(self) -> list[Recording]:
        return [one for one in self.device.recordings if one.begins < self.at]

    def advance(self, until: float) -> None:
        """The card gets what is recorded by then."""
        before, self.at = self.at, until
        for one in self.experiments():
            if not one.gone and one.ends > before:
                self._write_database(one, until)
        for recording in self.recordings():
            if recording.ends > before:
                self._write_chunks(recording, before, until)

    def copy(self) -> None:
        """The daemons copy what the card has now."""
        self.copied_at = self.at
        for one in self.experiments():
            if one.writer in self.care.daemons and not one.gone:
                self.copy_database(one)
        if "video" in self.care.daemons:
            for recording in self.recordings():
                self.copy_chunks(recording)

    def copy_database(self, one: Experiment) -> None:
        source, copy = self.on_card(one), self.here(one)
        if not source.exists():
            return
        if one.writer == "sqlite":
            rsync(source, copy)
            return
        with suppress(sqlite3.Error):  # a mirror daemon gives a broken copy up, every time
            databases.grow(copy, one, self.at, key=databases.BY_MIRROR)

    def copy_chunks(self, recording: Recording) -> None:
        source, here = self.on_card(recording), self.here(recording)
        if not source.exists():
            return
        for path in sorted(source.iterdir()):
            if not path.is_file() or path.is_symlink():
                continue
            if rsync(path, here / path.name) and self.switches.copy_ends:
                copy = here / path.name
                copy.write_bytes(self.switches.copy_ends(copy.read_bytes()))

    def _write_database(self, one: Experiment, until: float) -> None:
        path = self.on_card(one)
        databases.grow(path, one, until)
        touch(path, one.clock.at(min(until, one.ends)))

    def _write_chunks(self, recording: Recording, before: float, until: float) -> None:
        folder = self.on_card(recording)
        folder.mkdir(parents=True, exist_ok=True)
        for file in recording.present(until):
            if file.ends > before:
                self._write_chunk(folder / file.name, file, until)

    def _write_chunk(self, path: Path, file: VideoFile, until: float) -> None:
        path.write_bytes(file.content(until))
        touch(path, self.device.clock.at(min(file.ends, until)))


def touch(path: Path, at: float) -> None:
    os.utime(path, (at, at))


def rsync(source: Path, copy: Path) -> bool:
    """As the daemon does: by size and time, into another file that takes the old one's name."""
    if copy.exists() and mark(copy) == mark(source):
        return False
    copy.parent.mkdir(parents=True, exist_ok=True)
    arriving = copy.with_name(f".{copy.name}.arrives")
    shutil.copy2(source, arriving)
    arriving.replace(copy)
    return True


def mark(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


Folders = dict[Path, tuple[int, ...]]


def folders_of(case: Case) -> Folders:
    """All folders of its videos here, each with its stamps and the number of its entries."""
    top = case.videos / case.device.device_id
    found = [top, *(path for path in top.rglob("*") if path.is_dir())] if top.is_dir() else []
    return {path: (*stamps(path), sum(1 for _ in path.iterdir())) for path in found}


def changed_at(at: float, before: Folders, after: Folders) -> None:
    """A real clock would have moved since the last look; here two changes share one tick."""
    for path, seen in after.items():
        if before.get(path) != seen:
            touch(path, at)


def stamps(path: Path) -> tuple[int, ...]:
    """Whoever writes the file changes these."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def files_of(case: Case, recording: Recording) -> Iterator[tuple[VideoFile, Path]]:
    """The files that a recording has by now, and where each belongs here."""
    folder = case.here(recording)
    return ((file, folder / file.name) for file in recording.present(case.at))
