"""A real worker of a storage: it takes what is of its storage, and leaves all else to others."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from tests.platform.stack import wait_until
from tests.servers import private_redis

ROOT = Path(__file__).resolve().parents[3]
ASK = (
    "from devices.models import Storage; Storage.objects.create(name='nas1');"
    " from backups import tasks; tasks.ask_storages(); tasks.check_daemons.delay()"
)

pytestmark = pytest.mark.own_database


@pytest.fixture
def redis(tmp_path):
    with private_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def environment(redis, tmp_path, own_database):
    for folder in ("results", "videos"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    ours = {"ETHONODE_REDIS_URL": redis.url, "ETHONODE_DATA_ROOT": str(tmp_path / "data")}
    return os.environ | own_database.environment | ours | {"ETHONODE_STORAGE": ""}


@contextmanager
def worker(environment):
    command = [sys.executable, "-m", "celery", "-A", "ethonode.celery", "worker", "-c", "1"]
    with (
        Path(environment["ETHONODE_VAR_DIR"], "worker.log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as run,
    ):
        try:
            yield
        finally:
            run.terminate()


@pytest.mark.timeout(240)
@pytest.mark.by_turns
def test_it_takes_from_its_own_queue_and_from_no_other(environment, redis, own_database, tmp_path):
    ask = [sys.executable, "manage.py", "shell", "-c", ASK]
    subprocess.run(ask, cwd=ROOT, env=environment, check=True, capture_output=True)
    question = "SELECT results_dir FROM devices_storage WHERE heard_at IS NOT NULL"
    with worker(environment | {"ETHONODE_STORAGE": "nas1"}):
        wait_until(lambda: own_database.rows(question))
    assert own_database.rows(question) == [(str(tmp_path / "data" / "results"),)]
    with Redis.from_url(redis.url) as client:
        assert client.llen("celery") >= 1  # for whoever is the host of ethonode
        assert client.llen("storage.nas1") == 0
