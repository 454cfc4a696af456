"""The first start with a simulated lab plans backups of the devices that can be reached."""

from dataclasses import replace

import pytest

from backups.models import BackupPlan
from devices.models import Device, DeviceGroup
from ethonode.env import LabPlaces
from ethonode.run.config import OPEN_IN_LAB
from ethonode.run.lab_plan import GROUP, prepare_lab

LAB = LabPlaces(
    root="/lab", node_port=1, mysql_port=2, rsync_port=3, device_port=4, ssh_port=5, database_port=6
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path):
    settings.SSH_KEY_FILE = tmp_path / "ssh" / "key"


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "ssh" / "key.pub"


def test_the_lab_is_told_our_public_key(key_file):
    prepare_lab(LAB, key_file=key_file)
    assert key_file.read_text().startswith("ssh-ed25519 ")


def test_its_open_devices_are_backed_up_here(key_file):
    prepare_lab(LAB, key_file=key_file)
    assert Device.objects.filter(group__name=GROUP).count() == OPEN_IN_LAB
    plan = BackupPlan.objects.get(group__name=GROUP)
    assert plan.mirror_here
    assert plan.pull_results_here
    assert plan.pull_videos_here


def test_the_cards_of_all_others_are_listed(key_file):
    prepare_lab(LAB, key_file=key_file)
    plan = BackupPlan.objects.get(group=None)
    assert (plan.list_card_here, plan.pull_videos_here) == (True, False)


def test_what_people_made_of_it_stays(key_file):
    prepare_lab(LAB, key_file=key_file)
    BackupPlan.objects.update(mirror_here=False)
    Device.objects.update(group=None)
    prepare_lab(LAB, key_file=key_file)
    assert not BackupPlan.objects.get(group__name=GROUP).mirror_here
    assert not Device.objects.exclude(group=None).exists()


@pytest.mark.parametrize(
    ("missing", "mirrors", "pulls"), [("ssh_port", True, False), ("database_port", False, True)]
)
def test_only_what_is_installed_is_planned(key_file, missing, mirrors, pulls):
    prepare_lab(replace(LAB, **{missing: 0}), key_file=key_file)
    plan = BackupPlan.objects.get(group__name=GROUP)
    assert (plan.mirror_here, plan.pull_results_here) == (mirrors, pulls)


def test_without_servers_nothing_is_planned(key_file):
    prepare_lab(replace(LAB, ssh_port=0, database_port=0), key_file=key_file)
    assert not DeviceGroup.objects.exists()
    assert not key_file.exists()


def test_a_key_that_cannot_be_made_stops_no_start(key_file, settings, tmp_path, capsys):
    (tmp_path / "file").touch()
    settings.SSH_KEY_FILE = tmp_path / "file" / "key"
    prepare_lab(LAB, key_file=key_file)
    assert "no backups over ssh" in capsys.readouterr().out
