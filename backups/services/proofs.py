"""What runs made here showed of one copy. It holds for as long as nobody writes the file."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from backups.engine.copies import Inspection
from backups.engine.items import CopyState
from backups.models import ResultCopy
from backups.services.results import ROTTEN, note_damage, note_reading, read_results
from devices.models import Device


def store_proof(
    device: Device,
    path: Path,
    *,
    fingerprint: str,
    whole: bool,
    proven_at: datetime,
    now: datetime,
    by: str = "a run made here",
    source_mark: str = "",
    doubt: str = "",
    digest: str = "",
) -> None:
    """All that the device had at `proven_at` is in the copy at `path`; or it differs by `doubt`.

    `fingerprint` is of the file that was compared: of another one that lies there now, or that the
    disk does not show, this says nothing. `whole`: the run copied all of it, or held all of it
    against the device, and did not believe what was shown before. That refutes what was found
    wrong with it until then. `digest`: of the file, as it was read from the disk just now.
    """
    before = ResultCopy.ever.filter(device=device, path=str(path)).first()
    reading = read_results(device, now=now)
    with transaction.atomic():
        copy = ResultCopy.objects.filter(device=device, path=str(path)).first()
        if copy is None:
            return
        copy.proven_fingerprint = fingerprint
        copy.proven_at = None if doubt else proven_at
        copy.proven_by, copy.doubt = by[:100], doubt[:500]
        copy.source_mark = source_mark[:200]
        is_older = before is None or before.damaged_at is None or before.damaged_at <= proven_at
        if whole and is_older and not (doubt or reading.error) and copy.is_as_shown:
            _begin_anew(copy)
        if digest and copy.is_as_shown and not copy.damage:
            copy.digest, copy.digest_fingerprint, copy.digest_at = digest, fingerprint, now
        copy.save()


def note_unlike(copy: ResultCopy, doubt: str) -> None:
    """It was held against the device whole, and differs. What showed it to be equal is over, and
    the next mirror believes nothing of what was shown before."""
    same = ResultCopy.objects.filter(pk=copy.pk, proven_fingerprint=copy.proven_fingerprint)
    same.update(proven_at=None, doubt=doubt[:500])


def _begin_anew(copy: ResultCopy) -> None:
    """The device itself has no more than this."""
    if copy.state != CopyState.USABLE:
        return
    if copy.damage:
        copy.damage, copy.damaged_at = "", None
        copy.digest, copy.digest_fingerprint, copy.digest_at = "", "", None
    copy.best_rows, copy.was_finished = copy.rows, copy.finished


def store_reading(copy: ResultCopy, found: Inspection, *, digest: str = "", now: datetime) -> str:
    """A verification read it to its end, as `digest` if it is a sound database. Gives what is
    wrong with it; "": nothing is.

    Of a file that was written meanwhile nothing is said.
    """
    with transaction.atomic():
        row = ResultCopy.objects.filter(pk=copy.pk, fingerprint=copy.fingerprint).first()
        if row is None or found.state is CopyState.BUSY:
            return ""
        if digest:
            _compare_with_before(row, digest, now=now)
        note_reading(row, found, now=now)
        if digest and not row.damage:
            row.digest, row.digest_fingerprint = digest, row.fingerprint
            row.digest_at = now
        row.save()
        return row.damage


def note_content(
    device: Device, path: Path, *, fingerprint: str, digest: str, now: datetime
) -> str:
    """This file was read from the disk to its end, and its structure was not looked at. Gives that
    it rotted; "": it did not."""
    with transaction.atomic():
        found = ResultCopy.objects.filter(device=device, path=str(path), fingerprint=fingerprint)
        if (row := found.first()) is None:
            return ""
        _compare_with_before(row, digest, now=now)
        row.save()
        return row.damage if row.damage == ROTTEN else ""


def _compare_with_before(row: ResultCopy, digest: str, *, now: datetime) -> None:
    """Another content though nobody has written it since: a check of the database's structure does
    not see that. What rotted is held against what it was before, whoever touched it since."""
    if row.damage == ROTTEN:
        if row.digest == digest:
            row.damage, row.damaged_at = "", None
    elif row.digest_fingerprint == row.fingerprint and row.digest != digest:
        note_damage(row, ROTTEN, now=now)
