"""A clock of a host's own, which is stepped while all that runs there goes on.

It tells the date; what is waited for by the monotonic clock goes on, as on a machine. Times of
files are the kernel's, and right: as on a file server. Linux's time namespaces move no date.
"""

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
A_MOMENT = 1.0  # seconds in which a step is seen by all


@dataclass(frozen=True, slots=True)
class Step:
    """`at` by the true clock; since then it is so many seconds ahead."""

    at: float
    ahead: int


@dataclass(slots=True)
class Clock:
    """`library`: built by `build`. `file`: who runs there reads it at each question."""

    library: Path
    file: Path
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.set_ahead(0)

    @property
    def words(self) -> list[str]:
        """Before a command that is to live by it, with all that it starts."""
        return ["env", f"LD_PRELOAD={self.library}", f"ETHONODE_HOST_CLOCK={self.file}"]

    @property
    def most_ahead(self) -> int:
        """That it ever was."""
        return max(step.ahead for step in self.steps)

    def set_ahead(self, seconds: int) -> None:
        self.steps.append(Step(time.time(), seconds))
        with self.file.open("r+b" if self.file.exists() else "wb", buffering=0) as file:
            file.write(seconds.to_bytes(8, "little", signed=True))

    def true_times(self, told: float, *, now: float) -> list[float]:
        """When it can have shown this: by each step that was in force then."""
        ends = [*(step.at for step in self.steps[1:]), now]
        times = [
            (told - step.ahead, step.at, end) for step, end in zip(self.steps, ends, strict=True)
        ]
        return [at for at, since, end in times if since - A_MOMENT <= at <= end + A_MOMENT]


def build(folder: Path) -> Path:
    """The library that is preloaded."""
    library = folder / "clock.so"
    words = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(SOURCE)]
    subprocess.run(words, check=True)
    return library


def earliest(clocks: Iterable[Clock], told: float, *, now: float) -> float:
    """By the true clock, when any of them can have shown this; a moment that none can: never."""
    times = [at for clock in clocks for at in clock.true_times(told, now=now)]
    return min(times, default=float("inf"))
