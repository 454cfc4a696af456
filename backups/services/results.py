"""Look at a device's database files on the disk, open what has changed, and remember the rest."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from backups.engine.copies import (
    CopyFile,
    Inspection,
    ResultsUnreadable,
    find_copies,
    inspect,
    why_foreign,
)
from backups.engine.evidence import what_it_lost
from backups.engine.extents import best_of, packed, reaches, shrunk_tables, unpacked
from backups.engine.items import CopyState
from backups.models import ResultCopy
from devices.models import Device, Experiment, Writer
from devices.records import Extent, started_at

SECONDS_A_FILE = 5.0
SECONDS_A_READING = 60.0  # of one file, to its end; a larger one waits for a verification
SECONDS_A_DEVICE = 120.0
CLOCK_AHEAD = timedelta(days=1)  # rows that claim to be younger than this are not believed
MOST_AHEAD = timedelta(days=36500)

SEEN = ("filename", "size_bytes", "wal_bytes", "modified_at", "fingerprint")
LEARNT = (
    "writer", "state", "problem", "data_at", "row_count", "rows", "foreign", "finished",
    "short_rois", "rowless_rois", "holes", "inspected_at", "best_rows", "was_finished",
    "advanced_at",
    "damage", "damaged_at", "verified_at", "verified_fingerprint", "unread_fingerprint",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsReading:
    """The copies of a device's databases as last known, and why this look failed, if it did."""

    copies: list[ResultCopy]
    error: str
    read_at: datetime


def read_results(device: Device, *, now: datetime) -> ResultsReading:
    """Look at the device's results folder. A folder that cannot be read changes nothing stored."""
    known = {copy.path: copy for copy in ResultCopy.objects.filter(device=device)}
    try:
        files = find_copies(
            settings.RESULTS_DIR,
            device.device_id,
            known=bool(known) or ResultCopy.objects.exists(),
        )
    except ResultsUnreadable as error:
        return ResultsReading(copies=list(known.values()), error=str(error)[:500], read_at=now)
    look = _ResultsLook(device, known, now=now)
    changed = [row for file in look.in_order(files) if (row := look.at(file))]
    vanished = [known[path] for path in known.keys() - {file.path for file in files}]
    if changed or vanished:
        _store(device, changed, vanished, present={file.filename for file in files}, now=now)
    copies = list(ResultCopy.objects.filter(device=device))
    return ResultsReading(copies=copies, error="", read_at=now)


def latest_moment(device: Device, *, now: datetime) -> datetime:
    """The last moment, on the device's clock, that a row of it can be of.

    How far that clock is ahead of ours is believed within reason, for the device says so itself.
    """
    seconds = min(max(device.clock_skew_seconds or 0, 0), MOST_AHEAD.total_seconds())
    return now + CLOCK_AHEAD + timedelta(seconds=seconds)


class _ResultsLook:
    """One look at all copies of a device: each file is opened only if it may have changed, and
    read to its end once it grows no more."""

    def __init__(self, device: Device, known: Mapping[str, ResultCopy], *, now: datetime) -> None:
        self.device = device
        self.known = known
        self.now = now
        self.latest = latest_moment(device, now=now)
        self.give_up_at = time.monotonic() + SECONDS_A_DEVICE
        growing = device.experiments.filter(growing=True)
        self.growing = set(growing.values_list("filename", flat=True))

    def in_order(self, files: Iterable[CopyFile]) -> list[CopyFile]:
        """New ones first, then the newest: a slow old one may wait."""
        newest = sorted(files, key=lambda file: file.filename, reverse=True)
        return sorted(newest, key=lambda file: file.path in self.known)

    def at(self, file: CopyFile) -> ResultCopy | None:
        """The row of this file, if the look taught anything."""
        row = self.known.get(file.path)
        is_same = row is not None and row.fingerprint == file.fingerprint
        if row and is_same and row.state != CopyState.BUSY and not self._is_to_be_read(row):
            return None
        found = self._inspect(file, seconds=SECONDS_A_FILE)
        next_row = learnt(self.device, file, found, previous=row, now=self.now)
        if found.state is CopyState.USABLE and self._is_to_be_read(next_row):
            self._read(file, next_row)
        return next_row

    def _is_to_be_read(self, row: ResultCopy) -> bool:
        """To its end: what grows is read when it has ended, what is damaged when it changes."""
        if row.read_whole_at or row.unread_fingerprint == row.fingerprint:
            return False
        return row.filename not in self.growing or bool(row.damage)

    def _read(self, file: CopyFile, row: ResultCopy) -> None:
        found = self._inspect(file, seconds=SECONDS_A_READING, deeply=True)
        if found.state is CopyState.BUSY:
            row.unread_fingerprint = row.fingerprint
        else:
            note_reading(row, found, now=self.now)

    def _inspect(self, file: CopyFile, *, seconds: float, deeply: bool = False) -> Inspection:
        left = min(seconds, self.give_up_at - time.monotonic())
        if left <= 0:
            return Inspection(state=CopyState.BUSY, problem="not opened yet: others took too long")
        return inspect(
            settings.RESULTS_DIR / file.path,
            latest=self.latest,
            give_up_after=left,
            deeply=deeply,
        )


def learnt(
    device: Device,
    file: CopyFile,
    found: Inspection,
    *,
    previous: ResultCopy | None,
    now: datetime,
) -> ResultCopy:
    """The row of a file as it was found; what was once known to be wrong with it stays."""
    row = previous or ResultCopy(path=file.path, first_seen_at=now)
    row.device = device
    for name in SEEN:
        setattr(row, name, getattr(file, name))
    row.state, row.problem, row.inspected_at = found.state, found.problem, now
    if found.state is CopyState.USABLE:
        _note_contents(row, found, now=now)
    else:
        _note_unusable(row, found, now=now)
    return row


def note_reading(row: ResultCopy, found: Inspection, *, now: datetime) -> None:
    """It was read to its end: only this clears what was wrong with it, and only if it passes."""
    row.state, row.problem = found.state, found.problem
    if found.state is not CopyState.USABLE:
        _note_unusable(row, found, now=now)
        return
    row.damage, row.damaged_at = "", None
    _note_contents(row, found, now=now)  # which may find that it holds less than it did
    if not row.damage:
        row.verified_at, row.verified_fingerprint = now, row.fingerprint


def _note_unusable(row: ResultCopy, found: Inspection, *, now: datetime) -> None:
    """An empty file is bad news only where there was more in it."""
    if found.state is CopyState.CORRUPT:
        note_damage(row, found.problem, now=now)
    elif found.state is CopyState.EMPTY and row.best_rows:
        note_damage(row, f"shrank: {found.problem}, and it once held rows", now=now)


def note_damage(row: ResultCopy, what: str, *, now: datetime) -> None:
    row.damage, row.damaged_at = what[:500], row.damaged_at or now


def _note_contents(row: ResultCopy, found: Inspection, *, now: datetime) -> None:
    contents = found.contents
    best = unpacked(row.best_rows)
    row.writer = contents.writer or row.writer
    if _has_advanced(row, best, found):
        row.advanced_at = now
    row.rows, row.row_count = packed(contents.rows), contents.row_count
    row.data_at, row.finished = contents.data_at, contents.stopped
    row.short_rois, row.rowless_rois = contents.short_rois, list(contents.rowless_rois)
    row.holes = contents.holes
    row.foreign = why_foreign(
        contents.words,
        device_id=row.device.device_id,
        filename=row.filename,
        named_start=started_at(row.filename),
    )[:300]
    lost_stop = row.was_finished and not contents.has_stop_row
    if lost := what_it_lost(shrunk_tables(best, contents.rows), lost_stop=lost_stop):
        note_damage(row, lost, now=now)
    row.best_rows = packed(best_of(best, contents.rows))
    row.was_finished = row.was_finished or contents.has_stop_row


def _has_advanced(row: ResultCopy, best: Extent, found: Inspection) -> bool:
    """Rows or a stop row that it never had: what no touch and no doubled METADATA gives."""
    contents = found.contents
    more = {name: rows for name, rows in contents.rows.items() if name != "METADATA"}
    return not reaches(best, more) or (contents.stopped and not row.finished)


def _store(
    device: Device,
    changed: list[ResultCopy],
    vanished: list[ResultCopy],
    *,
    present: Collection[str],
    now: datetime,
) -> None:
    for row in changed:  # known ones too go through the one statement that adds or alters
        row.pk, row._state.adding = None, True
    with transaction.atomic():
        ResultCopy.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["device", "path"],
            update_fields=[*SEEN, *LEARNT],
        )
        _remember([row for row in vanished if row.filename not in present], now=now)
        ResultCopy.objects.filter(pk__in=[row.pk for row in vanished]).delete()


def _remember(gone: Iterable[ResultCopy], *, now: datetime) -> None:
    """A copy that is no more was of an experiment, also where no device ever listed it."""
    Experiment.objects.bulk_create(
        [
            Experiment(
                device=row.device,
                filename=row.filename,
                writer=row.writer or Writer.SQLITE,
                started_at=started_at(row.filename),
                first_seen_at=row.first_seen_at,
                listed_at=row.first_seen_at,
                told_rows=row.best_rows,
                rows_told_at=row.inspected_at,
                rows_told_by="disk",
                gone_at=now,
                gone_reason="no device lists it",
            )
            for row in gone
            if row.state == CopyState.USABLE
        ],
        ignore_conflicts=True,
    )
