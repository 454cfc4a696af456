"""What strikes, when: all of it follows from the seed."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

# How often each process is killed in a round, in which each has its turn.
KILLS = {
    "supervisor": 1,
    "web": 1,
    "web child": 2,
    "worker": 1,
    "worker child": 6,
    "beat": 1,
    "second worker": 1,
    "second worker's child": 6,
    "redis": 1,
    "postgres": 1,
    "postgres child": 5,
    "tool": 4,  # what a worker started: rsync, ssh, who sends a message
}
OTHERS_A_MINUTE = {
    "cut": 1.0,  # a host from all others
    "full disk": 0.7,
    "clock": 0.7,  # of a device
    "damage": 1.0,  # of a copy on our disk
    "rotate": 0.3,  # the logs
}
CUT = (2.0, 15.0)  # seconds
FULL = (3.0, 10.0)
DAMAGED = (40.0, 150.0)
DAMAGES = ("missing-copy", "corrupt-copy")
NEEDS_HOSTS = ("cut",)


@dataclass(frozen=True, slots=True, order=True)
class Strike:
    """`at`: seconds after the first; `lasts` 0: it is over at once."""

    at: float
    what: str
    target: str
    lasts: float = 0.0
    chance: float = 0.0  # which of several


def plan(
    seed: str, *, minutes: float, kills_a_minute: float, hosts: list[str], disks: list[str]
) -> list[Strike]:
    """In their order. Without hosts no link is cut, and without disks none is full."""
    rng = random.Random(seed)
    strikes = [*_kills(rng, minutes * 60, kills_a_minute)]
    targets = {"cut": hosts, "full disk": disks, "damage": list(DAMAGES)}
    for what, often in OTHERS_A_MINUTE.items():
        strikes += _others(rng, what, targets.get(what, [""]), minutes, often)
    return sorted(strikes)


def _kills(rng: random.Random, seconds: float, a_minute: float) -> Iterator[Strike]:
    turns: list[str] = []
    for number in range(round(seconds / 60 * a_minute)):
        if not turns:
            turns = [name for name, count in KILLS.items() for _ in range(count)]
            rng.shuffle(turns)
        at = (number + rng.random()) * 60 / a_minute
        yield Strike(at, "kill", turns.pop(), chance=rng.random())


def _others(
    rng: random.Random, what: str, targets: list[str], minutes: float, often: float
) -> Iterator[Strike]:
    lasts = {"cut": CUT, "full disk": FULL, "damage": DAMAGED}.get(what, (0.0, 0.0))
    for number in range(round(minutes * often) if targets else 0):
        at = (number + rng.random()) * 60 / often
        yield Strike(at, what, rng.choice(targets), rng.uniform(*lasts), rng.random())


def counted(strikes: list[Strike]) -> Counter[str]:
    return Counter(strike.what for strike in strikes)
