"""Leave the simulated lab: at the next start, before anything runs, what it made is emptied.

A button only marks it: until then nothing is gone, and it can be taken back. What the lab made it
has noted itself; what is not in its notes stays.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django_celery_results.models import TaskResult

from backups.models import BackupPlan, DaemonStatus, DiskLook, WipeCertificate
from backups.services.ssh_keys import forget_key_of
from devices.models import Device, DeviceGroup, NodeStatus
from incidents.models import Channel, Incident
from installation.models import StoredAnswer
from lab.memory import recall

# What the first start with a lab makes for it.
BY_WEB, BY_MAIL = "Simulated lab, by web", "Simulated lab, by mail"
GROUP = "Backed up here"


class NoLab(Exception):
    """This is no simulated lab; nothing was done."""


def marked_file() -> Path:
    path: Path = settings.VAR_DIR / "leave-lab"
    return path


def is_marked() -> bool:
    return marked_file().exists()


def mark() -> None:
    """Raises NoLab."""
    if not settings.SIMULATED_LAB:
        raise NoLab("the data here are not those of a simulated lab")
    marked_file().touch(mode=0o600)


def unmark() -> None:
    marked_file().unlink(missing_ok=True)


def leave(root: Path) -> int:
    """Empty what the lab in this folder made. Gives how many devices; none, where there is no lab.

    Raises LabMemoryError.
    """
    fleet, _ = recall(root)
    count = _forget({device.device_id for device in fleet}) if fleet else 0
    if fleet and root.parent == settings.VAR_DIR and not root.is_symlink():
        shutil.rmtree(root)  # last: a leaving that was cut short begins anew
    return count


@transaction.atomic
def _forget(device_ids: Collection[str]) -> int:
    """Rows of these devices, and what `make run` planned for them.

    Where no other device is left, all that was seen was the lab: then also what is of no device.
    """
    mine = Device.objects.filter(device_id__in=device_ids)
    count = mine.count()
    for device in mine:
        forget_key_of(device)
    WipeCertificate.objects.filter(device__in=mine).delete()
    mine.delete()
    Device.history.filter(device_id__in=device_ids).delete()
    Channel.objects.filter(name__in=[BY_WEB, BY_MAIL]).delete()
    DeviceGroup.objects.filter(name=GROUP, devices=None).delete()
    if not Device.objects.exists():
        _forget_what_is_of_no_device()
    return count


def _forget_what_is_of_no_device() -> None:
    for model in (NodeStatus, DaemonStatus, DiskLook, Incident, TaskResult, StoredAnswer):
        model._default_manager.all().delete()
    for plan in BackupPlan.objects.filter(group=None):
        if not plan.history.filter(history_user__isnull=False).exists():  # no person's
            plan.delete()
