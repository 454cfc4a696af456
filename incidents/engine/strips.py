"""A strip of time: from changes to stretches, placed between a beginning and an end."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

cache_one = lru_cache(maxsize=1)  # all lanes of a page have one span


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """What is drawn, and by which dates."""

    start: datetime
    end: datetime

    def place(self, at: datetime) -> float:
        """Per mille of the way."""
        share = (at - self.start) / (self.end - self.start)
        return round(1000 * min(1.0, max(0.0, share)), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From when to when, what it is (by which it is coloured), and in words."""

    begins: datetime
    ends: datetime
    what: str
    words: str = ""


def stretches(
    changes: Iterable[tuple[datetime, str]], *, before: str, span: TimeSpan
) -> Iterator[Stretch]:
    """What held when, given what held before and each change in its order. "": nothing known."""
    begins, what = span.start, before
    for at, new in changes:
        if at > begins and what:
            yield Stretch(begins=begins, ends=min(at, span.end), what=what)
        begins, what = max(at, span.start), new
    if what and begins < span.end:
        yield Stretch(begins=begins, ends=span.end, what=what)


def worst_stretches(
    changes: Iterable[tuple[datetime, str, str]],
    *,
    before: Mapping[str, str],
    since: datetime,
    severity: Mapping[str, int],
    span: TimeSpan,
    parts: int,
) -> Iterator[Stretch]:
    """Of several lanes one, in so many parts: each as bad as the worst that held in it. `before`
    held at `since`; what held earlier is not known.
    """
    length = (span.end - span.start) / parts
    names = {place: what for what, place in severity.items()}
    nothing = len(names)
    holds = {lane: severity[what] for lane, what in before.items()}
    worst, part = [nothing] * parts, min(int((since - span.start) / length), parts - 1)
    now = min(holds.values(), default=nothing)
    for at, lane, new in changes:
        to = min(int((at - span.start) / length), parts - 1)
        _held(worst, now, part, to)
        holds[lane], part = severity[new], to
        now = min(holds.values())
        worst[part] = min(worst[part], now)
    _held(worst, now, part, parts - 1)
    edges = _edges(span, parts)
    for what, first, last in _runs_of(worst):
        if what != nothing:
            yield Stretch(begins=edges[first], ends=edges[last], what=names[what])


def _held(worst: list[int], place: int, first: int, last: int) -> None:
    for part in range(first, last + 1):
        worst[part] = min(worst[part], place)


@cache_one
def _edges(span: TimeSpan, parts: int) -> list[datetime]:
    length = (span.end - span.start) / parts
    return [*(span.start + part * length for part in range(parts)), span.end]


def _runs_of(places: list[int]) -> Iterator[tuple[int, int, int]]:
    """What stands side by side: what it is, its first, and the one behind its last."""
    first = 0
    for last in range(1, len(places) + 1):
        if last == len(places) or places[last] != places[first]:
            yield places[first], first, last
            first = last
