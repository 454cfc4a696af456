"""What the two backup daemons have in common: cycles over the devices, and a state of each job."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.fleet import SimulatedDevice
from lab.world import World

CYCLE_SECONDS = 300.0
_TURNS_A_CYCLE = 30  # how many steps a cycle takes, however many devices there are
Phases = Iterator[str]  # each item is the message shown while the next phase works


class JobFailed(Exception):
    """A job ended without its data; the daemons tell no more than that."""


@dataclass(slots=True, kw_only=True)
class Job:
    """A daemon's memory of one device. `first_status` is the device's, and never updated."""

    device: SimulatedDevice
    name: str
    first_status: str
    started: int = 0
    ended: int = 0
    processing: bool = False
    count: int = 0
    state: str = "initializing"
    message: str = ""
    synced: dict[str, Any] = field(default_factory=dict)
    transfers: dict[str, Any] = field(default_factory=dict)
    phases: Phases = field(default_factory=lambda: iter(()))

    def progress(self) -> dict[str, Any]:
        done = self.state == "completed"
        progress = {
            "backup_status": 100.0 if done else 0.0,
            "backup_size": 0,
            "time_since_backup": 0.0,
            "backup_type": "unknown",
            "backup_method": "unknown",
            "status": self.state,
            "message": self.message,
        }
        return progress if self.processing else progress | {"completion_time": self.ended}


class Rounds:
    """Takes the devices in turn, a few at each step of the clockwork."""

    def __init__(self, world: World, work: Callable[[Job], Phases]) -> None:
        self.world = world
        self.jobs: dict[str, Job] = {}
        self.cycle = 0
        self.cycle_began_at = 0.0
        self.cycle_ended_at = 0.0
        self._work = work
        self._waiting: list[SimulatedDevice] = []

    def finish_cycle(self) -> None:
        """Do a whole cycle at once: what happened before the lab was looked at."""
        self._begin_cycle()
        while self.busy or self._waiting:
            self.step()

    @property
    def busy(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.processing]

    def step(self) -> None:
        for job in self.busy:
            self._go_on(job)
        if self._waiting:
            self._begin_some()
        elif not self.busy:
            self._end_or_begin_cycle()

    def eligible(self) -> list[SimulatedDevice]:
        """Open devices are left to whoever else makes backups."""
        here = [device for device in self.world.devices if device.online]
        return [device for device in here if not device.opened or device.copied_by_daemons]

    def _end_or_begin_cycle(self) -> None:
        if self.cycle_ended_at < self.cycle_began_at:
            self.cycle_ended_at = self.world.now()
        if self.world.now() - self.cycle_began_at >= CYCLE_SECONDS:
            self._begin_cycle()
            self._begin_some()

    def _begin_cycle(self) -> None:
        self.cycle += 1
        self.cycle_began_at = self.world.now()
        self._waiting = self.eligible()

    def _begin_some(self) -> None:
        at_once = max(1, math.ceil(len(self.world.devices) / _TURNS_A_CYCLE))
        now_due, self._waiting = self._waiting[:at_once], self._waiting[at_once:]
        for device in now_due:
            self._begin(device)

    def _begin(self, device: SimulatedDevice) -> None:
        job = self.jobs.setdefault(
            device.device_id,
            Job(device=device, name=device.name, first_status=device.status),
        )
        job.started, job.ended = int(self.world.now()), 0
        job.processing, job.state, job.count = True, "info", job.count + 1
        job.phases = self._work(job)
        self._go_on(job)

    def _go_on(self, job: Job) -> None:
        try:
            if not job.device.online:
                raise JobFailed
            job.message = next(job.phases)
        except StopIteration:
            self._end(job, "completed", "Backup completed successfully")
        except JobFailed:
            self._end(job, "error", "Backup failed")

    def _end(self, job: Job, state: str, message: str) -> None:
        job.processing, job.state, job.message = False, state, message
        job.ended = int(self.world.now())
