"""What is said of files that are not safe: one by one, and all of one kind in a recording."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from backups.engine.facts import ProblemKind
from backups.engine.videos.names import numbered
from backups.engine.videos.spans import spans
from backups.engine.videos.telling import CHUNK_SECONDS


class FileFault(NamedTuple):
    """What is wrong with one file, in words that stand after the numbers of many."""

    kind: ProblemKind
    since: int
    words: str
    at_risk: int | None = None  # bytes; None: nobody told


class Opinion(NamedTuple):
    """What a rule says of a file: how far it is proven, if it is sound, and what is wrong."""

    proof: str = ""
    fault: FileFault | None = None


@dataclass(slots=True)
class Trouble:
    """The faults of one kind in one recording."""

    since: int
    note: str = ""
    count: int = 0
    untold: int = 0
    at_risk: int = 0
    names: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: bytes, fault: FileFault) -> None:
        self.since = min(self.since, fault.since)
        self.count += 1
        self.names[fault.words].append(name)
        self.untold += fault.at_risk is None
        self.at_risk += fault.at_risk or 0

    @property
    def reason(self) -> str:
        said = [spans(names, words) for words, names in sorted(self.names.items())]
        return "; ".join([*said, self.note] if self.note else said)

    @property
    def bytes(self) -> int | None:
        """At least this much is at risk; None where nobody told of any."""
        return self.at_risk if self.untold < self.count else None


Troubles = dict[ProblemKind, Trouble]
_WHOLE_CHUNKS = {ProblemKind.CORRUPT, ProblemKind.LOST, ProblemKind.MISSING}


def film_seconds(kind: ProblemKind, trouble: Trouble) -> int | None:
    """How long the chunks are that lack; None where part of each may be here."""
    if kind not in _WHOLE_CHUNKS:
        return None
    names = {name for some in trouble.names.values() for name in some}
    return CHUNK_SECONDS * sum(numbered(name) is not None for name in names)
