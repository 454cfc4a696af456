"""Some devices of the simulated lab are backed up here, so that a newcomer sees runs at work."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from backups.models import BackupPlan
from backups.services.ssh_keys import KeyFailed, public_key
from devices.models import Device, DeviceGroup
from ethonode.env import LabPlaces
from ethonode.run.config import DEVICES_IN_LAB, OPEN_IN_LAB
from ethonode.run.say import say
from lab.fleet import open_device_ids

GROUP = "Backed up here"
_SEED = 1  # of `manage.py lab`, when nobody gives another
_OFTEN = {
    "mirror_every": timedelta(minutes=2),
    "pull_results_every": timedelta(minutes=2),
    "pull_videos_every": timedelta(minutes=3),
    "verify_every": timedelta(minutes=30),
    "list_card_every": timedelta(minutes=5),
}


def prepare_lab(lab: LabPlaces, *, key_file: Path) -> None:
    """Give the lab our public key, and plan backups of its open devices, if it has any."""
    if lab.ssh_port:
        _write_public_key(key_file)
    if lab.ssh_port or lab.database_port:
        _plan_backups(
            mirror_here=bool(lab.database_port),
            pull_results_here=bool(lab.ssh_port),
            pull_videos_here=bool(lab.ssh_port),
            verify_here=True,
            list_card_here=bool(lab.ssh_port),
        )


def _write_public_key(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(public_key() + "\n")
    except KeyFailed as error:
        say(f"ethonode: no backups over ssh: {error}")


@transaction.atomic
def _plan_backups(**switches: Any) -> None:
    """Once: afterwards group and plan are people's."""
    group, is_new = DeviceGroup.objects.get_or_create(name=GROUP)
    if not is_new:
        return
    BackupPlan.objects.create(group=group, **switches, **_OFTEN)
    now = timezone.now()
    first_told = {"first_seen_at": now, "told_at": now, "told_by": "lab"}
    for device_id in open_device_ids(devices=DEVICES_IN_LAB, seed=_SEED, count=OPEN_IN_LAB):
        Device.objects.update_or_create(
            device_id=device_id,
            defaults={"group": group},
            create_defaults={"group": group, **first_told},
        )
