"""Look at a device's database files on the disk, open what has changed, and remember the rest."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from backups.engine.compare import CopyState
from backups.engine.copies import (
    CopyFile,
    Inspection,
    ResultsUnreadable,
    find_copies,
    inspect,
)
from backups.models import ResultCopy
from devices.models import Device

SECONDS_A_FILE = 5.0
SECONDS_A_DEVICE = 60.0
CLOCK_AHEAD = timedelta(days=1)  # rows that claim to be younger than this are not believed
MOST_AHEAD = timedelta(days=36500)

_SEEN = ["filename", "size_bytes", "wal_bytes", "modified_at", "fingerprint"]
_LEARNT = ["writer", "state", "problem", "data_at", "row_count", "finished", "inspected_at"]
_PROVEN = ["verified_at"]  # of the file as it was: a new one has to be read anew


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
    changed = _inspected(device, files, known, now=now)
    vanished = known.keys() - {file.path for file in files}
    if changed or vanished:
        _store(device, changed, vanished)
    copies = list(ResultCopy.objects.filter(device=device))
    return ResultsReading(copies=copies, error="", read_at=now)


def _inspected(
    device: Device,
    files: Iterable[CopyFile],
    known: Mapping[str, ResultCopy],
    *,
    now: datetime,
) -> list[ResultCopy]:
    """The rows of the files that had to be opened, new ones first: a slow old one may wait."""
    to_open = [file for file in files if _must_open(file, known.get(file.path))]
    give_up_at = time.monotonic() + SECONDS_A_DEVICE
    latest = latest_moment(device, now=now)
    rows = []
    for file in sorted(to_open, key=lambda file: file.path in known):
        seconds = min(SECONDS_A_FILE, give_up_at - time.monotonic())
        found = _look(settings.RESULTS_DIR / file.path, latest=latest, seconds=seconds)
        rows.append(_row(device, file, found, previous=known.get(file.path), now=now))
    return rows


def latest_moment(device: Device, *, now: datetime) -> datetime:
    """The last moment, on the device's clock, that a row of it can be of.

    How far that clock is ahead of ours is believed within reason, for the device says so itself.
    """
    seconds = min(max(device.clock_skew_seconds or 0, 0), MOST_AHEAD.total_seconds())
    return now + CLOCK_AHEAD + timedelta(seconds=seconds)


def _must_open(file: CopyFile, row: ResultCopy | None) -> bool:
    if row is None or row.fingerprint != file.fingerprint or row.state == CopyState.BUSY:
        return True
    # The same file may become believable when the device's clock is known, or time has passed.
    return row.state == CopyState.USABLE and row.data_at is None


def _look(path: Path, *, latest: datetime, seconds: float) -> Inspection:
    if seconds <= 0:
        return Inspection(state=CopyState.BUSY, problem="not opened yet: others took too long")
    return inspect(path, latest=latest, give_up_after=seconds)


def _row(
    device: Device,
    file: CopyFile,
    found: Inspection,
    *,
    previous: ResultCopy | None,
    now: datetime,
) -> ResultCopy:
    row = ResultCopy(
        device=device,
        path=file.path,
        filename=file.filename,
        size_bytes=file.size_bytes,
        wal_bytes=file.wal_bytes,
        modified_at=file.modified_at,
        fingerprint=file.fingerprint,
        first_seen_at=previous.first_seen_at if previous else now,
        state=found.state,
        problem=found.problem,
        writer=found.writer or (previous.writer if previous else ""),
        data_at=found.data_at,
        row_count=found.row_count,
        finished=found.finished,
        inspected_at=now,
    )
    if previous and previous.fingerprint == file.fingerprint:
        row.verified_at = previous.verified_at
    if previous and found.state is CopyState.BUSY:  # nothing learnt: what it held is still told
        row.data_at, row.row_count = previous.data_at, previous.row_count
    return row


def _store(device: Device, changed: list[ResultCopy], vanished: Collection[str]) -> None:
    with transaction.atomic():
        ResultCopy.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["device", "path"],
            update_fields=[*_SEEN, *_LEARNT, *_PROVEN],
        )
        if vanished:
            ResultCopy.objects.filter(device=device, path__in=vanished).delete()
