"""What our disk lacks of what the lab's devices recorded; no evidence of the product's is used.

A database of a run that is over has all rows of it; of one that goes on it is there, opens, and
has no row less than it ever had. A chunk is there in its size, as soon as it had to be.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lab.chunks import Filming
from lab.fleet import SimulatedDevice
from lab.tracking import ResultWriter, Tracking

HOUR = 3600.0
MAX_AGE = {"mysql": 2 * HOUR, "sqlite": 2 * HOUR, "video": 6 * HOUR}
GREEN = ("protected", "none")
Backup = tuple[str, str]  # id of the device, type


class Holder(Protocol):
    """A lab, as far as it is needed here."""

    @property
    def devices(self) -> list[SimulatedDevice]: ...
    @property
    def videos_dir(self) -> Path: ...
    @property
    def results_dir(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Lack:
    """`since`: when it was seen first."""

    item: str
    what: str
    since: float


@dataclass(slots=True)
class Oracle:
    lab: Holder
    _known: dict[Backup, dict[str, Lack]] = field(default_factory=dict)
    _most: dict[Path, int] = field(default_factory=dict)  # rows that a copy ever had
    _read: dict[Path, tuple[tuple[int, int], int, str]] = field(default_factory=dict)

    def look(self, now: float) -> dict[Backup, dict[str, Lack]]:
        """Of each backup what is lacking, by the item."""
        found: dict[Backup, dict[str, Lack]] = {}
        for device in list(self.lab.devices):
            for kind, item, what in self._lacks(device, now):
                backup = (device.device_id, kind)
                before = self._known.get(backup, {}).get(item)
                lack = Lack(item, what, before.since if before else now)
                found.setdefault(backup, {})[item] = lack
        self._known = found
        return found

    def _lacks(self, device: SimulatedDevice, now: float) -> Iterator[tuple[str, str, str]]:
        for run in list(device.runs):
            kind = "mysql" if run.writer is ResultWriter.MYSQL else "sqlite"
            if what := self._of_run(run, now):
                yield kind, run.filename, what
        for recording in list(device.recordings):
            yield from self._of_recording(recording, now)

    def _of_run(self, run: Tracking, now: float) -> str:
        if now - run.started_at < MAX_AGE["sqlite"]:
            return ""
        path = self.lab.results_dir / run.path
        count, wrong = self._rows(path)
        if wrong:
            return wrong
        is_over = run.stopped_at is not None and now - run.stopped_at > MAX_AGE["sqlite"]
        wanted = run.rows if is_over else self._most.get(path, 0)
        self._most[path] = max(count, self._most.get(path, 0))
        return f"{count} of {wanted} rows" if count < wanted else ""

    def _rows(self, path: Path) -> tuple[int, str]:
        """Of one ROI, and what is wrong with it."""
        try:
            stat = path.stat()
            mark = (stat.st_size, stat.st_mtime_ns)
            if path in self._read and self._read[path][0] == mark:
                return self._read[path][1:]
            found = _read_rows(path)
        except OSError:
            return 0, "no copy"
        self._read[path] = (mark, *found)
        return found

    def _of_recording(self, recording: Filming, now: float) -> Iterator[tuple[str, str, str]]:
        folder = self.lab.videos_dir / recording.folder
        for chunk in list(recording.chunks()):
            if now - chunk.modified_at < MAX_AGE["video"]:
                continue
            try:
                size = (folder / chunk.name).stat().st_size
            except OSError:
                yield "video", chunk.name, "no copy"
                continue
            if size < chunk.size_bytes:
                yield "video", chunk.name, f"{size} of {chunk.size_bytes} bytes"


def _read_rows(path: Path) -> tuple[int, str]:
    address = f"file:{path}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as copy:
            [(count,)] = copy.execute("SELECT count(*) FROM ROI_1").fetchall()
            [(said,), *_] = copy.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return 0, ""  # it had no row yet
        return 0, str(error)
    except sqlite3.DatabaseError as error:
        return 0, str(error)
    return count, "" if said == "ok" else str(said)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the product said of a backup, and when it had looked at the disk for that."""

    verdict: str
    taken_at: float


def false_green(shown: Shown, lacks: dict[str, Lack]) -> bool:
    """Green, over something that was lacking already when the disk was looked at."""
    return shown.verdict in GREEN and any(lack.since < shown.taken_at for lack in lacks.values())


def lasting(
    before: dict[Backup, dict[str, Lack]], after: dict[Backup, dict[str, Lack]]
) -> dict[Backup, dict[str, Lack]]:
    """What was lacking all the time between two looks: an answer between them has to know it."""
    return {
        backup: still
        for backup, lacks in after.items()
        if (still := {item: one for item, one in lacks.items() if item in before.get(backup, {})})
    }
