"""Of many looks that wait, none keeps a run from its start, nor the dead from being found."""

import pytest
from redis import Redis

from backups import tasks
from backups.routes import forget_waiting
from devices.ids import queue_of
from ethonode.celery import app
from ethonode.readiness import queue_length
from tests.servers import private_redis


@pytest.fixture
def redis(tmp_path, broker, settings):
    with private_redis(tmp_path / "redis") as server:
        broker(server.url.replace("unix://", "redis+socket://", 1))
        settings.REDIS_URL = server.url
        yield server


def taken(name):
    """What a worker of that queue would take, in turn."""
    with app.connection_for_read() as connection, connection.SimpleQueue(name) as queue:
        for _ in range(queue.qsize()):
            message = queue.get(timeout=5)
            message.ack()
            yield message.headers["task"].rpartition(".")[2]


def ask_for(queue):
    for number in range(30):
        tasks.take_snapshot.apply_async((f"{number:032x}", "2026-11-22T12:00:00Z"), queue=queue)
    for task in (tasks.start_due_runs, tasks.reap_runs, tasks.check_daemons):
        task.apply_async(queue=queue)
    tasks.run_backup.apply_async((1,), queue=queue)


def test_looks_wait_for_all_that_is_quick_and_all_that_waits_is_counted(redis):
    ask_for("celery")
    assert queue_length() == 34
    order = list(taken("celery"))
    assert order[:4] == ["start_due_runs", "reap_runs", "check_daemons", "run_backup"]
    assert order[4:] == ["take_snapshot"] * 30
    assert queue_length() == 0


def test_what_waits_for_a_silent_storage_is_forgotten_whatever_its_priority(redis):
    ask_for(queue_of("nas1"))
    with Redis.from_url(redis.url) as client:
        assert len(client.keys(f"{queue_of('nas1')}*")) == 2
        forget_waiting(["nas1"])
        assert client.keys(f"{queue_of('nas1')}*") == []
