"""Some devices of the simulated lab are backed up here, so that a newcomer sees runs at work.

Of all others at least the cards are listed.
"""

import secrets
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.utils import timezone

from backups.models import BackupPlan
from backups.services.ssh_keys import KeyFailed, public_key
from devices.models import Device, DeviceGroup
from ethonode.env import LabPlaces
from ethonode.run.config import DEVICES_IN_LAB, OPEN_IN_LAB
from ethonode.run.say import say
from incidents.engine.schemas import schema_of
from incidents.models import Channel
from incidents.models.channels import ChannelSort
from incidents.services.secrets import seal
from installation.leaving import BY_MAIL, BY_WEB, GROUP
from lab.fleet import open_device_ids

_SEED = 1  # of `manage.py lab`, when nobody gives another
_OFTEN = {
    "mirror_every": timedelta(minutes=2),
    "pull_results_every": timedelta(minutes=2),
    "pull_videos_every": timedelta(minutes=3),
    "verify_every": timedelta(minutes=30),
    "list_card_every": timedelta(minutes=5),
    "pull_files_every": timedelta(minutes=5),
    "prove_every": timedelta(minutes=5),
    "prove_from": time(0),  # to the same: at any hour
    "prove_until": time(0),
}
_MAIL = {
    "from": "ethonode@lab.example",
    "to": "you@lab.example",
    "smtp": "127.0.0.1",
    "mode": "insecure",
}
_OTHERS_EVERY = timedelta(minutes=10)


def prepare_lab(lab: LabPlaces, *, key_file: Path) -> None:
    """Give the lab our public key, and plan backups of its open devices, if it has any."""
    if lab.sink_port:
        _fill_inbox(lab)
    if lab.ssh_port:
        _write_public_key(key_file)
    if lab.ssh_port or lab.database_port:
        _plan_backups(
            mirror_here=bool(lab.database_port),
            pull_results_here=bool(lab.ssh_port),
            pull_videos_here=bool(lab.ssh_port),
            verify_here=True,
            list_card_here=bool(lab.ssh_port),
            pull_files_here=bool(lab.ssh_port),
            prove_here=bool(lab.ssh_port),
        )


def _fill_inbox(lab: LabPlaces) -> None:
    """Messages go to the lab's own inbox, at the ports of this start."""
    mail = f"mailto://127.0.0.1:{lab.mail_port}?{urlencode(_MAIL)}"
    for name, sort, address in (
        (BY_WEB, ChannelSort.WEBHOOK, f"http://127.0.0.1:{lab.sink_port}/"),
        (BY_MAIL, ChannelSort.APPRISE, mail),
    ):
        channel, _ = Channel.objects.get_or_create(name=name, defaults={"sort": sort})
        channel.schema = schema_of(address)
        seal(channel, address, signing_key=secrets.token_urlsafe(32))
        channel.save()


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
    if switches["list_card_here"]:
        BackupPlan.objects.get_or_create(
            group=None, defaults={"list_card_here": True, "list_card_every": _OTHERS_EVERY}
        )
    now = timezone.now()
    first_told = {"first_seen_at": now, "told_at": now, "told_by": "lab"}
    for device_id in open_device_ids(devices=DEVICES_IN_LAB, seed=_SEED, count=OPEN_IN_LAB):
        Device.objects.update_or_create(
            device_id=device_id,
            defaults={"group": group},
            create_defaults={"group": group, **first_told},
        )
