"""One device-case: a device, its card and our disk as real files, and who copies what."""

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import databases
from tests.faults.care import Care, Switches
from tests.faults.truth import Device, Experiment, OtherFile, Recording, VideoFile

Item = Experiment | Recording | OtherFile


@dataclass(slots=True, kw_only=True, eq=False)
class Case:
    device: Device
    seed: str
    root: Path
    born_name: str  # as its MariaDB database is called
    care: Care = field(default_factory=Care)
    switches: Switches = field(default_factory=Switches)
    at: float = 0.0  # the card is as it was then
    later: float = 0.0  # seconds: what is pressed one after another at one look
    copied_at: float = 0.0
    looked_at: float = 0.0
    verified_look: int = -1
    listed_look: int = -1
    listed_at: float = 0.0
    listed_before: float = 0.0  # the listing before that: what came since may be as old
    proved_look: int = -1
    pulled: dict[str, float] = field(default_factory=dict)  # by kind of run: the last success
    written_off: set[Experiment] = field(default_factory=set)  # a person accepts that loss
    heard_clock: float = 0.0  # of its last answer
    told: set[Item] = field(default_factory=set)
    more_rows: set[Experiment] = field(default_factory=set)  # of its server: one that nobody told
    other_rows: set[Experiment] = field(default_factory=set)  # of its server: one is rewritten
    kept_open: list[Any] = field(default_factory=list)
    proven: set[Experiment | Recording] = field(default_factory=set)  # by a run of ours
    sound: dict[Path, tuple[object, ...]] = field(default_factory=dict)  # read, and as it should be
    ran: list[str] = field(default_factory=list)

    @property
    def card(self) -> Path:
        """Its data root, wherever the card is now."""
        return self.switches.card_aside or self.login_root

    @property
    def login_root(self) -> Path:
        """The data root that somebody finds at its address."""
        return self.root / "cards-there" / self.device.address

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def videos(self) -> Path:
        return self.root / "videos"

    def rng(self, *words: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, self.device.number, *words))))

    def on_card(self, item: Experiment | Recording) -> Path:
        """What MariaDB holds is in no file of the data root; it has one beside that here."""
        if isinstance(item, Recording):
            return self.card / "videos" / item.place
        place = self.card / "results" if item.writer == "sqlite" else self.root / "servers"
        return place / item.place

    def other_on_card(self, other: OtherFile) -> Path:
        return self.card / os.fsdecode(other.path)

    def others_here(self, other: OtherFile) -> list[Path]:
        """Where a copy of it may lie, best first."""
        return places_here(self, other.path)

    def others_kept(self, other: OtherFile) -> list[Path]:
        """Copies of it that a pull moved aside, for the card's file was another one by then."""
        kept = self.root / "cards" / ".kept" / self.device.device_id
        moments = kept.iterdir() if kept.exists() else ()
        return [moment / os.fsdecode(other.path) for moment in moments]

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

    def others(self) -> list[OtherFile]:
        return [one for one in self.device.others if one.since <= self.at]

    def advance(self, until: float) -> None:
        """The card gets what is recorded by then."""
        before, self.at, self.later = self.at, until, 0.0
        for below in ("results", "videos"):  # its software makes them before anything else
            (self.card / below / self.device.device_id).mkdir(parents=True, exist_ok=True)
        for one in (one for one in self.experiments() if not one.gone and one.ends > before):
            self._write_database(one, until)
        for recording in (one for one in self.recordings() if one.ends > before):
            self._write_chunks(recording, before, until)
        for other in (one for one in self.others() if one.since > before and not one.gone):
            self.write_other(other)

    def write_other(self, other: OtherFile) -> None:
        path = self.other_on_card(other)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(other.content)
        touch(path, self.device.clock.at(other.since))

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


def places_here(case: Case, path: bytes) -> list[Path]:
    """Where our disk may have a copy of a file of the card, by its path below the data root."""
    whole = os.fsdecode(path)
    own = [case.root / whole] if whole.startswith(("results/", "videos/")) else []
    return [*own, case.root / "cards" / case.device.device_id / whole]


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
