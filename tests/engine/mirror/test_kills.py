"""A mirror killed at any moment: the copy opens, is what the device once held, and is completed.

ETHONODE_KILLS sets how many (20).
"""
# ruff: noqa: S608, S311

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.engine.mirror.device import ROIS, differing_tables

KILLS = int(os.environ.get("ETHONODE_KILLS", "20"))
ROOT = Path(__file__).resolve().parents[3]
SUMS = "SELECT COUNT(*), COALESCE(SUM(id), 0), COALESCE(SUM({}), 0) FROM {}"
TABLES = {
    **{f"ROI_{roi}": "t" for roi in range(1, ROIS + 1)},
    "CSV_DAM_ACTIVITY": "ROI_1",
    "IMG_SNAPSHOTS": "t",
}


@pytest.mark.by_turns
def test_a_kill_at_any_moment_leaves_a_whole_copy(device, copy):
    chance = random.Random(os.environ.get("ETHONODE_SEED", "11"))
    copy.mirror()
    usual = timed(device, copy)
    states = [state_there(device)]
    for number in range(KILLS):
        work(device, number)
        states.append(state_there(device))
        kill_after(device, copy, chance.uniform(0, usual))
        assert state_here(copy.path) in states
        if number % 3 == 2:
            assert copy.mirror(prove_within=1).complete
            assert state_here(copy.path) == states[-1]
            assert text_of(copy.path) == lines_of(copy.path)
    copy.mirror(prove_within=1)
    assert differing_tables(device, copy.path) == []
    assert [path.name for path in copy.path.parent.glob("*mirror-new*")] == []


def work(device, number: int) -> None:
    """What happens on a device between two mirrors: mostly new rows, at times a new run."""
    if number % 7 == 6:
        device.begin_run(started=f"{1767400000 + number}", rows=500)
    last = device.run("SELECT MAX(id) FROM ROI_1")[0][0]
    for roi in range(1, ROIS + 1):
        device.track(roi, first=last + 1, last=last + 4000)
    device.insert("CSV_DAM_ACTIVITY", *[(None, "22 Nov 2026", "1:0", n, n, n) for n in range(50)])
    device.insert("IMG_SNAPSHOTS", (None, number, bytes([number % 256]) * 50_000))
    if number % 4 == 1:
        device.run(f"UPDATE ROI_2 SET t = t + 1 WHERE id > {last - 20}")


def state_there(device) -> list[tuple]:
    return [
        tuple(map(int, device.run(SUMS.format(column, table))[0]))
        for table, column in TABLES.items()
    ]


def state_here(path: Path) -> list[tuple]:
    """Opening it as any reader does lets SQLite take back what was half written."""
    with closing(sqlite3.connect(path)) as copy:
        assert copy.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return [copy.execute(SUMS.format(c, table)).fetchone() for table, c in TABLES.items()]


def text_of(path: Path) -> str:
    return path.with_suffix(".txt").read_text()


def lines_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as copy:
        rows = copy.execute("SELECT * FROM CSV_DAM_ACTIVITY ORDER BY id")
        return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def timed(device, copy) -> float:
    """How long a mirror takes when nobody kills it."""
    work(device, 0)
    started = begin(device, copy)
    at = time.monotonic()
    started.communicate(timeout=60)
    return time.monotonic() - at


def kill_after(device, copy, seconds: float) -> None:
    process = begin(device, copy)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    process.kill()
    process.communicate()


def begin(device, copy) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.engine.mirror.one_mirror", device.driver.name]
    command += [str(device.server.port), device.database, str(copy.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"begin\n"
    return process
