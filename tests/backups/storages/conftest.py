"""Two hosts in one process: which of them it is, the settings say."""

from pathlib import Path

import pytest
from django.utils import timezone

from backups.models import ResultCopy
from backups.services import storages
from backups.services.snapshots import take_snapshot
from devices.models import Device, Experiment, Storage
from tests.backups.storages.moves import START, fill, move


@pytest.fixture
def nas(db, now):
    return Storage.objects.create(name="nas1", host="The NAS in the cellar", heard_at=now)


@pytest.fixture
def on_nas(nas, device):
    """The device, whose copies lie on the NAS."""
    Device.objects.filter(pk=device.pk).update(storage=nas)
    return Device.objects.select_related("storage").get(pk=device.pk)


@pytest.fixture
def host(settings, tmp_path):
    """Be the host of this storage; "": the one of ethonode itself."""

    def be(name) -> Path:
        root = tmp_path / (name or "here")
        settings.STORAGE = name
        settings.RESULTS_DIR, settings.VIDEOS_DIR = root / "results", root / "videos"
        settings.CARDS_DIR, settings.VIDEO_CACHE_DIR = root / "cards", root / "cache"
        for folder in (settings.RESULTS_DIR, settings.VIDEOS_DIR):
            folder.mkdir(parents=True, exist_ok=True)
        return root

    return be


@pytest.fixture
def leaving(nas, device, host):
    """Its copies lie on the host of ethonode itself, are proven, and are to lie on nas1."""
    now = timezone.now()
    host("nas1")
    storages.tell_of("nas1", asked_at=now, now=now)
    fill(host(""), device)
    device.goes_to, device.inventory_read_at = nas, now
    device.save()
    times = {"first_seen_at": now, "listed_at": now}
    name = f"{START}_{device.device_id}.db"
    Experiment.objects.create(device=device, writer="sqlite", filename=name, **times)
    storages.look_at_own_disks(now=now)
    take_snapshot(device, now=now)
    copy = ResultCopy.objects.get()
    marks = dict.fromkeys(("verified_fingerprint", "proven_fingerprint"), copy.fingerprint)
    ResultCopy.objects.update(**marks, proven_at=now)
    return Device.objects.get(pk=device.pk)


@pytest.fixture
def left(leaving, host):
    """It was moved to nas1; this is the host of ethonode again."""
    host("nas1")
    assert move(leaving).error == ""
    host("")
    return Device.objects.select_related("storage").get(pk=leaving.pk)
