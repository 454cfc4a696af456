"""The lab lives: data grows, daemons take turns, devices come and go. One step at a time."""

import math
from collections.abc import Callable, Iterable

from lab import life
from lab.daemons import Rounds
from lab.device_side import rest_after_absence
from lab.fleet import Habit, SimulatedDevice
from lab.tracking import ResultWriter
from lab.world import World

STEP_SECONDS = 5.0
_MOST_STEPS = 60  # of one tick: a day passes in steps of 24 minutes
_ABSENCE_EVERY, _ABSENCE_LASTS = 600.0, 240.0
_NEW_RUN_EVERY = 900.0
_NEW_RECORDING_EVERY = 1500.0


class Clockwork:
    """Moves a world. `daemons` gives those that are alive; a restless lab has its own events."""

    def __init__(
        self, world: World, daemons: Callable[[], Iterable[Rounds]], *, restless: bool
    ) -> None:
        self._world = world
        self._daemons = daemons
        self._restless = restless
        self._age = 0.0

    def pass_time(self, seconds: float) -> None:
        """Move a clock that stands still by itself."""
        steps = min(_MOST_STEPS, max(1, math.ceil(seconds / STEP_SECONDS)))
        for _ in range(steps):
            self._world.clock.advance(seconds / steps)
            self.step(seconds / steps)

    def step(self, seconds: float) -> None:
        """Do what is due after those seconds have passed."""
        for device in self._world.devices:
            rest_after_absence(device, now=self._world.now())
            self._world.side.grow(device, now=self._world.now())
        if self._restless:
            self._let_things_happen(seconds)
        for daemon in self._daemons():
            daemon.step()
        self._age += seconds

    def _let_things_happen(self, seconds: float) -> None:
        self._end_absences()
        for device in self._next(_ABSENCE_EVERY, seconds, _any):
            life.turn_off(self._world, device)
        for device in self._next(_NEW_RUN_EVERY, seconds, _tracks):
            life.stop_run(self._world, device)
            life.start_run(self._world, device)
        for device in self._next(_NEW_RECORDING_EVERY, seconds, _records):
            life.stop_recording(device)  # and begins anew in the next step
        for device in self._world.devices:
            if device.kind is Habit.VIDEO and _undisturbed(device):
                life.start_recording(self._world, device)

    def _end_absences(self) -> None:
        for device in self._world.devices:
            if device.off_since and self._world.now() - device.off_since >= _ABSENCE_LASTS:
                life.turn_on(device)

    def _next(
        self, every: float, seconds: float, suits: Callable[[SimulatedDevice], bool]
    ) -> list[SimulatedDevice]:
        """The device whose turn it is, or none: something is due once in so many seconds.

        Open devices are spared: whoever backs them up shall find them.
        """
        turn = int((self._age + seconds) // every)
        if turn == int(self._age // every):
            return []
        closed = [each for each in self._world.devices if not each.opened]
        suitable = [each for each in closed if _undisturbed(each) and suits(each)]
        return [suitable[turn % len(suitable)]] if suitable else []


def _any(device: SimulatedDevice) -> bool:
    return True


def _tracks(device: SimulatedDevice) -> bool:
    """And loses nothing by a new run: MariaDB drops the one before, with all that no daemon has
    copied yet. Data is lost by faults that somebody switches on, never by the lab's own life.
    """
    return device.run is not None and device.writer is not ResultWriter.MYSQL


def _records(device: SimulatedDevice) -> bool:
    return device.kind is Habit.VIDEO and device.recording is not None


def _undisturbed(device: SimulatedDevice) -> bool:
    """No fault was switched on for it: those are a person's or a test's."""
    return (
        device.online
        and device.frozen_since is None
        and not device.records_nothing
        and not any(run.held_back or not run.listed for run in device.runs)
    )
