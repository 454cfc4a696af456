"""Which faults strike a device-case, when, and on what."""

import random
import sqlite3
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests.faults import families
from tests.faults.case import Case, files_of
from tests.faults.harm import NothingLeft
from tests.faults.kinds import KINDS, Kind
from tests.faults.targets import Kept
from tests.faults.truth import Recording

HOW_MANY = (0, 1, 1, 1, 2, 2, 3)
FIRST, LAST = 1, 8  # looks


def all_kinds() -> dict[str, Kind]:
    for module in iter_modules(families.__path__, f"{families.__name__}."):
        import_module(module.name)
    return KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault that came about. `verified`: its device had been verified before; `seen`: what it
    struck had been there whole at a look."""

    kind: Kind
    target: Any
    look: int
    verified: bool
    seen: bool

    @property
    def item(self) -> Any:
        if isinstance(self.target, Kept):
            return self.target.item
        return getattr(self.target, "recording", self.target)


def planned(rng: random.Random) -> list[int]:
    """The looks before which a fault is to strike."""
    return sorted(rng.randint(FIRST, LAST) for _ in range(rng.choice(HOW_MANY)))


def strike(
    case: Case,
    look: int,
    rng: random.Random,
    only: Collection[str] = (),
    may: Callable[[Kind], bool] = lambda kind: True,
) -> Strike | None:
    """One fault of those that can strike this device now."""
    found: dict[Any, list[Any]] = {}
    kinds = {name: one for name, one in KINDS.items() if may(one) and (not only or name in only)}
    for kind in kinds.values():
        if kind.find not in found:
            found[kind.find] = list(kind.find(case))
    possible = [kind for kind in kinds.values() if found[kind.find]]
    if not possible:
        return None
    kind = rng.choice(possible)
    target = rng.choice(found[kind.find])
    seen = _was_whole(case, target)
    try:
        kind.act(case, target, rng)
    except (sqlite3.Error, OSError, NothingLeft):  # an earlier fault left nothing to strike
        return None
    verified = case.pulled.get("verify", 0.0) >= getattr(target, "ends", case.at)
    return Strike(kind=kind, target=target, look=look, verified=verified, seen=seen)


def _was_whole(case: Case, target: Any) -> bool:
    """And would show a change in its times: a file dated ahead of the real clock does not."""
    if isinstance(target, Recording):
        paths = [path for _, path in files_of(case, target)]
    else:
        paths = [getattr(target, "here", getattr(target, "path", case.root))]
    return all(
        path in case.sound and path.exists() and path.stat().st_mtime < time.time()
        for path in paths
    )
