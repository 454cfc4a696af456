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
    "own clock": 0.6,  # of a host of ours, with all that runs there
    "damage": 1.0,  # of a copy on our disk
    "rotate": 0.3,  # the logs
}
LASTS = {  # seconds
    "cut": (2.0, 15.0),
    "full disk": (3.0, 10.0),
    "clock": (30.0, 30.0),
    "own clock": (20.0, 60.0),
    "damage": (60.0, 240.0),  # so that most are looked at
}
CLOCKS = ("clock-jump", "clock-jump-back", "clock-year-ahead", "clock-year-behind")
STEPS = ("hours ahead", "hours behind", "a year behind")
DAMAGES = ("missing-copy", "corrupt-copy")


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
    targets = {
        "cut": hosts,
        "full disk": disks,
        "clock": list(CLOCKS),
        "own clock": [f"{host} {step}" for host in hosts for step in STEPS],
        "damage": list(DAMAGES),
        "rotate": [""],
    }
    strikes = [*_kills(rng, minutes * 60, kills_a_minute)]
    for what, often in OTHERS_A_MINUTE.items():
        strikes += _others(rng, what, targets[what], minutes, often)
    return sorted(strikes)


def _kills(rng: random.Random, seconds: float, a_minute: float) -> Iterator[Strike]:
    turns = _dealt(rng, [name for name, count in KILLS.items() for _ in range(count)])
    for number in range(round(seconds / 60 * a_minute)):
        at = (number + rng.random()) * 60 / a_minute
        yield Strike(at, "kill", next(turns), chance=rng.random())


def _others(
    rng: random.Random, what: str, targets: list[str], minutes: float, often: float
) -> Iterator[Strike]:
    turns = _dealt(rng, targets)
    for number in range(round(minutes * often) if targets else 0):
        at = (number + rng.random()) * 60 / often
        yield Strike(at, what, next(turns), rng.uniform(*LASTS.get(what, (0.0, 0.0))), rng.random())


def _dealt(rng: random.Random, targets: list[str]) -> Iterator[str]:
    """In rounds, in which each has its turn: none is spared by chance."""
    while True:
        yield from rng.sample(targets, len(targets))


def counted(strikes: list[Strike]) -> Counter[str]:
    return Counter(strike.what for strike in strikes)
