"""What is known about one backup at one moment: facts with their times, and no opinion."""

from collections.abc import Iterable
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

    `rows` and `bytes` are None where nobody told how much that is.
    """

    name: str
    since: datetime
    reason: str
    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What exists only on a card: as far as somebody told how much it is."""

    items: int = 0
    untold: int = 0  # items of which nobody told how much is at risk
    rows: int = 0
    bytes: int = 0
    since: datetime | None = None


def risk_of(problems: Iterable[Problem]) -> Risk:
    """Add up what is at risk."""
    some = list(problems)
    return Risk(
        items=len(some),
        untold=sum(problem.rows is None and problem.bytes is None for problem in some),
        rows=sum(problem.rows or 0 for problem in some),
        bytes=sum(problem.bytes or 0 for problem in some),
        since=min((problem.since for problem in some), default=None),
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
