"""Videos as a node holds them: sparse files of 1-5 MB, most of them old, some recent."""

import os
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backups.engine.videos.cache import CacheFile
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.scan import scan_device

DAY = 24 * 3600
CHUNK_SECONDS = 300
CHUNKS_A_FOLDER = 200
WEEK = timedelta(days=7)
MEGABYTE = 10**6
LEAST_BYTES, MOST_BYTES = 1 * MEGABYTE, 5 * MEGABYTE
# Share of the files, and how many days ago their recording ended: old, of middle age, recent.
AGES = ((0.7, 31, 200), (0.2, 8, 27), (0.1, 0.1, 5.5))
SECRET = b"of this lab"


class Looks:
    """os.lstat that counts."""

    def __init__(self):
        self.count = 0

    def __call__(self, path, *, dir_fd=None):
        self.count += 1
        return os.lstat(path, dir_fd=dir_fd)


@dataclass
class VideoDisk:
    """The videos tree of a node, and its cache. `now` is 60 days on: what is made here is old."""

    root: Path
    now: float = field(default_factory=lambda: time.time() + 60 * DAY)
    rng: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - data

    @property
    def cache_dir(self) -> Path:
        return self.root / ".cache"

    def fill(self, device_id: str, count: int) -> None:
        """Give a device that many files, 70 % old, 20 % of middle age, 10 % recent."""
        shares = [int(count * share) for share, *_ in AGES]
        shares[0] += count - sum(shares)
        for files, (_, least, most) in zip(shares, AGES, strict=True):
            for first in range(0, files, CHUNKS_A_FOLDER):
                ended = self.now - self.rng.uniform(least, most) * DAY
                self.record(device_id, min(CHUNKS_A_FOLDER, files - first), ended_at=ended)

    def record(self, device_id: str, chunks: int, *, ended_at: float) -> Path:
        """One recording."""
        began = ended_at - chunks * CHUNK_SECONDS
        stamp = f"{datetime.fromtimestamp(began, UTC):%Y-%m-%d_%H-%M-%S}"
        folder = self.root / device_id / f"ETHOSCOPE_{device_id[:3]}" / stamp
        folder.mkdir(parents=True)
        for number in range(1, chunks + 1):
            name = f"{stamp}_{device_id}__1280x960@15fps-20q_{number:05d}.h264"
            modified = began + number * CHUNK_SECONDS
            write(folder / name, self.rng.randint(LEAST_BYTES, MOST_BYTES), modified)
        return folder

    def cache_file(self, device_id: str) -> CacheFile:
        return CacheFile(directory=self.cache_dir, device_id=device_id, secret=SECRET)

    def scan(self, device_id: str, **options) -> ScanResult:
        """As the engine does it: with what the cache file holds, and saving it again."""
        file = self.cache_file(device_id)
        options = {"now": self.now, "settled_after": WEEK, **options}
        cache = options.pop("cache", None) or file.load()
        result = scan_device(self.root / device_id, cache, **options)
        if result.worth_saving:
            file.save(result.cache)
        return result


def write(path: Path, size_bytes: int, modified_at: float) -> None:
    """A sparse file: its full size, and no bytes on the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.ftruncate(handle, size_bytes)
        os.utime(handle, (modified_at, modified_at))
    finally:
        os.close(handle)
