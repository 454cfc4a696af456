"""One step after the other: each with its gate and its deadline, and a line that tells of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


class NotHeld(Exception):
    """Something is not as it has to be; the text says what."""


def hold(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise NotHeld(otherwise)


def until(happened: Callable[[], str], patience: float) -> None:
    """Wait while it says what is still lacking; "": nothing. Raises NotHeld."""
    late = time.monotonic() + patience
    while lacking := happened():
        hold(time.monotonic() < late, f"after {patience:.0f} s: {lacking}")
        time.sleep(1)


@dataclass(slots=True)
class Story:
    failed: list[str] = field(default_factory=list)

    def step(self, what: str, deed: Callable[[], str]) -> bool:
        """What follows is tried also where this did not hold."""
        began = time.monotonic()
        try:
            said = deed()
        except NotHeld as error:
            self.failed.append(f"{what}: {error}")
            said = f"NOT HELD: {error}"
        seconds = time.monotonic() - began
        print(f"{time.strftime('%H:%M:%S')} {seconds:5.0f} s  {what}: {said}", flush=True)
        return not said.startswith("NOT HELD")
