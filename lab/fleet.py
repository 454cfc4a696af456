"""Who there is in the simulated lab, the same for the same seed."""

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lab.chunks import CHUNK_SECONDS, DAY, Filming, plan_recordings
from lab.tracking import DATA_ROOT, ResultWriter, Tracking, new_run

NETWORK = "127.60"  # of the devices' addresses, the first half
MOST_DEVICES = 999  # an id begins with the device's number in three digits


class Habit(StrEnum):
    """What a device does, and with which software."""

    SQLITE = "sqlite"  # tracks now, into SQLite
    MYSQL = "mysql"  # tracks now, into MariaDB
    OLD = "old"  # tracks now, with firmware of July 2025 that lists its videos
    VIDEO = "video"  # records video now, never tracked
    IDLE = "idle"  # tracked and recorded once, does nothing now
    NOTHING = "nothing"  # fresh from the box


# One of each, then mostly what labs mostly run.
_FIRST = (Habit.SQLITE, Habit.MYSQL, Habit.OLD, Habit.VIDEO, Habit.IDLE, Habit.NOTHING)
_HALF = (Habit.SQLITE, Habit.SQLITE, Habit.MYSQL, Habit.SQLITE, Habit.VIDEO)
_THEN = (*_HALF, Habit.SQLITE, Habit.OLD, Habit.SQLITE, Habit.IDLE, Habit.SQLITE)
# Open devices are those that a backup has most to do with, first of all.
_OPEN_FIRST = (
    *(Habit.MYSQL, Habit.VIDEO, Habit.SQLITE, Habit.IDLE, Habit.SQLITE, Habit.OLD),
    *(Habit.VIDEO, Habit.VIDEO, Habit.OLD),
)
OPEN_SCALE = 1 / 4_000  # some 10 kB a chunk
_OPEN_CHUNKS = 24
_FILMING = {Habit.OLD, Habit.VIDEO, Habit.IDLE}  # who tracks needs no video, and mostly keeps none
_WRITERS = {
    Habit.SQLITE: ResultWriter.SQLITE,
    Habit.MYSQL: ResultWriter.MYSQL,
    Habit.OLD: ResultWriter.SQLITE,
    Habit.IDLE: ResultWriter.SQLITE,
}


class Ailment(StrEnum):
    """What ails a device, or its card, for whoever logs in."""

    HANGS = "hangs"  # it lets in, and never answers
    GREETS = "greets"  # its shell says something at each login
    NO_PYTHON = "no python"
    CARD_ERRORS = "card errors"  # counted by ext4
    KERNEL_ERRORS = "kernel errors"  # of the card, in the kernel's log
    WEAK_POWER = "weak power"
    READ_ONLY = "read-only"
    FULL = "full"


@dataclass(slots=True, kw_only=True)
class SimulatedDevice:
    """A device: what it has and how it is. What the node holds of it is on the node's disk."""

    number: int
    device_id: str
    name: str
    address: str
    kind: Habit
    booted_at: float
    opened: bool = False  # real servers let others in; the lab's daemons leave it alone
    served: bool = False  # its MariaDB is a real one, which anybody may ask
    keeps_wal: bool = False  # a run that is stopped stays open, its end in the -wal
    copied_by_daemons: bool = False  # though it is open
    own_id: str = ""  # where it bears another's
    video_list: str = "paths"  # or "gone", "error", "nothing", "metadata", "hashes"
    tells_sizes: bool = False  # firmware whose inventory knows sizes and counts
    data_root: str = DATA_ROOT
    runs: list[Tracking] = field(default_factory=list)
    recordings: list[Filming] = field(default_factory=list)
    online: bool = True
    off_since: float | None = None  # None and not online: never seen since the node's start
    frozen_since: float | None = None  # its listener died: /data answers with an error
    null_status: bool = False
    records_nothing: bool = False  # says "recording" and writes no file
    clock_offset: float = 0.0
    inventory: str = "told"  # or "empty", "missing"
    remembered: dict[str, Any] = field(default_factory=dict)  # the node's last entry of it
    ails: set[Ailment] = field(default_factory=set)

    @property
    def writer(self) -> ResultWriter | None:
        return _WRITERS.get(self.kind)

    @property
    def run(self) -> Tracking | None:
        """The run that is being written now."""
        return self.runs[-1] if self.runs and self.runs[-1].stopped_at is None else None

    @property
    def recording(self) -> Filming | None:
        """The recording that is being written now."""
        return self.recordings[-1] if self.recordings and not self.recordings[-1].stopped else None

    @property
    def status(self) -> str:
        if self.run:
            return "running"
        return "recording" if self.recording or self.records_nothing else "stopped"

    @property
    def is_old(self) -> bool:
        return self.kind is Habit.OLD


def make_fleet(
    *,
    devices: int,
    chunks: int,
    seed: int,
    now: float,
    first: int = 1,
    opened: Collection[str] = (),
    network: str = NETWORK,
) -> list[SimulatedDevice]:
    """Devices number `first` to `devices`. The same arguments give the same fleet.

    `opened` are ids: these film little.
    """
    return [
        make_device(number, chunks=chunks, seed=seed, now=now, opened=opened, network=network)
        for number in range(first, devices + 1)
    ]


def make_device(
    number: int,
    *,
    chunks: int,
    seed: int,
    now: float,
    opened: Collection[str] = (),
    network: str = NETWORK,
) -> SimulatedDevice:
    rng = _rng(number, seed)
    device = SimulatedDevice(
        number=number,
        device_id=_device_id(number, rng),
        name=f"ETHOSCOPE_{number:03d}",
        address=f"{network}.{number // 250}.{number % 250 + 1}",
        kind=_kind(number),
        booted_at=now - rng.uniform(6, 9) * DAY,
    )
    device.opened = device.device_id in opened
    if device.kind is not Habit.NOTHING:
        few = min(chunks, _OPEN_CHUNKS) if device.opened else chunks
        _give_past(device, rng, chunks=few, now=now)
    return device


def open_device_ids(*, devices: int, seed: int, count: int) -> list[str]:
    """The ids of a lab's open devices, if it has `devices` in all and opens `count` of them.

    One of each kind comes first, then by their numbers; a lab needs not be there yet.
    """
    if count < 0:
        raise ValueError(f"a lab opens no {count} devices")
    numbers = _open_numbers(devices)[:count]
    return [_device_id(number, _rng(number, seed)) for number in numbers]


def kind_of(device_id: str) -> Habit:
    return _kind(int(device_id[:3]))


def _open_numbers(devices: int) -> list[int]:
    left = [number for number in range(1, devices + 1) if _kind(number) is not Habit.NOTHING]
    found = []
    for kind in _OPEN_FIRST:
        if number := next((number for number in left if _kind(number) is kind), None):
            left.remove(number)
            found.append(number)
    return [*found, *left]


def _rng(number: int, seed: int) -> random.Random:
    return random.Random(f"{seed}/{number}")  # noqa: S311  a fleet, not a secret


def _device_id(number: int, rng: random.Random) -> str:
    return f"{number:03d}{rng.getrandbits(116):029x}"


def _kind(number: int) -> Habit:
    index = number - 1
    return _FIRST[index] if index < len(_FIRST) else _THEN[(index - len(_FIRST)) % len(_THEN)]


def _give_past(device: SimulatedDevice, rng: random.Random, *, chunks: int, now: float) -> None:
    if device.kind in _FILMING:
        device.recordings = plan_recordings(
            rng, device_id=device.device_id, folder_name=device.name, chunks=chunks, now=now
        )
    for index, recording in enumerate(device.recordings):
        recording.with_md5 = device.is_old and index == 0 and not device.opened
        recording.merged = device.kind is Habit.IDLE and index == 0 and not device.opened
        recording.scale = OPEN_SCALE if device.opened else 1.0
    if device.kind is Habit.VIDEO and device.recordings:
        _keep_recording(device.recordings[-1], now=now)
    if device.writer:
        device.runs = _past_runs(device, rng, writer=device.writer, now=now)


def _keep_recording(newest: Filming, *, now: float) -> None:
    """Move the newest recording so that it is being written at this moment."""
    length = newest.chunk_count * CHUNK_SECONDS - CHUNK_SECONDS / 2
    newest.started_at = float(int(now - length))
    newest.ended_at = now
    newest.stopped = False


def _past_runs(
    device: SimulatedDevice, rng: random.Random, *, writer: ResultWriter, now: float
) -> list[Tracking]:
    ends: list[float | None] = [now - rng.uniform(40, 90) * DAY, now - rng.uniform(9, 20) * DAY]
    if device.kind is not Habit.IDLE:
        ends.append(None)
    return [_past_run(device, rng, writer=writer, now=now, ended_at=end) for end in ends]


def _past_run(
    device: SimulatedDevice,
    rng: random.Random,
    *,
    writer: ResultWriter,
    now: float,
    ended_at: float | None,
) -> Tracking:
    until = now if ended_at is None else ended_at
    run = new_run(
        rng,
        device_id=device.device_id,
        folder_name=device.name,
        writer=writer,
        started_at=until - rng.uniform(2, 5) * DAY,
    )
    run.last_row_at = until
    run.stopped_at = ended_at
    return run
