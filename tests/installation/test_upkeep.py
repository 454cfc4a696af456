"""What has served its time is forgotten, in short steps; and a SQLite file gives room back."""

from contextlib import closing
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessAttemptExpiration
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.models import BackupSnapshot, CardReading, Run, VideoScan
from backups.services.steps import MOST
from installation import tasks, upkeep

pytestmark = pytest.mark.django_db


def results(count, *, age):
    made = [TaskResult(task_id=f"{age}-{n}", status="SUCCESS") for n in range(count)]
    TaskResult.objects.bulk_create(made)
    ids = [one.task_id for one in made]
    at = timezone.now() - age
    for start in range(0, count, 500):
        TaskResult.objects.filter(task_id__in=ids[start : start + 500]).update(date_done=at)


def test_results_of_a_day_stay_and_older_ones_go():
    results(3, age=timedelta(hours=23))
    results(2, age=timedelta(hours=25))
    assert upkeep.forget_old(now=timezone.now()) == 2
    assert TaskResult.objects.count() == 3


def test_many_results_go_in_short_steps():
    results(MOST + 1, age=timedelta(days=2))
    with CaptureQueriesContext(connection) as queries:
        assert upkeep.forget_old(now=timezone.now()) == MOST + 1
    deleted = [one["sql"] for one in queries if one["sql"].startswith("DELETE")]
    assert len(deleted) > 1
    assert all(sql.count(",") < MOST for sql in deleted)


@pytest.mark.parametrize(
    ("model", "others"),
    [
        (Run, set()),
        (BackupSnapshot, {VideoScan}),
        (CardReading, set()),
        (TaskResult, set()),
        (Session, set()),
        (AccessAttempt, {AccessAttemptExpiration}),  # which is off: none is ever made
    ],
)
def test_nothing_else_points_to_what_goes_in_steps(model, others, settings):
    """Nobody is asked for that when it goes: a model that is added has to be said here."""
    assert {relation.related_model for relation in model._meta.related_objects} == others
    assert not getattr(settings, "AXES_USE_ATTEMPT_EXPIRATION", False)


def test_a_session_that_has_ended_is_forgotten():
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(hours=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(hours=1))
    upkeep.forget_old(now=now)
    assert [one.session_key for one in Session.objects.all()] == ["new"]


def test_it_is_done_by_the_clock_and_not_by_celery_itself(settings):
    task = PeriodicTask.objects.get(task=tasks.tidy.name)
    assert task.enabled
    assert task.expire_seconds < task.interval.every
    assert settings.CELERY_RESULT_EXPIRES is None
    assert not PeriodicTask.objects.filter(name="celery.backend_cleanup").exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL tidies itself")
class TestSQLite:
    def test_free_pages_that_the_next_days_do_not_need_are_given_back(self, tmp_path):
        own = DatabaseWrapper(
            {**connection.settings_dict, "NAME": tmp_path / "own.sqlite3"}, alias="own"
        )
        with closing(own), own.cursor() as cursor:
            cursor.execute("CREATE TABLE t (x)")
            cursor.executemany("INSERT INTO t VALUES (%s)", [("y" * 3000,)] * 4000)
            cursor.execute("DELETE FROM t")
            before = upkeep.pages(own, "page_count")
            given = upkeep.give_back(own)
            assert before // 2 < given <= before - upkeep.pages(own, "page_count")
            assert 0 < upkeep.pages(own, "freelist_count") <= before // upkeep.MOST_FREE
