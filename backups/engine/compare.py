"""Hold each experiment of a device against its copies here: how far it is proven, what lacks.

By counts and contents only, never by a time of the device's: times say since when (design 5).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from backups.engine.extents import lacking, reaches, row_total
from backups.engine.facts import Problem, ProblemKind
from devices.records import Extent

NEVER = datetime(1, 1, 1, tzinfo=UTC)


class CopyState(StrEnum):
    """What opening a copy showed."""

    USABLE = "usable"  # opens, and has the tables that readers need
    EMPTY = "empty"  # opens, but is no copy of a run: no bytes, or no tables yet
    CORRUPT = "corrupt"  # does not open, or cannot be read
    BUSY = "busy"  # was being written while we looked; no judgement


class Proof(StrEnum):
    """How far one copy was held against its item: design 5."""

    NONE = ""
    NAMED = "named"
    COUNTED = "counted"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was told of an experiment at one moment on our clock.

    `final`: the device's own server counted it after the experiment had ended.
    """

    at: datetime
    rows: Extent = field(default_factory=dict)
    size_bytes: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExperiment:
    """An experiment that the device has, or once had. Times are on our clock."""

    filename: str
    known_since: datetime  # see extents.known_since
    grew_at: datetime | None  # the last look at which it was growing; None: never seen growing
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
    short_rois: int = 0  # ROIs whose newest row is much older than the stop row
    rowless_rois: tuple[int, ...] = ()  # of ROI_MAP, without a table
    holes: int = 0  # row numbers that lack between the first and the last of its tables
    damage: str = ""  # sticky: until it is read to its end, or held against the device, and passes
    damaged_at: datetime | None = None
    equal_at: datetime | None = None  # a run here held exactly this content against the device
    equal_by: str = ""
    doubt: str = ""  # how that run found it to differ

    @property
    def is_sound(self) -> bool:
        return self.state is CopyState.USABLE and not (self.damage or self.foreign)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every experiment, and the copies that no experiment is known for."""

    items: tuple[ItemState, ...] = ()
    left_over: tuple[ItemState, ...] = ()
    findings: tuple[str, ...] = ()

    def problems(self, kind: ProblemKind) -> tuple[Problem, ...]:
        """Those of one kind, oldest first."""
        some = [item.problem for item in (*self.items, *self.left_over) if item.kind is kind]
        return tuple(sorted(filter(None, some), key=lambda problem: (problem.since, problem.name)))


def compare_experiments(
    experiments: Iterable[ListedExperiment], copies: Mapping[str, Sequence[Copy]]
) -> Comparison:
    """Examine each experiment with the copies of its file name, and left-over copies alone."""
    items = tuple(examine(one, copies.get(one.filename, ())) for one in experiments)
    listed = {item.filename for item in items}
    left = [copy for name, some in copies.items() if name not in listed for copy in some]
    bad = tuple(_damaged(copy) for copy in left if copy.damage or _is_corrupt(copy))
    return Comparison(
        items=items,
        left_over=bad,
        findings=tuple(sorted(filter(None, map(_unlisted_finding, left)))),
    )


def examine(experiment: ListedExperiment, copies: Sequence[Copy]) -> ItemState:
    """Where this experiment stands."""
    copy = which_counts(copies, experiment.tellings)
    if copy is None:
        return _absent(experiment, "the disk holds no copy")
    if not copy.is_sound:
        return _unusable(experiment, copy)
    return _Examination(experiment, copy).state()


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


@dataclass(frozen=True, slots=True)
class _Examination:
    """One experiment and a sound copy of it."""

    item: ListedExperiment
    copy: Copy

    def state(self) -> ItemState:
        if short := [told for told in self.item.tellings if not self._holds(told)]:
            return self._short_of(short[-1])
        if self.copy.doubt:
            return self._wrong(ProblemKind.BEHIND, self.copy.doubt)
        if self.item.growing:
            return self._growing()
        return self._ended()

    def _holds(self, told: Tally) -> bool:
        if self._equal_at >= told.at:
            return True
        is_larger = told.size_bytes is not None and told.size_bytes > self.copy.size_bytes
        return reaches(self.copy.rows, told.rows) and not is_larger

    @property
    def _equal_at(self) -> datetime:
        return self.copy.equal_at or NEVER

    @property
    def _held_at(self) -> datetime | None:
        """The last moment at which the copy held all that was then told of."""
        reached = [told.at for told in self.item.tellings if self._holds(told)]
        known = [at for at in (self.item.held_at, self.copy.equal_at) if at]
        return max([*reached, *known], default=None)

    def _short_of(self, told: Tally) -> ItemState:
        lacks = lacking(self.copy.rows, told.rows)
        if self.item.gone:
            return self._wrong(ProblemKind.LOST, f"{self.item.gone}; {_lacks(lacks)}", told=told)
        kind = ProblemKind.LAGGING if self.item.growing else ProblemKind.BEHIND
        return self._wrong(kind, _lacks(lacks), told=told)

    def _growing(self) -> ItemState:
        if self._held_at is None:
            reason = "it grows, and nobody tells how many rows it has"
            return self._wrong(ProblemKind.UNPROVEN, reason)
        reason = f"the copy holds all that was told of until {_moment(self._held_at)} UTC"
        return self._wrong(ProblemKind.LAGGING, reason)

    def _ended(self) -> ItemState:
        grew_at = self.item.grew_at or NEVER
        if self._equal_at >= grew_at and self.copy.equal_at:
            by = self.copy.equal_by or "a run made here"
            how = f"held against the device whole by {by}"
            return self._saved(Proof.EQUAL, self.copy.equal_at, how)
        for told in reversed(self.item.tellings):
            if told.final and told.at >= grew_at:
                how = "has all rows that the device's server counted after the end"
                return self._saved(Proof.COUNTED, told.at, how)
        if self.copy.read_at and not self._why_not_counted():
            how = "read to its end here; holds its stop row, and all rows that were ever told"
            return self._saved(Proof.COUNTED, self.copy.read_at, how)
        if self.copy.equal_at and not self.item.gone:
            reason = f"held all until {_moment(self.copy.equal_at)} UTC; the device wrote it since"
            return self._wrong(ProblemKind.BEHIND, reason)
        return self._wrong(ProblemKind.UNPROVEN, self._why_unproven())

    def _why_not_counted(self) -> str:
        """Why a stop row in a file read whole does not stand for the device's own count."""
        if not (self.item.is_one_file and self.copy.stopped):
            what = "has no stop row" if self.item.is_one_file else "was made table by table"
            return f"it {what}, and nobody counted the device's rows after its end"
        if not self.copy.read_at:
            return self.copy.problem or "it was not read to its end yet"
        if self.copy.holes:
            return f"{self.copy.holes} row numbers lack inside its tables"
        if any(told.at >= (self.item.grew_at or NEVER) for told in self.item.tellings):
            return ""  # the device itself told what it had at its end, and it is here
        return self._why_short()

    def _why_short(self) -> str:
        """What its own rows say against its stop row."""
        if self.copy.rowless_rois:
            return f"it has no table for {len(self.copy.rowless_rois)} of the ROIs that it names"
        if self.copy.short_rois:
            return f"the rows of {self.copy.short_rois} ROIs end long before its stop row"
        return ""

    def _why_unproven(self) -> str:
        reason = self._why_not_counted()
        return f"{self.item.gone}; {reason}" if self.item.gone else reason

    def _saved(self, proof: Proof, at: datetime, how: str) -> ItemState:
        return ItemState(
            filename=self.item.filename,
            path=self.copy.path,
            proof=proof,
            proven_at=at,
            how=how,
            held_at=max(filter(None, (self._held_at, at))),
        )

    def _wrong(self, kind: ProblemKind, reason: str, *, told: Tally | None = None) -> ItemState:
        short = lacking(self.copy.rows, told.rows) if told else {}
        size = (told.size_bytes or 0) - self.copy.size_bytes if told else 0
        problem = Problem(
            self.item.filename,
            self._held_at or self.item.known_since,
            reason,
            rows=sum(short.values()) if told else None,
            bytes=max(size, 0) if told and told.size_bytes is not None else None,
        )
        return ItemState(
            filename=self.item.filename,
            path=self.copy.path,
            proof=Proof.NAMED,
            proven_at=self.copy.first_seen_at,
            how="a file of its name, and by its own words of this experiment",
            held_at=self._held_at,
            kind=kind,
            problem=problem,
        )


def _absent(experiment: ListedExperiment, reason: str, *, copy: Copy | None = None) -> ItemState:
    """There is no copy that can be used."""
    kind = ProblemKind.LOST if experiment.gone else ProblemKind.MISSING
    newest = experiment.tellings[-1] if experiment.tellings else None
    problem = Problem(
        experiment.filename,
        experiment.known_since,
        f"{experiment.gone}; {reason}" if experiment.gone else reason,
        rows=row_total(newest.rows) if newest else None,
        bytes=newest.size_bytes if newest else None,
    )
    path = copy.path if copy else ""
    return ItemState(filename=experiment.filename, path=path, kind=kind, problem=problem)


def _unusable(experiment: ListedExperiment, copy: Copy) -> ItemState:
    if copy.damage or _is_corrupt(copy):
        return _damaged(copy)
    if copy.foreign:
        return _absent(experiment, copy.foreign, copy=copy)
    if copy.state is CopyState.EMPTY:
        return _absent(experiment, copy.problem, copy=copy)
    since = experiment.held_at or experiment.known_since
    return ItemState(
        filename=copy.filename,
        path=copy.path,
        held_at=experiment.held_at,
        kind=ProblemKind.UNPROVEN,
        problem=Problem(copy.filename, since, copy.problem),
    )


def _is_corrupt(copy: Copy) -> bool:
    return copy.state is CopyState.CORRUPT


def _damaged(copy: Copy) -> ItemState:
    problem = Problem(
        copy.filename,
        copy.damaged_at or copy.first_seen_at,
        copy.damage or copy.problem,
        rows=row_total(copy.rows) or None,
        bytes=copy.size_bytes,
    )
    return ItemState(
        filename=copy.filename, path=copy.path, kind=ProblemKind.CORRUPT, problem=problem
    )


def _unlisted_finding(copy: Copy) -> str:
    """What to say of a copy that is all there is: the device does not name its experiment."""
    if copy.foreign:
        return f"{copy.filename}: {copy.foreign}"
    if copy.state is CopyState.EMPTY:
        return f"{copy.filename}: {copy.problem}, and the device does not list the experiment"
    if copy.is_sound and not copy.stopped:
        return f"{copy.filename}: has no stop row, and the device does not list the experiment"
    return ""


def _lacks(short: Mapping[str, int]) -> str:
    """Which tables lack how many rows: the worst three by name."""
    if not short:
        return "the device's file is larger than the copy"
    worst = sorted(short, key=lambda name: (-short[name], name))[:3]
    named = ", ".join(f"{name} {short[name]:,}" for name in worst)
    more = f" and {len(short) - len(worst)} more tables" if len(short) > len(worst) else ""
    return f"lacks {sum(short.values()):,} rows that the device told of ({named}{more})"


def _moment(at: datetime) -> str:
    return at.isoformat(" ", "seconds")[:19]
