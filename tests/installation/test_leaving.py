"""Leaving the simulated lab takes what it made, and nothing else."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_results.models import TaskResult

from backups.models import BackupPlan, Policy, Recording, Run, WipeCertificate
from devices.models import Device, DeviceGroup, NodeStatus
from ethonode.env import LabPlaces
from ethonode.run.lab_plan import prepare_lab
from incidents.models import Channel, Incident
from installation.leaving import leave
from lab.memory import LabMemoryError
from lab.server import Lab

pytestmark = pytest.mark.django_db
DEVICES = 24  # as `make run` has them


@pytest.fixture
def root(folders):
    """The lab's folder, with what it noted, and what was planned and seen of it."""
    folders.SSH_KEY_FILE = folders.VAR_DIR / "ssh" / "key"
    root = folders.VAR_DIR / "lab"
    with Lab(root, devices=DEVICES, chunks=2, restless=False) as lab:
        ids = [device.device_id for device in lab.devices]
    places = LabPlaces(
        root=str(root), node_port=1, mysql_port=2, rsync_port=3, device_port=4, ssh_port=5,
        database_port=6, sink_port=7, mail_port=8,
    )  # fmt: skip
    prepare_lab(places, key_file=folders.VAR_DIR / "ssh" / "key.pub")
    now = timezone.now()
    known = set(Device.objects.values_list("device_id", flat=True))
    for device_id in set(ids) - known:
        Device.objects.create(device_id=device_id, first_seen_at=now, told_at=now, told_by="node")
    seen_of(Device.objects.get(device_id=ids[0]), now)
    NodeStatus.objects.create(asked_at=now)
    TaskResult.objects.create(task_id="1")
    Incident.objects.create(
        key="node", kind="node", severity="critical", state="open", first_seen_at=now, opened_at=now
    )
    return root


def seen_of(device, now):
    Recording.objects.create(device=device, folder="f", chunk_count=1, size_bytes=1)
    Run.objects.create(
        device=device, kind="mirror", trigger="person", queued_at=now, not_before=now
    )
    WipeCertificate.objects.create(
        number=str(device.pk), device=device, made_at=now, listed_at=now, item_count=1,
        size_bytes=1, checked_at=now,
    )  # fmt: skip
    Incident.objects.create(
        key=f"device {device.pk}", kind="corrupt", severity="critical", device=device,
        state="open", first_seen_at=now, opened_at=now,
    )  # fmt: skip


OF_DEVICES = [Device, Recording, Run, WipeCertificate, Incident]


def test_everything_that_it_made_is_gone(root):
    assert leave(root) == DEVICES
    left = [*OF_DEVICES, NodeStatus, TaskResult, BackupPlan, DeviceGroup, Channel]
    assert {model: model.objects.count() for model in left} == dict.fromkeys(left, 0)
    assert not Device.history.exists()
    assert not root.exists()


def test_people_and_what_they_set_stay(root, admin_user):
    Channel.objects.create(name="ours")
    policies = Policy.objects.count()
    plan = BackupPlan.objects.get(group=None)
    plan._history_user = admin_user
    plan.save()
    leave(root)
    assert User.objects.count() == 1
    assert Policy.objects.count() == policies
    assert [one.name for one in Channel.objects.all()] == ["ours"]
    assert BackupPlan.objects.filter(pk=plan.pk).exists()


def test_another_device_keeps_all_that_is_its_own(root, device, now):
    seen_of(device, now)
    leave(root)
    assert {model: model.objects.count() for model in OF_DEVICES} == {
        **dict.fromkeys(OF_DEVICES, 1),
        Incident: 2,  # its own, and the node's: nobody knows whose that is
    }
    assert NodeStatus.objects.exists()


def test_a_second_time_there_is_nothing_to_leave(root):
    leave(root)
    assert leave(root) == 0


def test_a_folder_without_a_labs_notes_stays(root, folders):
    (root / "lab.json").unlink()
    assert leave(root) == 0
    assert root.is_dir()
    assert Device.objects.count() == DEVICES


def test_notes_that_cannot_be_read_leave_everything(root):
    (root / "lab.json").write_text("{}")
    with pytest.raises(LabMemoryError):
        leave(root)
    assert Device.objects.count() == DEVICES
    assert root.is_dir()


def test_files_that_a_link_leads_to_stay(root, tmp_path):
    elsewhere = root.rename(tmp_path / "elsewhere")
    root.symlink_to(elsewhere)
    leave(root)
    assert (elsewhere / "lab.json").exists()
