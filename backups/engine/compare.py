"""Hold each experiment of a device against its copies here: how far it is proven, what lacks.

By counts and contents only, never by a time of the device's: times say since when (design 5).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backups.engine.evidence import lack, moment
from backups.engine.extents import is_of_roi, lacking, reaches, row_total
from backups.engine.facts import Problem, ProblemKind
from backups.engine.items import (
    NEVER,
    Copy,
    CopyState,
    ItemState,
    ListedExperiment,
    Proof,
    Tally,
    which_counts,
)

_KNOWN_SHORT = {ProblemKind.BEHIND, ProblemKind.LAGGING}


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
    bad = tuple(_damaged(copy) for copy in left if copy.damage or copy.state is CopyState.CORRUPT)
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
        dated = [told for told in self.item.tellings if not told.undated]
        reached = [told.at for told in dated if self._holds(told)]
        known = [at for at in (self.item.held_at, self.copy.equal_at) if at]
        return max([*reached, *known], default=None)

    def _short_of(self, told: Tally) -> ItemState:
        lacks = lacking(self.copy.rows, told.rows)
        if self.item.gone:
            return self._wrong(ProblemKind.LOST, f"{self.item.gone}; {lack(lacks)}", told=told)
        kind = ProblemKind.LAGGING if self.item.growing else ProblemKind.BEHIND
        return self._wrong(kind, lack(lacks), told=told)

    def _growing(self) -> ItemState:
        if self._held_at is None:
            reason = "it grows, and nobody tells how many rows it has"
            return self._wrong(ProblemKind.UNPROVEN, reason)
        reason = f"the copy holds all that was told of until {moment(self._held_at)} UTC"
        return self._wrong(ProblemKind.LAGGING, reason)

    def _ended(self) -> ItemState:
        grew_at = self.item.grew_at or NEVER
        if self._equal_at >= grew_at and self.copy.equal_at:
            by = self.copy.equal_by or "a run made here"
            how = f"held against the device whole by {by}"
            return self._saved(Proof.EQUAL, self.copy.equal_at, how)
        for told in reversed(self.item.tellings):
            if told.at >= grew_at and told.can_prove(self.copy):
                how = "has all rows that were counted on the device after the end"
                return self._saved(Proof.COUNTED, told.at, how)
        why_not = self._why_not_counted()
        if self.copy.read_at and not why_not:
            how = "read to its end here; holds its stop row, and all rows that were ever told"
            return self._saved(Proof.COUNTED, self.copy.read_at, how)
        if self.copy.equal_at and not self.item.gone:
            reason = f"held all until {moment(self.copy.equal_at)} UTC; the device wrote it since"
            return self._wrong(ProblemKind.BEHIND, reason)
        reason = f"{self.item.gone}; {why_not}" if self.item.gone else why_not
        return self._wrong(ProblemKind.UNPROVEN, reason)

    def _why_not_counted(self) -> str:
        """Why a stop row in a file read whole does not stand for the device's own count."""
        if not (self.item.is_one_file and self.copy.stopped):
            what = "has no stop row" if self.item.is_one_file else "was made table by table"
            return f"it {what}, and nobody counted the device's rows after its end"
        if not self.copy.read_at:
            return self.copy.problem or "it was not read to its end yet"
        if (self.copy.advanced_at or self.copy.first_seen_at) < (self.item.grew_at or NEVER):
            return "the device was seen writing it after all that is here had come"
        if self.copy.holes:
            return f"{self.copy.holes} row numbers lack inside its tables"
        dated = [told.at for told in self.item.tellings if not told.undated]
        if any(at >= (self.item.grew_at or NEVER) for at in dated):
            return ""  # the device itself told what it had at its end, and it is here
        return self._why_short()

    def _why_short(self) -> str:
        """What its own rows say against its stop row."""
        if self.copy.rowless_rois:
            return f"it has no row of {len(self.copy.rowless_rois)} of the ROIs that it names"
        if not any(is_of_roi(name) for name in self.copy.rows):
            return "it has no row of any ROI"
        if (maps := self.copy.rows.get("VAR_MAP")) and not maps.at_least:
            return "it has rows of ROIs, and no name of what they measure"  # an empty VAR_MAP
        if self.copy.short_rois:
            return f"the rows of {self.copy.short_rois} ROIs end long before its stop row"
        return ""

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
            seconds=_tracked(self.item, since=self._held_at) if kind in _KNOWN_SHORT else None,
            listed=self.item.listed,
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


def _tracked(experiment: ListedExperiment, *, since: datetime | None) -> float | None:
    """Seconds of tracking from then, or from the start, until it was last seen growing."""
    began_at = since or experiment.began_at
    if began_at is None or experiment.grew_at is None:
        return None
    return max((experiment.grew_at - began_at).total_seconds(), 0.0)


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
        seconds=_tracked(experiment, since=None),
        listed=experiment.listed,
    )
    return ItemState(
        filename=experiment.filename, path=copy.path if copy else "", kind=kind, problem=problem
    )


def _unusable(experiment: ListedExperiment, copy: Copy) -> ItemState:
    if copy.damage or copy.state is CopyState.CORRUPT:
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
