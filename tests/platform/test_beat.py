"""The real scheduler, with the clock of its machine moved under it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django_celery_beat.models import PeriodicTask

from ethonode.beat import BeatScheduler
from ethonode.celery import app

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OFTEN = {"backups.tasks.take_snapshots", "devices.tasks.refresh_devices"}
STEPS = [timedelta(minutes=10), timedelta(hours=5), timedelta(days=400)]


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        PeriodicTask.objects.update(last_run_at=None, date_changed=NOON)
        yield clock


def scheduler():
    return BeatScheduler(app=app, lazy=True)


def sent_by(beat, queue, ticks=40):
    """Names of the tasks that are sent until nothing is due any more."""
    for _ in range(ticks):
        if beat.tick():
            break
    return set(queue())


def all_of_ours():
    return set(
        PeriodicTask.objects.exclude(task__startswith="celery.").values_list("task", flat=True)
    )


@pytest.mark.parametrize("back", STEPS)
def test_a_beat_at_work_goes_on_when_its_clock_is_set_back(clock, queue, back):
    beat = scheduler()
    sent_by(beat, queue)
    clock.move_to(NOON + timedelta(minutes=6))
    assert "backups.tasks.take_snapshots" in sent_by(beat, queue)
    clock.move_to(NOON + timedelta(minutes=6) - back)
    assert sent_by(beat, queue) >= OFTEN
    assert not sent_by(beat, queue)  # once, not again and again
    clock.move_to(NOON + timedelta(minutes=8) - back)
    assert "backups.tasks.check_daemons" in sent_by(beat, queue)


@pytest.mark.parametrize("ahead", STEPS)
def test_a_beat_that_starts_with_last_runs_ahead_of_its_clock_runs_them_once(clock, queue, ahead):
    PeriodicTask.objects.update(last_run_at=NOON + ahead)
    beat = scheduler()
    assert all_of_ours() <= sent_by(beat, queue)
    assert not sent_by(beat, queue)
    assert not PeriodicTask.objects.filter(last_run_at__gt=NOON).exists()


def test_a_change_of_the_schedule_is_seen_after_the_clock_was_set_back(clock, queue):
    beat = scheduler()
    sent_by(beat, queue)
    clock.move_to(NOON - timedelta(hours=5))
    sent_by(beat, queue)
    for task in PeriodicTask.objects.all():
        task.enabled = False
        task.save()
    clock.move_to(NOON - timedelta(hours=4))
    assert not sent_by(beat, queue)


def test_a_clock_that_is_put_back_by_a_moment_runs_nothing_twice(clock, queue):
    beat = scheduler()
    clock.move_to(NOON + timedelta(minutes=6))
    sent_by(beat, queue)
    clock.move_to(NOON + timedelta(minutes=6) - timedelta(seconds=1))
    assert not sent_by(beat, queue)
