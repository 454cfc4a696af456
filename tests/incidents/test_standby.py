"""Beat watches where no worker does, and a worker where no beat says so: real processes of both."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.incidents.sinks import WebSink, running
from tests.incidents.test_killed import done, environment, work
from tests.servers import private_redis

__all__ = ["environment"]  # a fixture
BEAT = ("django_celery_beat_periodictask", "last_run_at")
WORKER = ("django_celery_results_taskresult", "date_done")
WATCH = ("backups_lease", "expires_at")

pytestmark = pytest.mark.own_database


def died(database, *what):
    """Half an hour ago."""
    then = f"{datetime.now(UTC) - timedelta(minutes=30):%Y-%m-%d %H:%M:%S}"
    for table, column in (*what, WATCH):
        database.rows(f"UPDATE {table} SET {column} = %s", then)  # noqa: S608


@contextmanager
def alone(environment, name):
    process = work(environment, name)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def noticed(database, kind):
    question = f"SELECT 1 FROM incidents_incident WHERE kind = '{kind}'"  # noqa: S608
    until = time.monotonic() + 60
    while not database.rows(question):
        assert time.monotonic() < until, "nobody watched"
        time.sleep(0.2)


@pytest.mark.timeout(300)
@pytest.mark.by_turns
def test_whoever_lives_notices_that_the_other_is_dead(environment, own_database, tmp_path):
    with running(WebSink()) as web:
        done(environment, "begin", web.sort, web.address, "1")
        died(own_database, WORKER)
        nowhere = environment | {"ETHONODE_REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
        with alone(nowhere, "beat"):  # with the worker Redis is away, too
            noticed(own_database, "worker")
        died(own_database, BEAT)
        with private_redis(tmp_path / "redis") as redis:
            environment["ETHONODE_REDIS_URL"] = redis.url
            with alone(environment, "celery_worker"):
                noticed(own_database, "beat")
