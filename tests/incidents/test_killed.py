"""Workers that are killed at any moment, or write to a full disk, while they watch and send.

They work on a database of their own, and send to a real server that knows keys, by HTTP or
by mail: each problem is told once, and its end once.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.incidents.sinks import MailSink, WebSink, running
from tests.platform.stack import wait_until

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("ETHONODE_KILLS", "12")) // 2  # by each way
DEVICES = 10
MESSAGES = "SELECT count(*) FROM incidents_delivery"
WORKER = ROOT / "tests" / "incidents" / "one_worker.py"

pytestmark = pytest.mark.own_database


@pytest.fixture(params=[WebSink, MailSink])
def sink(request):
    with running(request.param()) as sink:
        yield sink


@pytest.fixture
def environment(own_database):
    return (
        os.environ
        | own_database.environment
        | {
            "ETHONODE_ALERT_NETWORKS": "127.0.0.0/8",
            "ETHONODE_SIMULATED_LAB": "no",
            "PYTHONPATH": str(ROOT),
        }
    )


def work(environment, *words):
    command = [sys.executable, str(WORKER), *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def done(environment, *words):
    with work(environment, *words) as run:
        assert run.wait(timeout=300) == 0


def is_told_once(sink, database):
    """Of each device; of every second one its end, too."""
    events = sink.told()
    assert len(events) == DEVICES
    for about, what in events.items():
        mended = int(about.split()[0][-3:]) % 2 == 0
        assert what == (["opened", "over"] if mended else ["opened"]), about
    waiting = "SELECT count(*) FROM incidents_delivery WHERE state <> 'sent'"
    assert database.rows(waiting) == [(0,)]
    kinds = "device_id, backup_type, old, new"
    changes = f"SELECT {kinds}, count(*) FROM incidents_verdictchange GROUP BY {kinds}"  # noqa: S608
    assert {count for *_, count in database.rows(changes)} == {1}


@pytest.mark.timeout(1800)
@pytest.mark.by_turns
def test_killed_at_random_moments_each_is_told_once_and_its_end_once(
    sink, environment, own_database
):
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
            wait_until(lambda: own_database.rows(MESSAGES)[0][0] >= DEVICES)  # all were seen
            done(environment, "mend")
        alive.append(work(environment, "work"))
    for worker in alive:
        worker.kill()
        worker.wait()
    done(environment, "finish")
    is_told_once(sink, own_database)


@pytest.mark.sqlite_only(reason="PostgreSQL's server writes, on its own disk")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("sink", [MailSink], indirect=True)
@pytest.mark.by_turns
def test_on_a_full_disk_nothing_is_lost_and_nothing_comes_twice(sink, environment, own_database):
    done(environment, "on_a_full_disk", sink.sort, sink.address, str(DEVICES))
    is_told_once(sink, own_database)
