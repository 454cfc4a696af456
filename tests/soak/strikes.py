"""Do what the plan says, and undo it when it is over."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.faults.options import FaultError
from lab.fleet import SimulatedDevice
from lab.tracking import ResultWriter
from tests.soak.plan import Strike
from tests.soak.processes import Process, cast, processes
from tests.soak.stack import Stack

HOUR, YEAR = 3600, 365 * 86_400
LONGEST_TURN = 20.0  # seconds for which a process that is just not there is waited for
SUPERVISORS_LOGS_AGAIN = signal.SIGUSR2


@dataclass(slots=True)
class Striker:
    stack: Stack
    done: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    to_verify: list[str] = field(default_factory=list)  # devices whose copy came back
    _undo: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _damaged: set[str] = field(default_factory=set)
    _waiting: list[tuple[float, Strike]] = field(default_factory=list)

    def go_through(self, strikes: list[Strike]) -> None:
        """Each at its moment. At the end nothing is left of any but what has to mend itself."""
        began = time.monotonic()
        for strike in strikes:
            while time.monotonic() - began < strike.at:
                self._meanwhile()
            self._do(strike)
        while self._undo:
            self._meanwhile()

    def _meanwhile(self) -> None:
        now = time.monotonic()
        for until, undo in [one for one in self._undo if one[0] <= now]:
            self._undo.remove((until, undo))
            undo()
        for since, strike in list(self._waiting):
            self._waiting.remove((since, strike))
            self._kill(strike, since)
        time.sleep(0.05)

    def _do(self, strike: Strike) -> None:
        if strike.what == "kill":
            self._kill(strike, time.monotonic())
            return
        deed = getattr(self, f"_{strike.what.replace(' ', '_')}")
        deed(strike)

    def _later(self, seconds: float, undo: Callable[[], None]) -> None:
        self._undo.append((time.monotonic() + seconds, undo))

    def _kill(self, strike: Strike, since: float) -> None:
        """Whoever plays that part now; where nobody does, as soon as somebody does."""
        every = processes()
        alive = cast(self.stack.keeper.pids(), every).get(strike.target, [])
        if not alive:
            if time.monotonic() - since < LONGEST_TURN:
                self._waiting.append((since, strike))
            else:
                self.missed[strike.target] += 1
            return
        with suppress(ProcessLookupError):
            os.kill(alive[int(strike.chance * len(alive))], signal.SIGKILL)
            self.killed[strike.target] += 1

    def _cut(self, strike: Strike) -> None:
        host = self.stack.hosts[strike.target]
        host.cut()
        self.done[f"cut of {strike.target}"] += 1
        self._later(strike.lasts, host.join)

    def _full_disk(self, strike: Strike) -> None:
        filler = self.stack.disks[strike.target] / "filler"
        fill(filler)
        self.done[f"full disk: {strike.target}"] += 1
        self._later(strike.lasts, lambda: filler.unlink(missing_ok=True))

    def _clock(self, strike: Strike) -> None:
        device = self._one(random.Random(strike.chance), _tracks_into_a_file)
        self._fault(strike.target, device, lasts=strike.lasts)
        self.done["clock of a device"] += 1

    def _own_clock(self, strike: Strike) -> None:
        """Stepped, and set right again: a second step, the other way."""
        host, _, step = strike.target.partition(" ")
        clock = self.stack.clocks[host]
        clock.set_ahead(stepped(step, strike.chance))
        self.done[f"own clock: {strike.target}"] += 1
        self._later(strike.lasts, lambda: clock.set_ahead(0))

    def _damage(self, strike: Strike) -> None:
        if strike.target in self._damaged:
            return  # one of a sort at a time: its end is that of all
        self._damaged.add(strike.target)
        device = self._one(random.Random(strike.chance), _is_copied_by_the_lab)
        self._fault(strike.target, device, lasts=strike.lasts)
        self._later(strike.lasts, lambda: self._mended(strike.target, device))
        self.done[f"damage: {strike.target}"] += 1

    def _mended(self, name: str, device: SimulatedDevice) -> None:
        """The copy is whole again: that it was damaged is over when it was read to its end."""
        self._damaged.discard(name)
        self.to_verify.append(device.device_id)

    def _fault(self, name: str, device: SimulatedDevice, *, lasts: float) -> None:
        with suppress(FaultError):
            self.stack.lab.faults.switch_on(name, device=device)
            self._later(lasts, lambda: self.stack.lab.faults.switch_off(name))

    def _one(self, rng: random.Random, suits: Callable[[SimulatedDevice], bool]) -> SimulatedDevice:
        return rng.choice([device for device in self.stack.lab.devices if suits(device)])

    def _rotate(self, strike: Strike) -> None:
        """Moved, made anew, and the supervisor is told, as logrotate does."""
        folder = self.stack.folder / "var" / "log"
        with suppress(OSError):
            for log in list(folder.glob("*.log")):
                log.rename(log.with_suffix(f".log.{int(time.time())}"))
                log.touch()
        with suppress(ProcessLookupError, KeyError):
            os.kill(self.stack.keeper.pids()["main"], SUPERVISORS_LOGS_AGAIN)
        self.done["logs rotated"] += 1


def stepped(step: str, chance: float) -> int:
    """Seconds; more than a short soak lasts, so that a time tells which clock has shown it."""
    hours = int((2 + 10 * chance) * HOUR)
    return {"hours ahead": hours, "hours behind": -hours, "a year behind": -YEAR - hours}[step]


def fill(path: Path) -> None:
    """Until no byte more fits on its disk."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass


def memory(stack: Stack, every: dict[int, Process]) -> dict[str, int]:
    """Of each part that lives for long, together."""
    parts = cast(stack.keeper.pids(), every)
    return {
        name: max(every[pid].memory for pid in pids)
        for name, pids in parts.items()
        if pids and name != "tool"
    }


def _is_copied_by_the_lab(device: SimulatedDevice) -> bool:
    return not device.opened and device.run is not None


def _tracks_into_a_file(device: SimulatedDevice) -> bool:
    return _is_copied_by_the_lab(device) and device.writer is ResultWriter.SQLITE
