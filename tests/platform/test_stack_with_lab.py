"""`make run` as a newcomer has it: with the simulated lab."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.platform.stack import environment, running, wait_until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    var = tmp_path_factory.mktemp("lab") / "var"
    with running(var, ETHONODE_SIMULATED_LAB="yes") as started:
        yield started


def status(stack):
    return json.loads(stack.get("/backup/status") or "{}")


def looked_at(stack):
    """The devices of which a copy is known."""
    devices = status(stack).get("devices", {})
    return [
        device
        for device in devices.values()
        if any(kind["available"] for kind in device["backup_types"].values())
    ]


def asked(stack, sql):
    with closing(sqlite3.connect(stack.var / "ethonode.sqlite3", timeout=20)) as database:
        return database.execute(sql).fetchall()


def snapshot_count(stack):
    return asked(stack, "SELECT count(*) FROM backups_backupsnapshot")[0][0]


def kinds_done(stack):
    rows = asked(stack, "SELECT DISTINCT kind FROM backups_run WHERE state = 'succeeded'")
    return {kind for (kind,) in rows}


def test_every_device_is_watched_and_both_services_answer(stack):
    wait_until(lambda: len(looked_at(stack)) > 20)
    found = status(stack)
    assert len(found["devices"]) == 24
    assert [service["available"] for service in found["services"].values()] == [True, True]


def test_backups_are_made_of_the_devices_that_let_us_in(stack):
    kinds = {"mirror", "pull_results", "pull_videos", "verify", "list_card"}
    wait_until(lambda: kinds_done(stack) == kinds)


def test_work_goes_on_after_redis_was_gone(stack):
    wait_until(lambda: looked_at(stack))
    os.kill(stack.pid_of("redis"), signal.SIGKILL)
    before = snapshot_count(stack)
    queue = [sys.executable, "manage.py", "refresh", "--queue"]
    env = environment(stack.var)
    wait_until(lambda: subprocess.run(queue, env=env, capture_output=True).returncode == 0)
    wait_until(lambda: snapshot_count(stack) > before)


def test_with_the_lab_killed_the_status_answers_from_stored_facts(stack):
    wait_until(lambda: looked_at(stack))
    held = len(looked_at(stack))
    os.kill(stack.pid_of("lab"), signal.SIGSTOP)
    try:
        assert len(looked_at(stack)) >= held
    finally:
        os.kill(stack.pid_of("lab"), signal.SIGCONT)
