"""Two hosts in one process: which of them it is, the settings say."""

from pathlib import Path

import pytest

from devices.models import Device, Storage


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
