"""What a kind of fault is, and where all kinds are registered."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.case import Case

# What a fault does to the truth of what is shown.
LOSS = "loss"  # data is lost or unsaved, or a copy is damaged: green would be false
BLIND = "blind"  # evidence is gone: nothing is lost, and nobody can know it
HARMLESS = "harmless"  # nothing changes: any alarm would be false

UNLISTED = "no listing names it"
# Why no look can show a loss yet.
HIDDEN = frozenset({"content", "verify", "size", "blocks", UNLISTED})

Find = Callable[[Case], Iterable[Any]]
Act = Callable[[Case, Any, random.Random], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault. `find` gives what it can strike; `hidden`: why no look can show it yet."""

    name: str
    family: str
    effect: str
    find: Find
    act: Act
    hidden: str


KINDS: dict[str, Kind] = {}


def kind(name: str, find: Find, *, effect: str = LOSS, hidden: str = "") -> Callable[[Act], Act]:
    """Register a kind; its family is the module that it stands in."""

    def register(act: Act) -> Act:
        if name in KINDS:
            raise ValueError(f"two kinds are called {name!r}")
        if hidden and hidden not in HIDDEN:
            raise ValueError(f"{name!r} is hidden by {hidden!r}, which is no reason")
        KINDS[name] = Kind(
            name=name,
            family=act.__module__.rpartition(".")[2],
            effect=effect,
            find=find,
            act=act,
            hidden=hidden,
        )
        return act

    return register
