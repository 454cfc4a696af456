"""What is known about one backup at one moment: facts with their times, and no opinion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class BackupType(StrEnum):
    """Which data of a device."""

    MYSQL = "mysql"
    SQLITE = "sqlite"
    VIDEO = "video"


# Which of the two daemons claims to save it.
DAEMON_OF = {BackupType.MYSQL: "mysql", BackupType.SQLITE: "rsync", BackupType.VIDEO: "rsync"}


class ProblemKind(StrEnum):
    """What is wrong with an item, worst first."""

    CORRUPT = "corrupt"  # its copy is damaged, or shrank
    LOST = "lost"  # the device no longer has it, and the disk lacks it
    MISSING = "missing"  # no usable copy is here
    UNPROVEN = "unproven"  # a copy is here, and nothing shows that it is whole
    BEHIND = "behind"  # it has ended, and its copy is known to lack something
    LAGGING = "lagging"  # it grows, and its copy ends before it


@dataclass(frozen=True, slots=True)
class Problem:
    """One item that is not safe: which, since when, why, and how much of it is only on a card.

    `rows`, `bytes` and `seconds` (of tracking or film) are None where nobody told how much that
    is. `listed`: the card itself or its server was read by us; else the device told it.
    """

    name: str
    since: datetime
    reason: str
    rows: int | None = None
    bytes: int | None = None
    seconds: float | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What exists only on a card: as far as somebody told how much it is."""

    items: int = 0
    untold: int = 0  # items of which nobody told how much is at risk
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0  # of tracking or film
    timeless: int = 0  # items of which nobody told for how long they were tracked or filmed
    listed: int = 0  # items that we listed ourselves; of the others we were told
    blind: int = 0  # backups of which nobody can say now what is at risk
    since: datetime | None = None

    @property
    def is_at_least(self) -> bool:
        """Whether there may be more than is added up."""
        return bool(self.untold or self.blind)

    @property
    def told(self) -> tuple[int, int] | None:
        """Rows and bytes; None, and never 0, where nobody told of any."""
        none_told = self.untold == self.items if self.items else self.blind
        return None if none_told else (self.rows, self.bytes)

    @property
    def told_seconds(self) -> float | None:
        none_told = self.timeless == self.items if self.items else self.blind
        return None if none_told else self.seconds


def risk_of(problems: Mapping[ProblemKind, Iterable[Problem]]) -> Risk:
    """Add up what is at risk. What is lost is on no card any more."""
    some = [p for kind, found in problems.items() if kind is not ProblemKind.LOST for p in found]
    return Risk(
        items=len(some),
        untold=sum(problem.rows is None and problem.bytes is None for problem in some),
        rows=sum(problem.rows or 0 for problem in some),
        bytes=sum(problem.bytes or 0 for problem in some),
        seconds=sum(problem.seconds or 0.0 for problem in some),
        timeless=sum(problem.seconds is None for problem in some),
        listed=sum(problem.listed for problem in some),
        since=min((problem.since for problem in some), default=None),
    )


def total_risk(risks: Iterable[Risk]) -> Risk:
    """Of several backups, or of several devices."""
    some = list(risks)
    return Risk(
        items=sum(risk.items for risk in some),
        untold=sum(risk.untold for risk in some),
        rows=sum(risk.rows for risk in some),
        bytes=sum(risk.bytes for risk in some),
        seconds=sum(risk.seconds for risk in some),
        timeless=sum(risk.timeless for risk in some),
        listed=sum(risk.listed for risk in some),
        blind=sum(risk.blind for risk in some),
        since=min((risk.since for risk in some if risk.since), default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The facts about one backup, as one snapshot stores them.

    A time of None means "never". `source_count` None means that nobody ever told what the device
    has; 0 means that somebody did, and named nothing. Times are aware and on our clock. Of each
    kind of problem the oldest comes first; a stored snapshot keeps only the first few, so a rule
    may ask whether there is one, and how old the oldest is. `counts` tells how many there are.
    """

    backup_type: BackupType
    source_read_at: datetime | None = None  # the newest credible reading of the device's inventory
    source_error: str = ""  # why the newest attempt gave none
    source_count: int | None = None
    written_off_count: int = 0
    source_changed_at: datetime | None = None  # when it was last seen to grow
    growing: bool = False  # the device was writing at the last look
    disk_read_at: datetime | None = None
    disk_error: str = ""  # why the newest look at the disk failed
    unheard: str = ""  # why nobody can look now: the storage that holds the copies is silent
    unheard_since: datetime | None = None
    copy_count: int = 0
    size_bytes: int = 0
    newest_copy_at: datetime | None = None  # all that was told of until then is in a copy
    corrupt: tuple[Problem, ...] = ()
    lost: tuple[Problem, ...] = ()
    missing: tuple[Problem, ...] = ()
    unproven: tuple[Problem, ...] = ()
    behind: tuple[Problem, ...] = ()
    lagging: tuple[Problem, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)  # of problems, by kind
    proofs: dict[str, int] = field(default_factory=dict)  # of saved items, by proof
    counted_since: datetime | None = None  # the oldest end of one that is counted, and not equal
    second_count: int | None = None  # files without a proven second copy; None: nobody tells
    second_since: datetime | None = None  # the oldest of them came
    risk: Risk = Risk()
    findings: tuple[str, ...] = ()  # disagreements between claims, device and disk

    def of_kind(self, kind: ProblemKind) -> tuple[Problem, ...]:
        """The problems of one kind."""
        return {
            ProblemKind.CORRUPT: self.corrupt,
            ProblemKind.LOST: self.lost,
            ProblemKind.MISSING: self.missing,
            ProblemKind.UNPROVEN: self.unproven,
            ProblemKind.BEHIND: self.behind,
            ProblemKind.LAGGING: self.lagging,
        }[kind]

    @property
    def has_problems(self) -> bool:
        return any(self.of_kind(kind) for kind in ProblemKind)
