"""What a move has left: it is deleted by a run once all of it is proven elsewhere, or it stays."""

from typing import Any

from backups.engine.errors import BackupError
from backups.models import OPEN_STATES, Run, RunKind
from devices.models import Device
from devices.services.by_people import set_by_people


class NothingToKeep(BackupError):
    """No move has left anything, or it is being deleted just now."""


def keep_left(device: Device, *, by: Any, why: str = "") -> str:
    """The old files stay where they are, as the lab's own: nobody counts them as left any more.

    What goes on growing never is again as it was left, so no run could delete it, and the device
    could never move again. Returns where they lie; raises NothingToKeep.
    """
    place = device.still_kept_on
    if not place:
        raise NothingToKeep("No move has left anything of it.")
    deleting = Run.objects.filter(device=device, kind=RunKind.CLEAR, state__in=OPEN_STATES)
    if deleting.exists():
        raise NothingToKeep("They are to be deleted just now: cancel that run first.")
    reason = why or f"its old files stay on {place}"
    set_by_people([device], by=by, why=reason, left=None, left_on_main=False)
    return place
