"""Workers that are killed at any moment, or write to a full disk, while they watch and send.

They work on a database file of their own, and send to a real server that knows keys, by HTTP or
by mail: each problem is told once, and its end once.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.incidents.sinks import MailSink, WebSink, running
from tests.platform.stack import wait_until

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("ETHONODE_KILLS", "12")) // 2  # by each way
DEVICES = 10
MESSAGES = "SELECT count(*) FROM incidents_delivery"
WORKER = ROOT / "tests" / "incidents" / "one_worker.py"


@pytest.fixture(params=[WebSink, MailSink])
def sink(request):
    with running(request.param()) as sink:
        yield sink


@pytest.fixture
def environment(tmp_path, migrated):
    (tmp_path / "var").mkdir()
    shutil.copy(migrated, tmp_path / "var")
    return os.environ | {
        "ETHONODE_VAR_DIR": str(tmp_path / "var"),
        "ETHONODE_ALERT_NETWORKS": "127.0.0.0/8",
        "ETHONODE_SIMULATED_LAB": "no",
        "PYTHONPATH": str(ROOT),
    }


def work(environment, *words):
    command = [sys.executable, str(WORKER), *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def done(environment, *words):
    with work(environment, *words) as run:
        assert run.wait(timeout=300) == 0


def rows(environment, question):
    path = Path(environment["ETHONODE_VAR_DIR"], "ethonode.sqlite3")
    with closing(sqlite3.connect(path, timeout=20)) as database:
        return database.execute(question).fetchall()


def is_told_once(sink, environment):
    """Of each device; of every second one its end, too."""
    events = sink.told()
    assert len(events) == DEVICES
    for about, what in events.items():
        mended = int(about.split()[0][-3:]) % 2 == 0
        assert what == (["opened", "over"] if mended else ["opened"]), about
    waiting = "SELECT count(*) FROM incidents_delivery WHERE state <> 'sent'"
    assert rows(environment, waiting) == [(0,)]
    kinds = "device_id, backup_type, old, new"
    changes = f"SELECT {kinds}, count(*) FROM incidents_verdictchange GROUP BY {kinds}"  # noqa: S608
    assert {count for *_, count in rows(environment, changes)} == {1}


@pytest.mark.timeout(1800)
def test_killed_at_random_moments_each_is_told_once_and_its_end_once(sink, environment):
    """Two workers at a time; half of the devices are mended in the middle of it."""
    chance = random.Random(1)  # noqa: S311
    done(environment, "begin", sink.sort, sink.address, str(DEVICES))
    alive = [work(environment, "work") for _ in range(2)]
    for number in range(KILLS):
        time.sleep(chance.uniform(0.05, 1.5))
        victim = alive.pop(0)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        if number == KILLS // 2:
            wait_until(lambda: rows(environment, MESSAGES)[0][0] >= DEVICES)  # all were seen
            done(environment, "mend")
        alive.append(work(environment, "work"))
    for worker in alive:
        worker.kill()
        worker.wait()
    done(environment, "finish")
    is_told_once(sink, environment)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sink", [MailSink], indirect=True)
def test_on_a_full_disk_nothing_is_lost_and_nothing_comes_twice(sink, environment):
    done(environment, "on_a_full_disk", sink.sort, sink.address, str(DEVICES))
    is_told_once(sink, environment)
