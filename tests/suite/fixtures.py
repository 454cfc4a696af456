"""Fixtures of the tests that the user's document names."""

import builtins
import io
import os
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from django.core.cache import caches
from django.utils import timezone

from backups.services import daemons, disk_looks, snapshots
from devices.models import Device
from devices.services import refresh_devices
from lab.server import Lab
from tests.nodes import node_of
from tests.suite.disk import VideoDisk


@pytest.fixture
def disk(tmp_path):
    """A node's disk for videos, empty."""
    (tmp_path / "videos").mkdir()
    return VideoDisk(tmp_path / "videos")


@pytest.fixture
def node_lab(tmp_path):
    """A node, two services and six devices, one of each kind."""
    with Lab(root=tmp_path / "lab", devices=6, chunks=40, restless=False) as running:
        yield running


@pytest.fixture
def quiet_site(db):
    """A site whose throttles start at nothing."""
    caches["shared"].clear()


@pytest.fixture
def installation(quiet_site, node_lab, settings, tmp_path):
    """ethonode, set up for that lab; nothing asked yet."""
    settings.NODES = [node_of(node_lab)]
    settings.DEVICE_PORT = node_lab.device_port
    settings.VIDEOS_DIR = node_lab.videos_dir
    settings.RESULTS_DIR = node_lab.results_dir
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    return Installation(node_lab)


class Installation:
    """What the schedule does, by hand."""

    def __init__(self, lab):
        self.lab = lab

    def cycle(self):
        """Ask the node and the services, look at the disk: `manage.py refresh`."""
        now = self.now()
        refresh_devices(now=now)
        daemons.check_daemons(now=now)
        disk_looks.look_at_disks(now=now)
        for device in snapshots.devices_to_look_at():
            snapshots.take_snapshot(device, now=now)

    def now(self):
        return datetime.fromtimestamp(self.lab.now(), UTC)

    def of_kind(self, kind):
        """The simulated device of that kind."""
        return next(device for device in self.lab.devices if device.kind == kind)


@pytest.fixture
def bare_device(quiet_site):
    """A device that the node told of, and of which nothing else is known."""
    now = timezone.now()
    return Device.objects.create(
        device_id="0192c3d4e5f60718293a4b5c6d7e8f90",
        name="ETHOSCOPE_019",
        reported_status="stopped",
        first_seen_at=now,
        told_at=now,
        told_by="node",
        inventory_read_at=now,
    )


class Opened:
    """What this process opens or lists, by whatever Python gives for it.

    No audit hook: one is never taken away, and once it is written in Python two threads whose
    coverage begins at one time break each other's.
    """

    DOORS = ((builtins, "open"), (io, "open"), (os, "open"), (os, "scandir"), (os, "listdir"))

    @contextmanager
    def watch(self):
        found = []
        with ExitStack() as until_then:
            for module, name in self.DOORS:
                watched = self._watched(getattr(module, name), found)
                until_then.enter_context(patch.object(module, name, watched))
            yield found

    def _watched(self, door, found):
        def through(path=".", *others, **named):
            if not isinstance(path, int):
                found.append(os.fsdecode(path))
            return door(path, *others, **named)

        return through


@pytest.fixture(scope="session")
def opened():
    return Opened()
