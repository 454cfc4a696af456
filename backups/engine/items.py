"""The items that are compared: an experiment as it is told of, a copy as it was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from backups.engine.extents import reaches, row_total
from backups.engine.facts import Problem, ProblemKind
from devices.records import Extent, Rows

NEVER = datetime(1, 1, 1, tzinfo=UTC)


class CopyState(StrEnum):
    """What opening a copy showed."""

    USABLE = "usable"  # opens, and has the tables that readers need
    EMPTY = "empty"  # opens, but is no copy of a run: no bytes, or no tables yet
    CORRUPT = "corrupt"  # does not open, or cannot be read
    BUSY = "busy"  # was being written while we looked; no judgement


def is_sound(state: str, *, damage: str, foreign: str) -> bool:
    """Whether a copy opens, is of its experiment, and nothing was ever found wrong with it."""
    return state == CopyState.USABLE and not (damage or foreign)


class Proof(StrEnum):
    """How far one copy was held against its item: design 5."""

    NONE = ""
    NAMED = "named"
    COUNTED = "counted"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was told of an experiment at one moment on our clock.

    `final`: it was counted on the device after the experiment had ended. `undated`: a clock that
    was wrong has dated it. What it counts is to be held, and nobody knows since when.
    """

    at: datetime
    rows: Extent = field(default_factory=dict)
    size_bytes: int | None = None
    final: bool = False
    undated: bool = False

    def can_prove(self, copy: "Copy") -> bool:
        """Whether a copy that holds all of it is whole: by counts, or by the highest ids where it
        was read to its end and lacks no number. Of no table at all nothing was counted."""
        is_told = bool(self.rows) and Rows(None, None) not in self.rows.values()
        if self.undated or not (self.final and is_told):
            return False
        is_counted = all(rows.count is not None for rows in self.rows.values())
        return is_counted or (copy.read_at is not None and not copy.holes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExperiment:
    """An experiment that the device has, or once had. Times are on our clock."""

    filename: str
    known_since: datetime  # see extents.known_since
    grew_at: datetime | None  # the last look at which it was growing; None: never seen growing
    began_at: datetime | None = None  # None: not known, or told by a clock that is not believed
    listed: bool = False  # we read on its device ourselves how much it holds
    growing: bool
    is_one_file: bool = True  # copied as one file (SQLite), not table by table (MariaDB)
    tellings: tuple[Tally, ...] = ()  # oldest first; those that a copy reached may be forgotten
    held_at: datetime | None = None  # until when a copy was once shown to hold all that was told
    gone: str = ""  # why the device no longer has it; "": it has, as far as anybody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A database file on the node's disk, and what looking into it showed."""

    path: str
    filename: str
    state: CopyState
    problem: str
    first_seen_at: datetime
    size_bytes: int = 0
    rows: Extent = field(default_factory=dict)
    foreign: str = ""  # why it is not of the experiment that it is named after
    stopped: bool = False  # holds the row that a graceful stop writes last
    read_at: datetime | None = None  # when exactly this content was read to its end, and was sound
    advanced_at: datetime | None = None  # the look that last found more in it than it ever had
    short_rois: int = 0  # ROIs whose newest row is much older than the stop row
    rowless_rois: tuple[int, ...] = ()  # that it names, and has no row of
    holes: int = 0  # row numbers that lack between the first and the last of its tables
    damage: str = ""  # sticky: see verdict.CURES
    damaged_at: datetime | None = None
    equal_at: datetime | None = None  # a run here held exactly this content against the device
    equal_by: str = ""
    doubt: str = ""  # how that run found it to differ

    @property
    def is_sound(self) -> bool:
        return is_sound(self.state, damage=self.damage, foreign=self.foreign)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """Where one experiment stands: the copy that counts, how far it is proven, what is wrong."""

    filename: str
    path: str = ""  # of the copy that counts; "": there is none
    proof: Proof = Proof.NONE
    proven_at: datetime | None = None
    how: str = ""  # how the proof was got
    held_at: datetime | None = None  # all that was told of until then is in the copy
    kind: ProblemKind | None = None
    problem: Problem | None = None


def which_counts(copies: Sequence[Copy], tellings: Sequence[Tally] = ()) -> Copy | None:
    """The one copy of several that speaks for the experiment: the best proven of the sound ones.

    A renamed device has the same file in two folders.
    """

    def worth(copy: Copy) -> tuple[bool, bool, int, datetime, int, int, str]:
        reached = sum(reaches(copy.rows, telling.rows) for telling in tellings)
        states = [CopyState.CORRUPT, CopyState.EMPTY, CopyState.BUSY, CopyState.USABLE]
        return (
            copy.is_sound,
            not copy.damage,
            states.index(copy.state),
            copy.equal_at or NEVER,
            reached,
            row_total(copy.rows),
            copy.path,
        )

    return max(copies, key=worth, default=None)
