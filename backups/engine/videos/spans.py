"""Many chunks in few words: "chunks 11-80 (70) are not here"."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from backups.engine.grammar import agreeing
from backups.engine.videos.names import numbered, text_of

MOST_SPANS = 8
MOST_NAMES = 3


def spans(names: Iterable[bytes], words: str = "") -> str:
    """Name chunks by their numbers, and files without one by their names. `words`, which are of
    many: what is said of them."""
    numbers, others = set(), []
    for name in names:
        if place := numbered(name):
            numbers.add(place.number)
        else:
            others.append(name)
    said = [_numbers(sorted(numbers))] if numbers else []
    named = " and ".join([*said, *([_others(sorted(others))] if others else [])])
    return f"{named} {agreeing(words, len(numbers) + len(others))}" if words else named


def _numbers(numbers: list[int]) -> str:
    runs = list(_runs(numbers))
    if len(numbers) == 1:
        return f"chunk {numbers[0]}"
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs[:MOST_SPANS])
    more = ", …" if len(runs) > MOST_SPANS else ""
    return f"chunks {shown}{more} ({len(numbers)})"


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    first = numbers[0]
    for before, after in pairwise(numbers):
        if after > before + 1:
            yield first, before
            first = after
    yield first, numbers[-1]


def _others(names: list[bytes]) -> str:
    shown = ", ".join(text_of(name, longest=80) for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
