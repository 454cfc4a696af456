"""What runs made here showed of one copy. It holds for as long as nobody writes the file."""

from datetime import datetime
from pathlib import Path

from django.db.models import F

from backups.engine.compare import CopyState
from backups.models import ResultCopy
from backups.services.results import read_results
from devices.models import Device


def store_proof(
    device: Device,
    path: Path,
    *,
    proven_at: datetime,
    now: datetime,
    source_mark: str = "",
    doubt: str = "",
) -> None:
    """All that the device had at `proven_at` is in the copy at `path`; or it differs by `doubt`."""
    read_results(device, now=now)
    ResultCopy.objects.filter(device=device, path=str(path)).update(
        proven_fingerprint=F("fingerprint"),
        proven_at=None if doubt else proven_at,
        doubt=doubt[:500],
        source_mark=source_mark[:200],
    )


def store_verified(copy: ResultCopy, *, now: datetime) -> None:
    ResultCopy.objects.filter(pk=copy.pk, fingerprint=copy.fingerprint).update(verified_at=now)


def store_corrupt(copy: ResultCopy, problem: str, *, now: datetime) -> None:
    """It stays so until somebody writes the file anew."""
    facts = {"state": CopyState.CORRUPT, "problem": problem[:500], "verified_at": now}
    ResultCopy.objects.filter(pk=copy.pk, fingerprint=copy.fingerprint).update(**facts)
