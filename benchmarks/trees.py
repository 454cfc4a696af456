"""Trees of sparse video chunks, aged as in a lab: 70 % over a month, 20 % weeks, 10 % young."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

DAY = 24 * 3600
AGES_IN_DAYS = ((0.7, 31, 55), (0.2, 8, 28), (0.1, 0.1, 6))
CHUNK_BYTES = 40_000_000


@dataclass(frozen=True, slots=True)
class MadeTree:
    """A device's videos; `now` is the moment at which the ages hold.

    What was just made has a young ctime that nothing can set, so `now` lies 60 days ahead.
    """

    device_dir: Path
    now: float
    chunk_count: int
    folder_count: int
    young_count: int


def make_tree(device_dir: Path, chunk_count: int, *, now: float, seed: int = 1) -> MadeTree:
    """Make recordings of 100 to 300 chunks each, all chunks of one recording of one age."""
    choose = random.Random(seed)  # noqa: S311 - the same tree each time
    left, folders, young = chunk_count, 2, 0
    while left:
        count = min(left, choose.randint(100, 300))
        age = _age(chunk_count - left, chunk_count, choose)
        _make_recording(device_dir, folders, count, modified_at=now - age * DAY)
        young += count if age < 7 else 0
        left -= count
        folders += 1
    return MadeTree(device_dir, now, chunk_count, folders, young)


def _age(made: int, chunk_count: int, choose: random.Random) -> float:
    share = made / chunk_count
    for part, youngest, oldest in AGES_IN_DAYS:
        if share < part:
            return choose.uniform(youngest, oldest)
        share -= part
    return 1.0


def _make_recording(device_dir: Path, number: int, count: int, *, modified_at: float) -> None:
    stamp = f"2026-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}_10-{number // 336:02d}-00"
    folder = device_dir / "ETHOSCOPE_019" / stamp
    folder.mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for index in range(1, count + 1):
        name = f"{stamp}_{device_dir.name}__1280x960@15fps-20q_{index:05d}.h264"
        chunk = os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=handle)
        os.truncate(chunk, CHUNK_BYTES)
        os.utime(chunk, (modified_at, modified_at))
        os.close(chunk)
    os.close(handle)
