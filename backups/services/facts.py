"""Collect the facts about a device's backups from what was stored of the device and the disk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backups.engine.compare import Copy, CopyState, ListedRun, compare_runs
from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.models import ResultCopy
from backups.services.foreign import foreign_writes
from devices.models import Device, Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskReading:
    """A look at the disk: when the last good one was, and why this one failed, if it did."""

    read_at: datetime | None
    error: str = ""


def database_facts(
    device: Device,
    backup_type: BackupType,
    *,
    experiments: Sequence[Experiment],
    copies: Sequence[ResultCopy],
    disk: DiskReading,
) -> BackupFacts:
    """The facts about a device's databases of one type. Both lists are of the whole device."""
    runs = [e for e in experiments if e.writer == backup_type and not e.written_off]
    ours = _copies_of_type(backup_type, experiments, copies)
    compared = compare_runs(
        [_listed(device, run) for run in runs], {c.filename: c for c in _best(device, ours)}
    )
    usable = [copy for copy in ours if copy.state == CopyState.USABLE]
    return BackupFacts(
        backup_type=backup_type,
        source_read_at=device.inventory_read_at,
        source_error=device.inventory_error,
        source_count=len(runs) if device.inventory_read_at else None,
        source_changed_at=max((r.changed_at for r in runs if r.changed_at), default=None),
        growing=any(run.growing for run in runs),
        disk_read_at=disk.read_at,
        disk_error=disk.error,
        copy_count=len(usable),
        size_bytes=sum(copy.size_bytes for copy in ours),
        newest_copy_at=max(filter(None, (_ours(device, c.data_at) for c in usable)), default=None),
        corrupt=compared.corrupt,
        missing=compared.missing,
        behind=compared.behind,
        unproven=compared.unproven + _lost_list(device, experiments, usable),
        findings=(*compared.findings, *foreign_writes(ours)),
    )


def _copies_of_type(
    backup_type: BackupType, experiments: Iterable[Experiment], copies: Iterable[ResultCopy]
) -> list[ResultCopy]:
    """A copy is of the type of the run it belongs to; without one, of what it says itself."""
    writers = {experiment.filename: experiment.writer for experiment in experiments}
    return [
        copy
        for copy in copies
        if writers.get(copy.filename, copy.writer or BackupType.SQLITE) == backup_type
    ]


def _listed(device: Device, run: Experiment) -> ListedRun:
    """A run is known since it began, should that be before anyone here first saw it."""
    began_at = _ours(device, run.started_at) or run.first_seen_at
    return ListedRun(
        filename=run.filename,
        known_since=min(began_at, run.first_seen_at),
        changed_at=run.changed_at,
        growing=run.growing,
    )


def _best(device: Device, copies: Iterable[ResultCopy]) -> list[Copy]:
    """A renamed device has the same file in two folders: the better copy comes last, and counts."""
    worst_first = [CopyState.CORRUPT, CopyState.EMPTY, CopyState.BUSY, CopyState.USABLE]
    ranked = sorted(
        copies,
        key=lambda copy: (
            worst_first.index(CopyState(copy.state)),
            copy.data_at.timestamp() if copy.data_at else 0.0,
        ),
    )
    return [
        Copy(
            filename=copy.filename,
            state=CopyState(copy.state),
            problem=copy.problem,
            first_seen_at=copy.first_seen_at,
            data_at=_ours(device, copy.data_at),
            finished=copy.finished,
            proven_at=copy.whole_as_of,
            doubt=copy.known_doubt,
        )
        for copy in ranked
    ]


def _ours(device: Device, at: datetime | None) -> datetime | None:
    """A time of the device's clock, on ours."""
    if at is None:
        return None
    return at - timedelta(seconds=device.clock_skew_seconds or 0)


def _lost_list(
    device: Device, experiments: Iterable[Experiment], usable: Sequence[ResultCopy]
) -> tuple[Problem, ...]:
    """A device that lists no run at all, though the disk holds some, has lost its list."""
    read_at = device.inventory_read_at
    if read_at is None or not usable or any(e.listed_at >= read_at for e in experiments):
        return ()
    reason = f"the device lists no run at all, but the disk holds copies of {len(usable)}"
    return (Problem("inventory", read_at, reason),)
