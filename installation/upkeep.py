"""Our own database: what has served its time is forgotten, and room is given back."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django_celery_results.models import TaskResult

from backups.services.steps import delete_rows

RESULTS_KEPT = timedelta(days=1)
ATTEMPTS_KEPT = timedelta(days=90)  # failed logins
MOST_FREE = 4  # one page in so many may be free: the next day's rows need them
PAGES_AT_ONCE = 500


def forget_old(*, now: datetime) -> int:
    """Results of tasks, sessions that have ended, failed logins of long ago. Returns how many."""
    return sum(
        map(
            delete_rows,
            (
                TaskResult.objects.filter(date_done__lt=now - RESULTS_KEPT),
                Session.objects.filter(expire_date__lt=now),
                AccessAttempt.objects.filter(attempt_time__lt=now - ATTEMPTS_KEPT),
            ),
        )
    )


def tidy_database() -> str:
    """What PostgreSQL does by itself; in steps, so that nobody waits long who wants to write."""
    if connection.vendor != "sqlite":
        return "its own autovacuum does it"
    return f"{give_back(connection)} pages given back"


def give_back(database: BaseDatabaseWrapper) -> int:
    """Of the free pages those that the next days will not need, and how many those were.

    Only a database that was made so can give any back.
    """
    total, before = pages(database, "page_count"), pages(database, "freelist_count")
    free, left = None, before
    while left > total // MOST_FREE and left != free:
        with database.cursor() as cursor:
            cursor.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
        free, left = left, pages(database, "freelist_count")
    return before - left


def pages(database: BaseDatabaseWrapper, counted: str) -> int:
    with database.cursor() as cursor:
        cursor.execute(f"PRAGMA {counted}")
        return int(cursor.fetchone()[0])
