"""Copies that hold more than their device does now: none is replaced until a person lets it be."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from backups.models import ResultCopy
from devices.models import Device

CURE = "a person may let the device's come: “Take the device's” on the page of the copy"


def note_refused(device: Device, path: Path, why: str) -> None:
    ResultCopy.objects.filter(device=device, path=str(path)).update(refused=why[:500])


def note_taken(device: Device, path: Path) -> None:
    """What the device has is here now: whatever was refused before, or asked for, is done."""
    refused = ResultCopy.objects.filter(device=device, path=str(path))
    refused.update(refused="", gives_way_at=None)


def give_way(copy: ResultCopy, *, now: datetime) -> None:
    """The next pull sets ours aside, under a name of its own, and brings the device's."""
    copy.gives_way_at = now
    copy.save(update_fields=["gives_way_at"])


def keep(copy: ResultCopy) -> None:
    """Take that back."""
    copy.gives_way_at = None
    copy.save(update_fields=["gives_way_at"])


def refusals(copies: Iterable[ResultCopy]) -> tuple[str, ...]:
    """As findings, each naming the copy."""
    return tuple(
        f"{copy.filename}: what the device has was refused: {copy.refused}; "
        + ("the next pull takes it, as a person asked" if copy.gives_way_at else CURE)
        for copy in copies
        if copy.refused
    )
