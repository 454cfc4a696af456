"""Look at a device's database files on the disk, open what has changed, and remember the rest."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from backups.engine.copies import (
    CopyFile,
    Inspection,
    ResultsUnreadable,
    find_copies,
    inspect,
    why_foreign,
)
from backups.engine.copies.about import About
from backups.engine.evidence import what_it_lost
from backups.engine.extents import best_of, reaches, shrunk_tables
from backups.engine.items import CopyState
from backups.models import ResultCopy
from backups.services.copy_rows import SEEN, ReturnedCopies, save_copies
from backups.services.storages import check_here, of_devices_here
from devices.models import Device
from devices.records import Extent, packed, started_at, unpacked

SECONDS_A_FILE = 5.0
SECONDS_A_READING = 60.0  # of one file, to its end; a larger one waits for a verification
SECONDS_A_DEVICE = 120.0
CLOCK_AHEAD = timedelta(days=1)  # rows that claim to be younger than this are not believed
MOST_AHEAD = timedelta(days=36500)

ROTTEN = "its content is another than when it was first read, though nobody wrote it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsReading:
    """The copies of a device's databases as last known, and why this look failed, if it did."""

    copies: list[ResultCopy]
    error: str
    read_at: datetime


def read_results(device: Device, *, now: datetime) -> ResultsReading:
    """Look at the device's results folder. A folder that cannot be read changes nothing stored.

    Raises OtherStorage where it lies elsewhere.
    """
    check_here(device, device.storage)
    known = {copy.path: copy for copy in ResultCopy.ever.filter(device=device)}
    here = [copy for copy in known.values() if copy.gone_at is None]
    try:
        files = find_copies(
            settings.RESULTS_DIR,
            device.device_id,
            known=bool(here) or ResultCopy.objects.filter(of_devices_here()).exists(),
        )
    except ResultsUnreadable as error:
        return ResultsReading(copies=here, error=str(error)[:500], read_at=now)
    returned = ReturnedCopies(known, files)
    look = _ResultsLook(device, known, now=now)
    changed = [
        row
        for file in look.in_order(files)
        if (row := look.at(file) or returned.found.get(file.path))
    ]
    seen = {file.path for file in files}
    vanished = [row for row in known.values() if row.gone_at is None and row.path not in seen]
    if changed or vanished:
        names = {file.filename for file in files}
        save_copies(device, changed, vanished, moved=returned.moved, names=names, now=now)
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
        if row and is_same and row.state == CopyState.USABLE and not row.about:
            return self._ask_about(file, row)
        if row and is_same and row.state != CopyState.BUSY and not self._is_to_be_read(row):
            return None
        found = self._inspect(file, seconds=SECONDS_A_FILE)
        next_row = learnt(self.device, file, found, previous=row, now=self.now)
        if found.state is CopyState.USABLE and self._is_to_be_read(next_row):
            self._read(file, next_row)
        return next_row

    def _ask_about(self, file: CopyFile, row: ResultCopy) -> ResultCopy | None:
        """A row of an older version: all that it knows stays as it was."""
        found = self._inspect(file, seconds=SECONDS_A_FILE)
        if found.state is not CopyState.USABLE:
            return None
        note_about(row, found.contents.about)
        return row

    def _is_to_be_read(self, row: ResultCopy) -> bool:
        """To its end: what grows is read when it has ended, what is damaged when it changes.

        What is rotten is left to a verification: that its structure is sound refutes nothing.
        """
        if row.read_whole_at or row.unread_fingerprint == row.fingerprint or row.damage == ROTTEN:
            return False
        return row.filename not in self.growing or bool(row.damage)

    def _read(self, file: CopyFile, row: ResultCopy) -> None:
        began = time.monotonic()
        found = self._inspect(file, seconds=SECONDS_A_READING, deeply=True)
        if found.state is not CopyState.BUSY:
            note_reading(row, found, now=self.now)
        elif time.monotonic() - began >= SECONDS_A_READING:  # all that one file may have
            row.unread_fingerprint = row.fingerprint

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
    """It was read to its end: this clears what was wrong with it, if it passes; but not that its
    content rotted, which no structure shows: that only the same content as before refutes, or the
    device (proofs)."""
    row.state, row.problem = found.state, found.problem
    if found.state is not CopyState.USABLE:
        _note_unusable(row, found, now=now)
        return
    if row.damage != ROTTEN:
        row.damage = ""
    _note_contents(row, found, now=now)  # which may find that it holds less than it did
    if not row.damage:
        row.damaged_at = None
        row.verified_at, row.verified_fingerprint = now, row.fingerprint


def _note_unusable(row: ResultCopy, found: Inspection, *, now: datetime) -> None:
    """An empty file is bad news only where there was more in it."""
    if found.state is CopyState.CORRUPT:
        note_damage(row, found.problem, now=now)
    elif found.state is CopyState.EMPTY and row.best_rows:
        note_damage(row, f"shrank: {found.problem}, and it once held rows", now=now)


def note_about(row: ResultCopy, about: About) -> None:
    row.user, row.location, row.code = about.user, about.location, about.code
    row.about = msgspec.to_builtins(about) | {"read": True}


def note_damage(row: ResultCopy, what: str, *, now: datetime) -> None:
    """What is worse to refute stays: that it rotted, and since when somebody knows it."""
    if row.damage == ROTTEN:
        return
    since = now if what == ROTTEN else row.damaged_at or now
    row.damage, row.damaged_at = what[:500], since


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
    note_about(row, contents.about)
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
