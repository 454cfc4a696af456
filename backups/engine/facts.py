"""What is known about one backup at one moment: facts with their times, and no opinion."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BackupType(StrEnum):
    """Which data of a device."""

    MYSQL = "mysql"
    SQLITE = "sqlite"
    VIDEO = "video"


# Which of the two daemons claims to save it.
DAEMON_OF = {BackupType.MYSQL: "mysql", BackupType.SQLITE: "rsync", BackupType.VIDEO: "rsync"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One run or recording that is not safe: which, since when, and why in words."""

    name: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The facts about one backup, as one snapshot stores them.

    A time of None means "never". `source_count` None means that the device's inventory was
    never read; 0 means that it was, and named nothing. Times are aware and on our clock.
    """

    backup_type: BackupType
    source_read_at: datetime | None = None  # the newest credible reading of the device's inventory
    source_error: str = ""  # why the newest attempt gave none
    source_count: int | None = None
    source_changed_at: datetime | None = None  # its newest change that anyone saw
    growing: bool = False  # the device was writing at the last look
    disk_read_at: datetime | None = None
    disk_error: str = ""  # why the newest look at the disk failed
    copy_count: int = 0
    size_bytes: int = 0
    newest_copy_at: datetime | None = None  # the newest data that a usable copy holds
    corrupt: tuple[Problem, ...] = ()  # copies that failed verification
    missing: tuple[Problem, ...] = ()  # the device has it, no usable copy here; since first seen
    behind: tuple[
        Problem, ...
    ] = ()  # copies that end before the source; since the first change lost
    unproven: tuple[Problem, ...] = ()  # copies that nothing shows to be whole
    findings: tuple[str, ...] = ()  # disagreements between claims, device and disk


def earliest(problems: Iterable[Problem]) -> datetime | None:
    return min((problem.since for problem in problems), default=None)
