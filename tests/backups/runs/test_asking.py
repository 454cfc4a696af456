"""Asking for runs: one at a time, the most urgent first, and an end to trying."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.models import Backup, BackupPlan, BackupSnapshot, Run, RunState, RunTrigger
from backups.services import runs
from backups.services.runs.planning import most_urgent_first
from backups.services.runs.requests import MOST_ATTEMPTS, let_wait, request_retry
from devices.models import DeviceGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(db):
    return BackupPlan.objects.create(mirror_here=True, mirror_every=timedelta(minutes=10))


def test_two_requests_give_one_run(ask):
    assert ask().pk == ask(trigger=RunTrigger.API).pk


def test_two_requests_at_once_give_one_run(ask, a_run):
    """Another one is asked for between our look and our writing."""
    quicker = []

    def be_quicker(execute, sql, *others):
        if sql.startswith("SAVEPOINT") and not quicker:
            quicker.append(a_run(trigger="api"))
        return execute(sql, *others)

    with connection.execute_wrapper(be_quicker):
        assert ask() == quicker[0]


def test_the_database_itself_refuses_a_second_open_run(a_run):
    a_run(state=RunState.WAITING)
    with pytest.raises(IntegrityError):
        a_run(state=RunState.RUNNING)


def test_a_person_need_not_wait_for_a_pause_and_the_schedule_does(ask, a_run, now):
    run = a_run(not_before=now + timedelta(hours=1))
    ask(trigger=RunTrigger.SCHEDULE)
    run.refresh_from_db()
    assert run.not_before > now
    ask()
    run.refresh_from_db()
    assert run.not_before == now


def test_pauses_grow_and_end(a_run, now):
    run, pauses = a_run(state=RunState.FAILED), []
    while True:
        request_retry(run, now=now)
        following = Run.objects.filter(state="queued").first()
        if following is None:
            break
        pauses.append(following.not_before - now)
        Run.objects.filter(pk=following.pk).update(state=RunState.FAILED)
        run = following
    assert pauses == [timedelta(minutes=2**n) for n in range(MOST_ATTEMPTS - 1)]


def test_what_waits_is_cancelled_at_once(ask, now):
    run = ask()
    assert runs.cancel_run(run, now=now)
    run.refresh_from_db()
    assert (run.state, run.ended_at) == ("cancelled", now)
    assert runs.perform(run.pk, clock=timezone.now) is None


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.WAITING, RunState.RUNNING])
def test_a_run_that_is_open_is_cancelled_in_one_statement(
    a_run, now, state, django_assert_num_queries
):
    """Between two it may change from one to another, and seem to have ended."""
    run = a_run(state=state)
    with django_assert_num_queries(1):
        assert runs.cancel_run(run, now=now)
    run.refresh_from_db()
    runs_on = state is RunState.RUNNING
    assert run.state == ("running" if runs_on else "cancelled")
    assert (run.ended_at, run.cancel_requested_at) == (None if runs_on else now, now)


@pytest.mark.parametrize("first", ["cancel", "wait"])
def test_a_run_that_is_cancelled_as_it_begins_to_wait_does_not_wait(a_run, now, first):
    run = a_run(state=RunState.RUNNING)
    if first == "cancel":
        runs.cancel_run(run, now=now)
    let_wait(run, now=now, reason="the device has nothing yet", log="asked")
    if first == "wait":
        assert Run.objects.get().state == "waiting"
        runs.cancel_run(run, now=now)
    run.refresh_from_db()
    assert (run.state, run.ended_at, run.log) == ("cancelled", now, "asked")


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED])
def test_what_has_ended_begins_to_wait_no_more(a_run, now, state):
    run = a_run(state=state)
    let_wait(run, now=now, reason="it is busy")
    run.refresh_from_db()
    assert (run.state, run.error) == (state, "")


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED])
def test_what_has_ended_stays_as_it_ended(a_run, now, state):
    run = a_run(state=state)
    assert not runs.cancel_run(run, now=now)
    assert runs.perform(run.pk, clock=timezone.now) is None
    run.refresh_from_db()
    assert run.state == state


def test_a_run_is_not_started_before_its_time(a_run, now):
    assert runs.perform(a_run(not_before=now + timedelta(hours=1)).pk, clock=lambda: now) is None


def test_without_a_free_slot_a_run_stays_in_the_queue(a_run, make_device, now):
    a_run(state=RunState.RUNNING)
    queued = a_run(device=make_device(1))
    assert runs.perform(queued.pk, clock=timezone.now, slots=1) is None
    assert runs.due_runs(slots=1, now=now) == []
    assert runs.due_runs(slots=2, now=now) == [queued.pk]


def test_nothing_is_planned_where_nobody_made_a_plan(make_device, now):
    make_device(1)
    assert runs.plan_runs(now=now) == []


def test_a_plan_holds_for_its_group_before_that_for_all(make_device, here, now):
    watched = DeviceGroup.objects.create(name="watched")
    BackupPlan.objects.create(group=watched)
    make_device(1, group=watched)
    planned = make_device(2)
    assert [run.device for run in runs.plan_runs(now=now)] == [planned]


@pytest.mark.parametrize("lifecycle", ["parked", "retired"])
def test_devices_that_are_off_on_purpose_are_left_alone(make_device, here, now, lifecycle):
    make_device(1, lifecycle=lifecycle)
    assert runs.plan_runs(now=now) == []


def test_a_device_without_mysql_data_is_not_mirrored(device, here, now):
    assert runs.plan_runs(now=now) == []
    assert runs.kinds_here(device) == set()


@pytest.mark.parametrize(
    ("state", "ago", "due"),
    [
        ("succeeded", timedelta(minutes=10), True),
        ("succeeded", timedelta(minutes=9), False),
        ("failed", timedelta(minutes=59), False),
        ("failed", timedelta(minutes=60), True),
    ],
)
def test_a_device_is_due_again_after_its_pause(make_device, here, a_run, now, state, ago, due):
    a_run(device=make_device(1), state=state, ended_at=now - ago)
    assert bool(runs.plan_runs(now=now)) is due


def test_an_open_run_is_not_planned_twice(make_device, here, now):
    make_device(1)
    assert len(runs.plan_runs(now=now)) == 1
    assert runs.plan_runs(now=now) == []


def test_those_nearest_to_losing_data_come_first(make_device, a_run, now):
    old = Problem("a.db", now - timedelta(days=3), "unsaved")
    new = Problem("a.db", now - timedelta(hours=3), "unsaved")
    devices = [
        make_device(1, card_used_percent=10),
        make_device(2, card_used_percent=50),
        make_device(3, card_used_percent=50),
        make_device(4, card_used_percent=97),
        make_device(5),
    ]
    for device, problem in ((devices[1], new), (devices[2], old)):
        backup = Backup.objects.create(device=device, backup_type="mysql")
        facts = BackupFacts(backup_type=BackupType.MYSQL, behind=(problem,))
        backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now)
        backup.latest.save()
        backup.save()
    queued = [a_run(device=device, trigger=RunTrigger.SCHEDULE) for device in devices[:4]]
    queued.append(a_run(device=devices[4]))
    assert [run.device.name for run in most_urgent_first(queued)] == ["E5", "E4", "E3", "E2", "E1"]


def test_a_dead_run_is_ended_and_tried_again(a_run, now):
    dead = a_run(state=RunState.RUNNING, heartbeat_at=now)
    assert runs.reap_runs(now=now) == 1
    dead.refresh_from_db()
    again = Run.objects.get(state="queued")
    assert (dead.state, dead.error) == ("failed", "its worker died")
    assert (again.attempt, again.not_before) == (2, now + timedelta(minutes=1))


def test_a_dead_run_that_was_to_be_cancelled_is_not_tried_again(a_run, now):
    a_run(state=RunState.RUNNING, heartbeat_at=now, cancel_requested_at=now)
    runs.reap_runs(now=now)
    assert Run.objects.get().state == "cancelled"


def test_old_runs_are_forgotten_but_for_the_newest(a_run, make_device, now):
    long_ago = now - timedelta(days=31)
    for _ in range(3):
        a_run(state=RunState.FAILED, queued_at=long_ago)
    other = make_device(1)
    a_run(device=other, state=RunState.SUCCEEDED, queued_at=long_ago)
    assert runs.forget_old_runs(now=now) == 2
    assert Run.objects.count() == 2
