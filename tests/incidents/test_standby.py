"""Beat watches where no worker does, and a worker where no beat says so: real processes of both."""

import sqlite3
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.incidents.sinks import WebSink, running
from tests.incidents.test_killed import done, environment, rows, work
from tests.servers import private_redis

__all__ = ["environment"]  # a fixture
BEAT = ("django_celery_beat_periodictask", "last_run_at")
WORKER = ("django_celery_results_taskresult", "date_done")
WATCH = ("backups_lease", "expires_at")


def died(environment, *what):
    """Half an hour ago."""
    path = Path(environment["ETHONODE_VAR_DIR"], "ethonode.sqlite3")
    with closing(sqlite3.connect(path, timeout=20)) as database, database:
        for table, column in (*what, WATCH):
            ago = f"datetime({column}, '-30 minutes')"
            database.execute(f"UPDATE {table} SET {column} = {ago}")  # noqa: S608


@contextmanager
def alone(environment, name):
    process = work(environment, name)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def noticed(environment, kind):
    question = f"SELECT 1 FROM incidents_incident WHERE kind = '{kind}'"  # noqa: S608
    until = time.monotonic() + 60
    while not rows(environment, question):
        assert time.monotonic() < until, "nobody watched"
        time.sleep(0.2)


@pytest.mark.timeout(300)
def test_whoever_lives_notices_that_the_other_is_dead(environment, tmp_path):
    with running(WebSink()) as web:
        done(environment, "begin", web.sort, web.address, "1")
        died(environment, WORKER)
        nowhere = environment | {"ETHONODE_REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
        with alone(nowhere, "beat"):  # with the worker Redis is away, too
            noticed(environment, "worker")
        died(environment, BEAT)
        with private_redis(tmp_path / "redis") as redis:
            environment["ETHONODE_REDIS_URL"] = redis.url
            with alone(environment, "celery_worker"):
                noticed(environment, "beat")
