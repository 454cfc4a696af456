"""Our own clock was wrong, and was put right: what it wrote lies ahead, and holds nothing back."""

from datetime import timedelta

import pytest

from backups.badges import availability
from backups.models import BackupSnapshot, DaemonStatus, Lease, Run, RunKind, RunState, RunTrigger
from backups.services import runs
from backups.services.leases import LeaseHeld, hold
from backups.services.runs.planning import due_runs
from backups.services.runs.watch import RunWatch
from backups.services.snapshots import devices_to_look_at, take_snapshot

pytestmark = pytest.mark.django_db
AHEAD = [timedelta(minutes=1), timedelta(hours=5), timedelta(days=400)]


@pytest.fixture
def places(settings, tmp_path):
    settings.RESULTS_DIR = tmp_path / "results"
    settings.VIDEOS_DIR = tmp_path / "videos"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    for folder in (settings.RESULTS_DIR, settings.VIDEOS_DIR):
        folder.mkdir()


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_look_that_lies_ahead_does_not_stand_for_the_one_that_is_due(device, places, now, ahead):
    devices_to_look_at()
    take_snapshot(device, now=now + ahead, due_at=now + ahead)
    assert take_snapshot(device, now=now, due_at=now)
    assert not take_snapshot(device, now=now, due_at=now)
    assert BackupSnapshot.objects.filter(taken_at=now).count() == 3


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_daemon_that_was_asked_in_the_future_is_not_available(now, ahead):
    daemon = DaemonStatus.objects.create(
        daemon="mysql", checked_at=now + ahead, answered_at=now + ahead
    )
    assert availability(daemon, now) == "not asked lately"
    assert availability(daemon, now + ahead) == "available"


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_run_that_was_queued_in_the_future_is_due(device, now, ahead):
    run = runs.request_run(device, RunKind.VERIFY, trigger=RunTrigger.PERSON, now=now + ahead)
    assert due_runs(slots=1, now=now) == [run.pk]


def test_a_run_that_pauses_is_not_due_before_its_time(device, now):
    later = {"queued_at": now, "not_before": now + timedelta(minutes=4)}
    Run.objects.create(device=device, kind="verify", trigger="person", **later)
    assert due_runs(slots=1, now=now) == []


@pytest.mark.parametrize("ahead", AHEAD[1:])
def test_a_lease_of_another_machine_that_no_clock_of_today_gave_is_free(now, ahead):
    Lease.objects.create(name="work", token="elsewhere/1/2/3", expires_at=now + ahead)
    with hold("work", duration=timedelta(minutes=6), now=now):
        assert not Lease.objects.get().token.startswith("elsewhere")


@pytest.mark.parametrize("ahead", AHEAD)
def test_whoever_works_here_keeps_its_lease(now, ahead):
    long = timedelta(minutes=6)
    with (
        hold("work", duration=long, now=now + ahead),
        pytest.raises(LeaseHeld),
        hold("work", duration=long, now=now),
    ):
        pytest.fail("both hold it")


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_run_at_work_goes_on_telling_that_it_lives(device, now, ahead):
    run = runs.request_run(device, RunKind.VERIFY, trigger=RunTrigger.PERSON, now=now)
    Run.objects.update(state=RunState.RUNNING)
    times = iter([now + ahead, now, now])
    watch = RunWatch(
        run, fills=None, clock=lambda: next(times), renew=lambda at: True, show=lambda told: None
    )
    assert not watch.cancelled()
    assert Run.objects.get().heartbeat_at == now
