"""What runs made here showed of one copy. It holds for as long as nobody writes the file."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from backups.engine.copies import Inspection
from backups.engine.items import CopyState
from backups.models import ResultCopy
from backups.services.results import note_damage, note_reading, read_results
from devices.models import Device

ROTTEN = "its content is another than when it was first read, though nobody wrote it"


def store_proof(
    device: Device,
    path: Path,
    *,
    proven_at: datetime,
    now: datetime,
    by: str = "a run made here",
    source_mark: str = "",
    doubt: str = "",
    fingerprint: str = "",
) -> None:
    """All that the device had at `proven_at` is in the copy at `path`, held against it whole; or
    it differs by `doubt`. `fingerprint` is of the file that was compared, where that is known:
    who has written it since ended the proof."""
    read_results(device, now=now)
    with transaction.atomic():
        copy = ResultCopy.objects.filter(device=device, path=str(path)).first()
        if copy is None:
            return
        copy.proven_fingerprint = fingerprint or copy.fingerprint
        copy.proven_at = None if doubt else proven_at
        copy.proven_by, copy.doubt = by[:100], doubt[:500]
        copy.source_mark = source_mark[:200]
        if not doubt and copy.is_as_shown and copy.state == CopyState.USABLE:
            copy.damage, copy.damaged_at = "", None
            copy.best_rows, copy.was_finished = copy.rows, copy.finished  # begun anew from here
        copy.save()


def store_reading(copy: ResultCopy, found: Inspection, *, now: datetime) -> str:
    """A verification read it to its end. Gives what is wrong with it; "": nothing is.

    Of a file that was written meanwhile nothing is said.
    """
    with transaction.atomic():
        row = ResultCopy.objects.filter(pk=copy.pk, fingerprint=copy.fingerprint).first()
        if row is None or found.state is CopyState.BUSY:
            return ""
        note_reading(row, found, now=now)
        row.save()
        return row.damage


def store_digest(copy: ResultCopy, digest: str, *, now: datetime) -> str:
    """Remember what it was read as. Gives what is wrong, where it was another content before and
    nobody has written it since: a check of the database's structure does not see that."""
    with transaction.atomic():
        row = ResultCopy.objects.filter(pk=copy.pk, fingerprint=copy.fingerprint).first()
        if row is None:
            return ""
        if row.digest_fingerprint != row.fingerprint:
            row.digest, row.digest_fingerprint = digest, row.fingerprint
        elif row.digest != digest:
            note_damage(row, ROTTEN, now=now)
        row.save()
        return row.damage
