"""What a check may answer. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """Worst first. What could not be asked is never fine."""

    WRONG = "wrong"
    UNKNOWN = "cannot tell"
    OFF = "not configured"
    OK = "ok"


EXIT_CODES = {Standing.WRONG: 1, Standing.UNKNOWN: 2, Standing.OFF: 0, Standing.OK: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One device, folder or file that is not as it should be."""

    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupAnswer:
    """`line`: what a person types to mend it."""

    standing: Standing
    words: str
    line: str = ""
    ones: tuple[One, ...] = ()


def ok(words: str, *, ones: Iterable[One] = ()) -> SetupAnswer:
    return SetupAnswer(standing=Standing.OK, words=words, ones=tuple(ones))


def wrong(words: str, line: str = "", *, ones: Iterable[One] = ()) -> SetupAnswer:
    return SetupAnswer(standing=Standing.WRONG, words=words, line=line, ones=tuple(ones))


def unknown(words: str, line: str = "", *, ones: Iterable[One] = ()) -> SetupAnswer:
    return SetupAnswer(standing=Standing.UNKNOWN, words=words, line=line, ones=tuple(ones))


def off(words: str, line: str = "", *, ones: Iterable[One] = ()) -> SetupAnswer:
    return SetupAnswer(standing=Standing.OFF, words=words, line=line, ones=tuple(ones))


def worst(standings: Iterable[Standing]) -> Standing:
    order = list(Standing)
    return min(standings, key=order.index, default=Standing.UNKNOWN)
