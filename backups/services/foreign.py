"""Two programs that write the same copies undo each other: whether another one does is noticed."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

from backups.engine.copies.identity import fingerprint
from backups.models import ResultCopy, Run, RunState
from devices.models import Device


def note_foreign_write(device: Device, path: Path, *, now: datetime) -> None:
    """Before a run writes the copy: is it still as the last run here left it?"""
    copy = ResultCopy.objects.filter(device=device, path=str(path)).first()
    if copy is None or copy.proven_at is None or _broke_off(device, since=copy.proven_at):
        return
    with suppress(OSError):  # gone or unreadable: that is said elsewhere
        is_ours = fingerprint(settings.RESULTS_DIR / path) == copy.proven_fingerprint
        found_at = None if is_ours else now
        ResultCopy.objects.filter(pk=copy.pk).update(foreign_write_at=found_at)


def _broke_off(device: Device, *, since: datetime) -> bool:
    """Whether a run of ours may have written, and was ended before it could say so."""
    ended = Run.objects.filter(device=device, ended_at__gt=since)
    return ended.exclude(state=RunState.SUCCEEDED).exists()


def foreign_writes(copies: Iterable[ResultCopy]) -> tuple[str, ...]:
    """As findings, each naming the copy. One ends when a run finds the copy as it was left."""
    return tuple(
        f"{copy.filename}: another program wrote this copy after a run here had (found"
        f" {copy.foreign_write_at:%Y-%m-%d %H:%M} UTC). The node's own backup daemons? Let only one"
        " of the two copy this data."
        for copy in copies
        if copy.foreign_write_at
    )
