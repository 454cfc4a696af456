"""Whether each part of this installation does its work, and if not, why not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult
from redis import Redis, RedisError

QUEUE = "celery"
REDIS_PATIENCE = 2  # seconds
BEATS_MISSED = 3
SLACK = timedelta(seconds=30)


class PartFailed(Exception):
    """A part that does not do its work; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    reason: str  # empty: it works

    def as_dict(self) -> dict[str, object]:
        return {"ok": not self.reason, "reason": self.reason}


def parts(*, now: datetime) -> list[Part]:
    return [
        _part("database", check_database),
        _part("migrations", check_migrations),
        _part("redis", check_redis),
        _part("beat", lambda: check_beat(now=now)),
        _part("worker", lambda: check_worker(now=now)),
    ]


def queue_length() -> int:
    with _redis() as redis:
        return int(redis.llen(QUEUE))


def _part(name: str, check: Callable[[], None]) -> Part:
    try:
        check()
    except (PartFailed, DatabaseError, RedisError) as error:
        return Part(name=name, reason=str(error) or type(error).__name__)
    return Part(name=name, reason="")


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@cache  # an error is not kept: only that all are applied, which stays so while this process lives
def check_migrations() -> None:
    executor = MigrationExecutor(connection)
    if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise PartFailed(f"{len(missing)} migrations are not applied")


def check_redis() -> None:
    with _redis() as redis:
        redis.ping()


def check_beat(*, now: datetime) -> None:
    ran_at = PeriodicTask.objects.aggregate(newest=Max("last_run_at"))["newest"]
    _check_age(ran_at, what="a task was due", now=now)


def check_worker(*, now: datetime) -> None:
    ended = TaskResult.objects.filter(status__in=["SUCCESS", "FAILURE"])
    done_at = ended.aggregate(newest=Max("date_done"))["newest"]
    _check_age(done_at, what="a task ended", now=now)


def _check_age(at: datetime | None, *, what: str, now: datetime) -> None:
    limit = _longest_silence()
    if at is None:
        raise PartFailed(f"never yet that {what}")
    if now - at > limit:
        raise PartFailed(f"last time that {what}: {at:%Y-%m-%d %H:%M:%S} UTC")


def _longest_silence() -> timedelta:
    """A few times the period of the most frequent task."""
    enabled = PeriodicTask.objects.filter(enabled=True, interval__isnull=False)
    periods: list[timedelta] = [
        task.interval.schedule.run_every for task in enabled.select_related("interval")
    ]
    if not periods:
        raise PartFailed("no periodic task is enabled")
    return BEATS_MISSED * min(periods) + SLACK


def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE
    )
