"""Runs that do not come to their end by themselves: cancelled, killed, lost, late."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from backups.failed_runs import what_to_do
from backups.models import Lease, Run, RunState
from backups.services import runs
from backups.services.leases import hold
from backups.services.runs.perform import lease_name
from backups.services.runs.watch import BEAT
from tests.engine.mirror.device import differing_tables
from tests.fault_proxy import Fault

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90
BEGIN = """
from django.utils import timezone
from backups.models import *
from backups.services import runs
from devices.models import Device
device = Device.objects.create(
    device_id={device_id!r}, name={name!r}, address="127.0.0.1", first_seen_at=timezone.now(),
    told_at=timezone.now(), told_by="node",
)
run = runs.request_run(device, RunKind.MIRROR, trigger=RunTrigger.PERSON, now=timezone.now())
runs.perform(run.pk, clock=timezone.now)
"""
REAP_AND_GO_ON = """
from datetime import timedelta
from django.utils import timezone
from backups.models import *
from backups.services import runs
for _ in range(2):
    runs.reap_runs(now=timezone.now())
later = lambda: timezone.now() + timedelta(minutes=2)
for run_id in runs.due_runs(slots=2, now=later()) * 2:
    runs.perform(run_id, clock=later)
"""


def in_no_time(seconds):
    assert seconds > 2 * BEAT.total_seconds()


@pytest.fixture
def while_it_runs(ask, clock):
    """Do something once, when the run first shows progress; every look at the clock takes 3 s."""

    def while_it_runs(act):
        acts = [act]
        clock.step = timedelta(seconds=3)
        return runs.perform(
            ask().pk, clock=clock.look, show=lambda _: acts.pop()() if acts else None
        )

    return while_it_runs


@pytest.fixture
def silent(proxy, database):
    """The server sends a part of the rows, and then nothing more."""
    database.track(1, first=101, last=20_000)
    proxy.fault = Fault(stall_after=50_000)
    return proxy


def test_a_run_hears_that_it_is_cancelled(while_it_runs, database, copy, now):
    run = while_it_runs(lambda: runs.cancel_run(Run.objects.get(), now=now))
    assert run.state == "cancelled"
    assert not copy.exists()
    assert Run.objects.count() == 1


def test_a_silent_server_does_not_keep_a_cancelled_run(while_it_runs, silent, copy, now):
    run = while_it_runs(lambda: runs.cancel_run(Run.objects.get(), now=now))
    assert run.state == "cancelled"
    assert not copy.exists()


def test_a_run_that_breaks_off_after_it_was_cancelled_is_not_tried_again(ask, database, now):
    def cancel_and_trip(_):
        runs.cancel_run(Run.objects.get(), now=now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runs.perform(ask().pk, clock=timezone.now, show=cancel_and_trip)
    assert Run.objects.get().state == "failed"


def test_a_run_that_lost_its_lease_stops_and_changes_nothing(while_it_runs, database, copy):
    run = while_it_runs(lambda: Lease.objects.update(token="another/1/1/1"))
    assert run.state == "failed"
    assert "another process" in run.error
    assert not copy.exists()


def test_a_run_that_was_reaped_stays_reaped(while_it_runs, database, now):
    later = now + timedelta(hours=2)
    run = while_it_runs(lambda: runs.reap_runs(now=later, wait=in_no_time))
    assert (run.state, run.error) == ("failed", "its worker died")
    assert Run.objects.filter(state="queued").count() == 1


def test_a_run_that_takes_too_long_is_stopped(while_it_runs, database, clock):
    def half_a_day_passes():
        clock.now += timedelta(hours=13)

    assert "twelve hours" in while_it_runs(half_a_day_passes).error


def test_a_heartbeat_tells_how_far_it_is(while_it_runs, database):
    seen = []

    def look():
        clock_has_moved = Run.objects.get()
        seen.append((clock_has_moved.state, clock_has_moved.heartbeat_at))

    run = while_it_runs(look)
    assert seen[0][0] == "running"
    assert run.heartbeat_at > seen[0][1]
    assert run.phase


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(-241), "its worker was told to end"),
        (OperationalError("it was restarted"), "ethonode's own database failed: it was restarted"),
    ],
)
def test_a_stopped_worker_or_a_restarted_database_is_no_fault_of_ours(ask, database, error, words):
    def stop(_):
        raise error

    with pytest.raises(type(error)):
        runs.perform(ask().pk, clock=timezone.now, show=stop)
    run, again = Run.objects.order_by("attempt")
    assert (run.state, run.error) == ("failed", words)
    assert (again.state, again.attempt) == ("queued", 2)
    assert "report" not in what_to_do(run)


def test_what_nobody_foresaw_ends_the_run_and_is_raised(ask, database):
    def trip(_):
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError):
        runs.perform(ask().pk, clock=timezone.now, show=trip)
    run = Run.objects.get(attempt=1)
    assert (run.state, run.error) == ("failed", "it broke off: ZeroDivisionError: no")
    assert Run.objects.filter(attempt=2, state="queued").count() == 1


def test_a_run_that_is_at_work_is_not_begun_again(ask, database, now):
    run = ask()
    with hold(lease_name(run), duration=timedelta(minutes=5), now=now):
        assert runs.perform(run.pk, clock=timezone.now) is None
        Run.objects.update(state=RunState.RUNNING, heartbeat_at=now)
        assert runs.perform(run.pk, clock=timezone.now) is None
        assert runs.reap_runs(now=now) == 0
    assert Run.objects.get().state == "running"


OTHER_CLOCKS = [timedelta(hours=5), timedelta(hours=-5), timedelta(days=-365)]


@pytest.fixture
def at_work_elsewhere(ask, now):
    """A run that another host works on, with a clock that is right."""
    run = ask()
    Run.objects.update(state=RunState.RUNNING, heartbeat_at=now)
    ends = now + timedelta(minutes=15)
    Lease.objects.create(name=lease_name(run), token="elsewhere/1/2/3", expires_at=ends)
    return run


@pytest.mark.parametrize("wrong", OTHER_CLOCKS, ids=str)
def test_a_run_that_beats_lives_whatever_our_clock_says(at_work_elsewhere, wrong, now):
    def it_beats(_):
        Run.objects.update(heartbeat_at=now + BEAT)

    assert runs.reap_gone(now=now + wrong) == 0
    assert runs.reap_runs(now=now + wrong, wait=it_beats) == 0
    assert Run.objects.get().state == "running"
    assert runs.reap_runs(now=now + wrong, wait=in_no_time) == 1


@pytest.mark.parametrize("wrong", OTHER_CLOCKS, ids=str)
def test_what_another_host_works_on_is_not_taken_from_it(at_work_elsewhere, wrong, now):
    assert runs.perform(at_work_elsewhere.pk, clock=lambda: now + wrong) is None
    assert Lease.objects.get().token == "elsewhere/1/2/3"


@pytest.fixture
def elsewhere(silent, settings, own_database):
    """Another process with a database of its own, and one question to that database."""
    environment = (
        os.environ
        | own_database.environment
        | {
            "ETHONODE_RESULTS_DIR": str(settings.RESULTS_DIR),
            "ETHONODE_MYSQL_PORT": str(silent.port),
        }
    )
    command = [sys.executable, "manage.py"]

    def start(code):
        return subprocess.Popen([*command, "shell", "-c", code], cwd=ROOT, env=environment)

    return start, own_database.rows


@pytest.mark.timeout(240)
@pytest.mark.by_turns
def test_a_killed_run_is_reaped_and_done_again_once(elsewhere, silent, database, device, copy):
    start, one = elsewhere
    names = {"device_id": device.device_id, "name": device.name}
    with start(BEGIN.format(**names)) as killed:
        give_up_at = time.monotonic() + PATIENCE
        under_way = "SELECT 1 FROM backups_run WHERE state = 'running' AND phase LIKE 'copying%'"
        while not (found := one(under_way)) and time.monotonic() < give_up_at:
            time.sleep(0.1)
        killed.send_signal(signal.SIGKILL)
    assert found
    silent.fault = Fault()
    with start(REAP_AND_GO_ON) as again:
        assert again.wait(PATIENCE) == 0
    assert one("SELECT attempt, state, error FROM backups_run ORDER BY id") == [
        (1, "failed", "its worker died"),
        (2, "succeeded", ""),
    ]
    assert differing_tables(database, copy) == []
