"""What was seen for one question. None: it could not be, and then nothing is ever a yes.

Times are on our clock, but for `clock` and `modified`, which are both of the device's own.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backups.engine.facts import BackupType, Problem, ProblemKind


class Remedy(StrEnum):
    """What mends it: a kind of run by its name, or somebody who does something."""

    PULL_RESULTS = "pull_results"
    PULL_VIDEOS = "pull_videos"
    PULL_FILES = "pull_files"
    MIRROR = "mirror"
    PROVE = "prove"
    VERIFY = "verify"
    SECOND_COPY = "second_copy"
    ASK_AGAIN = "wipe"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldContent:
    """That one thing of a card was held against our copy of it by content, all of both.

    `mark` is of the card's file as it was then, `ours` of our copy as it was read from its disk.
    """

    place: str  # of our copy, below the data root
    digest: str  # of our copy: BLAKE2b, as `b2sum` writes it
    mark: str
    ours: str
    proven_at: datetime
    read_at: datetime | None  # when ours was last read from the disk, and was the same
    how: str
    differs: str = ""
    damage: str = ""  # what is known to be wrong with our copy


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeItem:
    """One thing that is on the card now, and the best that is known of a copy."""

    name: str
    size: int
    mark: str  # as it is on the card now
    on_card: bool = True  # as a file: not what its MariaDB holds
    kind: str = "-"  # as in a listing: all else is a link or odder
    modified: float | None = None  # seconds; None: nobody tells
    log_bytes: int = 0  # of a -wal or -journal beside it
    grew_at: datetime | None = None  # the last look at which it was seen growing
    held: HeldContent | None = None
    ours: str = ""  # our copy as it is now, also one that nobody proved; "": it is not there
    unlike: str = ""  # how what is there now differs from our copy, where that was looked at
    unseen: str = ""  # what of it could not be looked at
    proven_by: Remedy = Remedy.PROVE
    brought_by: Remedy = Remedy.PROVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who answers at the device's address, and what it says that it does."""

    device_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardShown:
    """A listing. `unread`: places that it could not look into, and why."""

    began_at: datetime
    boot: str
    clock: float
    unread: tuple[tuple[str, str], ...] = ()
    digest: str = ""  # of the whole listing
    serial: str = ""  # of the card itself; "": not told
    size_bytes: int = 0  # of the file system that its data lie on


@dataclass(frozen=True, slots=True, kw_only=True)
class MariaDBShown:
    """The device's own server. `error`: why it was not read, which a device that never wrote
    into one may well say; `is_none`: nothing listens there."""

    expected: bool  # the device wrote MariaDB once
    error: str = ""
    is_none: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskShown:
    """One of our own disks. None: not told."""

    folder: str
    error: str = ""
    used_percent: float | None = None
    read_only: bool | None = None
    fault_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """What a person gave up; `by` is empty where nobody can be named."""

    name: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeFacts:
    """`first` and `last` are two listings around all that was looked up, `changed` names what was
    not the same in both. `problems`: what is wrong by the verdicts' own facts of the same hour."""

    asked_at: datetime
    device_id: str
    before: Teller | None = None
    after: Teller | None = None
    silent_because: str = ""
    two_places: str = ""  # where else its id was told of at the same time
    first: CardShown | None = None
    last: CardShown | None = None
    unlisted_because: str = ""
    changed: tuple[str, ...] = ()
    other_size: tuple[int, datetime] | None = None  # that its file system had, and when last
    items: tuple[WipeItem, ...] | None = None
    problems: tuple[tuple[BackupType, ProblemKind, Problem], ...] | None = None
    unlooked_because: str = ""
    others: frozenset[str] = frozenset()  # names of files that a pull of other files brings
    left_out: tuple[str, ...] = ()  # folders in which programs alone keep something
    growing: tuple[str, ...] = ()
    write_offs: tuple[WriteOff, ...] | None = None
    mariadb: MariaDBShown | None = None
    disks: tuple[DiskShown, ...] = ()
    known_files: int | None = None  # of its card that we hold: not of its MariaDB
    asks_for_second: bool | None = None  # its policy does; None: nobody looked it up
    second_lacking: tuple[str, ...] | None = None  # files here; None: nobody tells
    second_silent: str = ""  # why the second place cannot be asked
    experiment: str = ""  # the question is about this one alone; "": about the whole card
