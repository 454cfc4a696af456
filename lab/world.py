"""All that exists in one simulated lab, for its servers, its clockwork and its faults."""

import random
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from lab.answers import Role
from lab.device_side import DeviceSide
from lab.fleet import SimulatedDevice
from lab.machines import Machines
from lab.tracking import ResultWriter, Tracking
from lab.tree import Copied, NodeTree


class Clock:
    """The lab's time: the wall clock, or, given a start, one that only `advance` moves."""

    def __init__(self, started_at: float | None = None) -> None:
        self._at = started_at

    def now(self) -> float:
        return time.time() if self._at is None else self._at

    def advance(self, seconds: float) -> None:
        if self._at is not None:
            self._at += seconds


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a server of the lab was sent."""

    role: Role
    device_id: str  # of a device's server; empty for the others
    path: str


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Where the real software misleads; on unless a test wants an honest daemon."""

    false_completed: bool = True
    global_sizes: bool = True


@dataclass(slots=True, kw_only=True)
class World:
    root: Path
    clock: Clock
    rng: random.Random
    devices: list[SimulatedDevice]
    tree: NodeTree
    side: DeviceSide
    machines: Machines | None  # None: nobody can log in to any
    quirks: Quirks = field(default_factory=Quirks)
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=50_000))
    node_ip: str = "127.0.0.1"

    def now(self) -> float:
        return self.clock.now()

    def device(self, device_id: str) -> SimulatedDevice | None:
        return next((device for device in self.devices if device.device_id == device_id), None)

    def tell(self, device: SimulatedDevice) -> None:
        """Let a device look at its newest database, for what it is about to say."""
        for run in device.runs[-1:]:
            self.side.tell(run)

    def note_machines(self) -> None:
        """Let whoever logs in to a device meet it as it is now."""
        if self.machines:
            for device in self.devices:
                self.machines.note(device, card=self.side.card(device), now=self.now())

    def copy_run(self, run: Tracking) -> Copied | None:
        """As the daemon of its writer does. Raises OSError, StoreLost, NotReadyYet."""
        if run.writer is ResultWriter.SQLITE:
            return self.tree.pull_run(run, self.side.path(run))
        with self.side.reading(run) as source:
            return self.tree.mirror_run(run, source)
