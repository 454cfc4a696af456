"""Collect the facts about a device's databases from what was stored of the device and the disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backups.engine.ahead import in_time, newest_reading
from backups.engine.compare import Comparison, compare_experiments
from backups.engine.extents import believed_start, known_since
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, risk_of
from backups.engine.items import (
    Copy,
    CopyState,
    ItemState,
    ListedExperiment,
    Proof,
    Tally,
    which_counts,
)
from backups.models import CardListing, ExperimentState, ResultCopy
from backups.services.foreign import foreign_writes
from backups.services.refused_copies import refusals
from devices.models import Device, Experiment, Telling
from devices.records import unpacked

READ_BY_US = {"card", "server"}  # who told of rows: the node and the device are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskReading:
    """A look at the disk: when the last good one was, and why this one failed, if it did."""

    read_at: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Databases:
    """All that is stored of a device's experiments and their copies, of both types."""

    device: Device
    experiments: Sequence[Experiment]
    copies: Sequence[ResultCopy]
    tellings: Mapping[int, Sequence[Telling]]
    states: Mapping[int, ExperimentState]
    disk: DiskReading
    now: datetime
    card: CardListing | None = None  # its newest whole listing

    @classmethod
    def of(
        cls, device: Device, copies: Sequence[ResultCopy], disk: DiskReading, *, now: datetime
    ) -> "Databases":
        experiments = list(device.experiments.all())
        tellings: dict[int, list[Telling]] = {}
        for telling in Telling.objects.filter(experiment__device=device).order_by("told_at"):
            tellings.setdefault(telling.experiment_id, []).append(telling)
        states = ExperimentState.objects.filter(experiment__device=device)
        card = CardListing.objects.filter(device=device).only("began_at", "skipped").first()
        return cls(
            device=device,
            experiments=experiments,
            copies=copies,
            tellings=tellings,
            states={state.experiment_id: state for state in states},
            disk=disk,
            now=now,
            card=card,
        )

    def read_at(self, backup_type: BackupType) -> datetime | None:
        """When somebody last told which experiments there are: a card shows files alone."""
        card = self.card if backup_type is BackupType.SQLITE else None
        read = [self.device.inventory_read_at, card.began_at if card else None]
        return newest_reading(read, now=self.now)

    def skipped(self, backup_type: BackupType) -> tuple[Problem, ...]:
        """Places on the card where files of that type may lie, and nobody looked."""
        if self.card is None or backup_type is not BackupType.SQLITE:
            return ()
        return tuple(
            Problem(path, datetime.fromisoformat(since), why)
            for path, why, since in self.card.skipped
        )

    def of_type(self, backup_type: BackupType) -> list[Experiment]:
        return [one for one in self.experiments if one.writer == backup_type]

    def copies_of_type(self, backup_type: BackupType) -> list[ResultCopy]:
        """A copy is of the type of its experiment; without one, of what it says itself."""
        writers = {one.filename: one.writer for one in self.experiments}
        return [
            copy
            for copy in self.copies
            if writers.get(copy.filename, copy.writer or BackupType.SQLITE) == backup_type
        ]


def compared(databases: Databases, backup_type: BackupType) -> Comparison:
    """Every experiment of one type that no person wrote off, held against its copies."""
    by_name: dict[str, list[Copy]] = {}
    for row in databases.copies_of_type(backup_type):
        by_name.setdefault(row.filename, []).append(_copy_now(row, databases.now))
    for one in databases.of_type(backup_type):
        if one.written_off:
            by_name.pop(one.filename, None)
    wanted = [one for one in databases.of_type(backup_type) if not one.written_off]
    return compare_experiments([_listed(databases, one) for one in wanted], by_name)


def database_facts(
    databases: Databases, backup_type: BackupType, comparison: Comparison
) -> BackupFacts:
    """The facts about a device's databases of one type."""
    device, experiments = databases.device, databases.of_type(backup_type)
    kept = [one for one in experiments if not one.written_off]
    copies = databases.copies_of_type(backup_type)
    usable = [copy for copy in copies if copy.state == CopyState.USABLE and not copy.damage]
    problems = {kind: comparison.problems(kind) for kind in ProblemKind}
    problems[ProblemKind.UNPROVEN] += _lost_list(databases, usable)
    problems[ProblemKind.UNPROVEN] += databases.skipped(backup_type)
    of_each_kind: dict[str, Any] = {kind.value: some for kind, some in problems.items()}
    return BackupFacts(
        backup_type=backup_type,
        source_read_at=databases.read_at(backup_type),
        source_error=device.inventory_error,
        source_count=len(kept) if databases.read_at(backup_type) else None,
        written_off_count=len(experiments) - len(kept),
        source_changed_at=max((one.changed_at for one in kept if one.changed_at), default=None),
        growing=any(one.growing for one in kept),
        disk_read_at=databases.disk.read_at,
        disk_error=databases.disk.error,
        copy_count=len(usable),
        size_bytes=sum(copy.size_bytes for copy in copies),
        newest_copy_at=max(filter(None, (i.held_at for i in comparison.items)), default=None),
        counts={kind.value: len(some) for kind, some in problems.items() if some},
        proofs=_proofs(comparison.items),
        counted_since=_counted_since(kept, comparison.items),
        risk=risk_of(problems),
        findings=(
            *comparison.findings,
            *foreign_writes(copies),
            *refusals(copies),
            *_uncounted(databases, comparison),
        ),
        **of_each_kind,
    )


def copy_of(row: ResultCopy) -> Copy:
    return Copy(
        path=row.path,
        filename=row.filename,
        state=CopyState(row.state),
        problem=row.problem,
        first_seen_at=row.first_seen_at,
        size_bytes=row.size_bytes,
        rows=unpacked(row.rows),
        foreign=row.foreign,
        stopped=row.finished,
        read_at=row.read_whole_at,
        advanced_at=row.advanced_at or row.first_seen_at,
        short_rois=row.short_rois,
        rowless_rois=tuple(row.rowless_rois),
        holes=row.holes,
        damage=row.damage,
        damaged_at=row.damaged_at,
        equal_at=row.whole_as_of,
        equal_by=row.proven_by,
        doubt=row.known_doubt,
    )


def _copy_now(row: ResultCopy, now: datetime) -> Copy:
    copy = copy_of(row)
    read_at, equal_at = (in_time(at, now=now) for at in (copy.read_at, copy.equal_at))
    return replace(copy, read_at=read_at, equal_at=equal_at)


def copy_that_counts(rows: Iterable[ResultCopy]) -> ResultCopy | None:
    """Of several copies of one experiment the one that speaks for it: see which_counts."""
    by_path = {row.path: row for row in rows}
    best = which_counts([copy_of(row) for row in by_path.values()])
    return by_path[best.path] if best else None


def _listed(databases: Databases, one: Experiment) -> ListedExperiment:
    state = databases.states.get(one.pk)
    return ListedExperiment(
        filename=one.filename,
        known_since=known_since(
            one.first_seen_at, named_start=one.started_at, clock_off=one.clock_off_seconds
        ),
        grew_at=one.changed_at,
        began_at=believed_start(one.started_at, clock_off=one.clock_off_seconds),
        listed=one.rows_told_by in READ_BY_US,
        growing=one.growing,
        is_one_file=one.writer == BackupType.SQLITE,
        tellings=tuple(_tallies(one, databases.tellings.get(one.pk, ()), now=databases.now)),
        held_at=in_time(state.held_at, now=databases.now) if state else None,
        gone=one.gone_reason if one.gone_at else "",
    )


def _tallies(one: Experiment, tellings: Iterable[Telling], *, now: datetime) -> Iterable[Tally]:
    """Oldest first; the size of a MariaDB says nothing of that of a copy in SQLite."""
    is_file = one.writer == BackupType.SQLITE
    told = [
        Tally(
            at=telling.told_at,
            rows=unpacked(telling.rows),
            size_bytes=telling.size_bytes if is_file else None,
            final=telling.final,
            undated=in_time(telling.told_at, now=now) is None,
        )
        for telling in tellings
    ]
    if one.rows_told_at:
        size = one.told_size_bytes if is_file else None
        undated = in_time(one.rows_told_at, now=now) is None
        rows = unpacked(one.told_rows)
        told.append(Tally(at=one.rows_told_at, rows=rows, size_bytes=size, undated=undated))
    return sorted(told, key=lambda tally: tally.at)


def _proofs(items: Iterable[ItemState]) -> dict[str, int]:
    """How many experiments that lack nothing are proven how far."""
    found: dict[str, int] = {}
    for item in items:
        if item.kind is None:
            found[item.proof.value] = found.get(item.proof.value, 0) + 1
    return found


def _counted_since(
    experiments: Iterable[Experiment], items: Iterable[ItemState]
) -> datetime | None:
    """The oldest end of what is counted only: when it was last seen growing, or first seen."""
    ends = {one.filename: one.changed_at or one.first_seen_at for one in experiments}
    counted = [item for item in items if item.kind is None and item.proof is Proof.COUNTED]
    return min((ends[item.filename] for item in counted), default=None)


def _uncounted(databases: Databases, comparison: Comparison) -> Iterator[str]:
    """Why the rows of what is not proven could not be counted on the device."""
    unproven = {item.filename for item in comparison.items if item.kind is ProblemKind.UNPROVEN}
    for one in databases.experiments:
        state = databases.states.get(one.pk)
        if state and state.ask_error and one.filename in unproven:
            yield f"{one.filename}: its rows could not be counted on the device: {state.ask_error}"


def _lost_list(databases: Databases, usable: Sequence[ResultCopy]) -> tuple[Problem, ...]:
    """A device that lists no experiment at all, though the disk holds some, has lost its list."""
    read_at = databases.device.inventory_read_at
    listed = [one.listed_at for one in databases.experiments]
    if read_at is None or not usable or any(at >= read_at for at in listed):
        return ()
    since = max(listed, default=min(copy.first_seen_at for copy in usable))
    reason = f"the device lists no experiment at all, but the disk holds copies of {len(usable)}"
    return (Problem("inventory", since, reason),)
