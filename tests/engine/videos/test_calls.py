"""What a rescan costs, as the kernel counts it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backups.engine.videos.cache import CacheFile
from tests.engine.videos.conftest import DEVICE
from tests.engine.videos.test_memory import next_tick

REPOSITORY = Path(__file__).parents[3]
RESCAN = """
import os, sys
from datetime import timedelta
from pathlib import Path
from backups.engine.videos.cache import CacheFile
from backups.engine.videos.scan import scan_device
root, device, now = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
file = CacheFile(directory=root.parent / "cache", device_id=device, secret=b"s")
os.access("/begin", os.F_OK)
result = scan_device(root / device, file.load(), now=now, settled_after=timedelta(days=7))
os.access("/end", os.F_OK)
print(result.chunk_count, result.fresh_count)
"""


@pytest.fixture
def strace():
    path = shutil.which("strace")
    if not path:
        pytest.fail("strace is needed to count system calls: apt-get install strace")
    return path


def calls_of_a_rescan(strace, tree, log):
    """Count by name the system calls between the two marks."""
    command = [sys.executable, "-c", RESCAN, str(tree.root), DEVICE, str(tree.now)]
    answer = subprocess.run(
        [strace, "-f", "-o", str(log), *command],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout
    between = log.read_text().split('"/begin"')[1].split('"/end"')[0]
    return re.findall(r"^\d+ +(\w+)\(", between, re.MULTILINE)


def test_a_rescan_looks_at_folders_and_young_files_and_at_nothing_else(strace, tree, tmp_path):
    for recording in range(40):
        for number in range(1, 26):
            age = 40 if recording < 36 else 2
            tree.chunk(number, recording=f"ETHOSCOPE_019/r{recording}", age_days=age)
    next_tick(tree)
    folders, young = 42, 100
    file = CacheFile(directory=tmp_path / "cache", device_id=DEVICE, secret=b"s")
    file.save(tree.scan(tree.scan().cache).cache)
    calls = calls_of_a_rescan(strace, tree, tmp_path / "log")
    looks = [call for call in calls if "stat" in call]
    # beside them: the folder of all devices, and the cache file itself
    assert folders + young <= len(looks) <= (folders + young) * 1.01 + 2
    assert not [call for call in calls if call.startswith("getdents")]
    assert len([call for call in calls if call == "openat"]) == 4 + 2
