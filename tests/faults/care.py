"""Who saves a device, and how often; and what faults have turned."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWN_RUNS = {"mysql": "mirrors", "sqlite": "pulls_results", "video": "pulls_videos"}
TYPES = tuple(OWN_RUNS)
Answer = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Care:
    """Who saves this device, and how often: at every look, or at those of these numbers."""

    daemons: set[str] = field(default_factory=lambda: set(TYPES))
    pulls_results: frozenset[int] = frozenset()
    pulls_videos: frozenset[int] = frozenset()
    mirrors: frozenset[int] = frozenset()
    verifies: frozenset[int] = frozenset()
    lists: frozenset[int] = frozenset()
    pulls_files: frozenset[int] = frozenset()
    proves: frozenset[int] = frozenset()
    asks: frozenset[int] = frozenset()  # whether its card may be wiped

    def stop(self, *types: str) -> None:
        """Nobody saves data of these types any more: by default of none."""
        for one in types or TYPES:
            self.daemons.discard(one)
            setattr(self, OWN_RUNS[one], frozenset())

    def stop_own_runs(self) -> None:
        for runs in OWN_RUNS.values():
            setattr(self, runs, frozenset())


@dataclass(slots=True, kw_only=True)
class Switches:
    """What faults have turned: obeyed by the answers, the daemons and the looks."""

    bend_entry: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    bend_inventory: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    bend_listing: list[Callable[[Answer, float], Any]] = field(default_factory=list)
    listing_status: int = 0  # HTTP status in place of the list of videos
    around_look: list[Callable[[], AbstractContextManager[None]]] = field(default_factory=list)
    copy_ends: Callable[[bytes], bytes] | None = None  # what a daemon makes of a chunk
    before_look: list[Callable[[], None]] = field(default_factory=list)
    refuses_ssh: bool = False
    machine: list[str] = field(default_factory=list)  # run before what is fed to its python3
    cut: int | None = None  # bytes after which each answer of its python3 ends
    cut_once: dict[str, int] = field(default_factory=dict)  # the same, at the next run of a kind
    card_aside: Path | None = None  # where the card is that is at its address no more
    other_id: str = ""  # of the device that is at its address now
    around_ask: list[Callable[[], AbstractContextManager[None]]] = field(default_factory=list)
    no_yes: list[str] = field(default_factory=list)  # why no answer could rest on what is seen
    ours_ahead: list[float] = field(default_factory=list)  # our clock at the next looks, in seconds
    claim: str = "completed"
