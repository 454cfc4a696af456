"""Files on the pages of a device, an experiment and a recording."""

import pytest
from django.contrib.auth.models import User

from backups.models import RecordingLedger, ResultCopy
from backups.services.snapshots import take_snapshot
from devices.models import Experiment
from tests.backups.files.conftest import START


@pytest.fixture
def boss(db, client):
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def experiment(shelf, now):
    name = shelf.database.name
    return Experiment.objects.create(
        device=shelf.device, filename=name, first_seen_at=now, listed_at=now
    )


def page(client, model, key, **asked):
    return client.get(f"/admin/{model}/{key}/change/", asked).content.decode()


def test_a_device_has_its_files_found_by_name_and_kind(boss, shelf):
    device = shelf.device.pk
    whole = page(boss, "devices/device", device, tab="files")
    assert whole.count(">Download</a>") == 5
    assert "/api/v1/files/zip/?device=" in whole
    found = page(boss, "devices/device", device, tab="files", search="_00002", kind="video")
    assert found.count(">Download</a>") == 1
    none = page(boss, "devices/device", device, tab="files", search="nowhere")
    assert "nothing that matches" in none
    odd = page(boss, "devices/device", device, tab="files", files="x", kind="cake")
    assert odd.count(">Download</a>") == 5


def test_an_experiment_and_a_recording_have_theirs(boss, shelf, experiment):
    take_snapshot(shelf.device, now=experiment.listed_at)
    of_experiment = page(boss, "devices/experiment", experiment.pk)
    assert f"/api/v1/files/r{ResultCopy.objects.get().pk}/content/" in of_experiment
    ledger = RecordingLedger.objects.get(recording=START)
    assert page(boss, "backups/recordingledger", ledger.pk).count(">Download</a>") == 3


def test_who_may_only_look_is_told_what_it_needs(person, shelf):
    looker = person("devices.view_device")
    seen = page(looker, "devices/device", shelf.device.pk, tab="files")
    assert ">Download</a>" not in seen
    assert "needs the right" in seen
