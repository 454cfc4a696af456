"""Whether each part of this installation does its work, and if not, why not."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.transport.redis import Channel
from redis import Redis, RedisError

from backups.watch_state import PartState, WatchState, watch_state

QUEUE = "celery"
REDIS_PATIENCE = 2  # seconds


class PartFailed(Exception):
    """A part that does not do its work; the text says why."""


def parts(state: WatchState) -> list[PartState]:
    return [
        _part("database", check_database),
        _part("migrations", check_migrations),
        _part("redis", check_redis),
        *state.own,
    ]


def state_now(*, now: datetime) -> WatchState:
    """What is stored of ethonode's own work, where that can be read."""
    try:
        return watch_state(now=now)
    except DatabaseError as error:
        return WatchState(own=(PartState(name="looks", reason=str(error)),))


def queue_length() -> int:
    """Of all priorities: Redis keeps a list for each. Raises RedisError."""
    lists = [QUEUE, *(f"{QUEUE}{Channel.sep}{step}" for step in Channel.priority_steps if step)]
    with _redis() as redis:
        return sum(int(redis.llen(name)) for name in lists)


def _part(name: str, check: Callable[[], None]) -> PartState:
    try:
        check()
    except (PartFailed, DatabaseError, RedisError) as error:
        return PartState(name=name, reason=str(error) or type(error).__name__)
    return PartState(name=name, reason="")


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


def _redis() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE
    )
