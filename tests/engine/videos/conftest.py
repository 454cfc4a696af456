"""A device's videos in a temporary folder, and ways to look at them."""

import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from backups.engine.videos.cache import CacheFile
from backups.engine.videos.folder import VideoCache
from backups.engine.videos.scan import scan_device

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
RECORDING = "ETHOSCOPE_019/2026-01-03_10-00-00"
WEEK = timedelta(days=7)
DAY = 24 * 3600


@dataclass
class Tree:
    """The videos of one device. `now` is 60 days on, so that what is made here is old."""

    root: Path
    now: float = field(default_factory=lambda: time.time() + 60 * DAY)

    @property
    def device_dir(self):
        return self.root / DEVICE

    def folder(self, name=RECORDING):
        path = self.device_dir / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def chunk(self, number=1, *, recording=RECORDING, size=1000, age_days=40.0):
        return self.file(
            f"2026-01-03_10-00-00_{DEVICE}__1280x960@15fps-20q_{number:05d}.h264",
            recording=recording,
            size=size,
            age_days=age_days,
        )

    def file(self, name, *, recording=RECORDING, size=1000, age_days=40.0):
        path = self.folder(recording) / name
        path.touch()
        os.truncate(path, size)
        self.age(path, days=age_days)
        return path

    def age(self, path, *, days):
        os.utime(path, (self.now - days * DAY,) * 2)

    def scan(self, cache=None, **options):
        options = {"now": self.now, "settled_after": WEEK, **options}
        return scan_device(self.device_dir, cache or VideoCache(), **options)


class Watched:
    """os.lstat that remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, path, *, dir_fd=None):
        self.asked.append(os.path.basename(path))  # noqa: PTH119 - bytes
        return os.lstat(path, dir_fd=dir_fd)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "videos").mkdir()
    return Tree(tmp_path / "videos")


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def cache_file(tmp_path):
    return CacheFile(directory=tmp_path / "cache", device_id=DEVICE, secret=b"of this lab")


@pytest.fixture
def saved(tree, cache_file):
    """The cache of a scan of two recordings, on the disk."""
    for number in range(1, 200):
        tree.chunk(number)
    tree.chunk(1, recording="ETHOSCOPE_019/other")
    cache = tree.scan().cache
    cache_file.save(cache)
    return cache
