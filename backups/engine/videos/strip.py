"""A recording as a strip: every file that is known of it, in order, and the state of each.

By the rules of `judge`, from what is remembered: what a file's size was then, its state is still.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from backups.engine.facts import ProblemKind
from backups.engine.videos.damage import Damages
from backups.engine.videos.judge import FIRST_YEAR, Growth, opinions
from backups.engine.videos.ledger import HERE, Here, KnownFiles
from backups.engine.videos.names import numbered
from backups.engine.videos.spans import spans
from backups.engine.videos.troubles import Opinion

MOST_CELLS = 600


class ChunkState(StrEnum):
    """Worst first: neighbours that share a cell are shown as the worst of them."""

    DAMAGED = "damaged"
    LOST = "lost"
    GAP = "gap"  # a number between others that nobody ever named
    MISSING = "missing"
    EMPTY = "empty"
    PART = "in part"
    UNPROVEN = "unproven"
    GROWING = "growing"
    COUNTED = "counted"
    EQUAL = "equal"


_RANK = {state: rank for rank, state in enumerate(ChunkState)}
_OF_KIND = {
    ProblemKind.CORRUPT: ChunkState.DAMAGED,
    ProblemKind.LOST: ChunkState.LOST,
    ProblemKind.MISSING: ChunkState.MISSING,
    ProblemKind.BEHIND: ChunkState.PART,
    ProblemKind.UNPROVEN: ChunkState.UNPROVEN,
    ProblemKind.LAGGING: ChunkState.GROWING,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """So many places wide: neighbours that are all of one state are drawn as one."""

    state: ChunkState
    width: int
    says: str


@dataclass(frozen=True, slots=True)
class Strip:
    """`files_a_place`: how many neighbours share one. `spans`: of each state, which files."""

    cells: tuple[Cell, ...]
    counts: Mapping[ChunkState, int]
    spans: Mapping[ChunkState, str]
    files_a_place: int

    @property
    def width(self) -> int:
        return sum(cell.width for cell in self.cells)


def strip_of(items: KnownFiles, damages: Damages, growth: Growth) -> Strip:
    """At most so many places; every file is in one."""
    states = _states(items, damages, growth)
    names = sorted(states, key=_place)
    share = -(-len(names) // MOST_CELLS) or 1
    places = [names[start : start + share] for start in range(0, len(names), share)]
    alike = groupby(places, key=lambda place: frozenset(states[name] for name in place))
    by_state: dict[ChunkState, list[bytes]] = {}
    for name in names:
        by_state.setdefault(states[name], []).append(name)
    return Strip(
        cells=tuple(_cell(list(some), states) for _, some in alike),
        counts={state: len(by_state.get(state, ())) for state in ChunkState},
        spans={state: spans(some) for state, some in by_state.items()},
        files_a_place=share,
    )


def _states(items: KnownFiles, damages: Damages, growth: Growth) -> dict[bytes, ChunkState]:
    here = {
        name: Here(b"", item.held, FIRST_YEAR, 0) for name, item in items.items() if item.has(HERE)
    }
    return {
        name: _state(opinion, is_named=bool(items[name].flags), is_empty=_is_empty(here.get(name)))
        for name, opinion in opinions(items, here, damages, growth)
    }


def _is_empty(file: Here | None) -> bool:
    return file is not None and not file.size


def _state(opinion: Opinion, *, is_named: bool, is_empty: bool) -> ChunkState:
    if opinion.fault is None:
        proven = opinion.proof in {"counted", "equal"}
        return ChunkState(opinion.proof) if proven else ChunkState.GROWING
    state = _OF_KIND[opinion.fault.kind]
    if state is not ChunkState.MISSING:
        return state
    if is_empty:
        return ChunkState.EMPTY
    return state if is_named else ChunkState.GAP


def _place(name: bytes) -> tuple[bool, bytes, bytes, int, bytes]:
    """By series and number; what has no number comes last."""
    place = numbered(name)
    if place is None:
        return True, b"", b"", 0, name
    return False, *place.series, place.number, name


def _cell(places: list[list[bytes]], states: Mapping[bytes, ChunkState]) -> Cell:
    names = [name for place in places for name in place]
    found = Counter(states[name] for name in names)
    worst = min(found, key=_RANK.__getitem__)
    said = ", ".join(f"{found[state]} {state}" for state in ChunkState if found[state])
    return Cell(worst, len(places), f"{spans(names)}: {worst if len(found) == 1 else said}")
