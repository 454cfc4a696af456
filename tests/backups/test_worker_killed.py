"""kill -9 of a worker during a snapshot: the snapshot comes later, once."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import private_redis

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90

pytestmark = pytest.mark.own_database


@pytest.fixture
def environment(lab, tmp_path, own_database):
    with private_redis(tmp_path / "redis") as redis:
        yield (
            os.environ
            | own_database.environment
            | {
                "ETHONODE_REDIS_URL": redis.url,
                "ETHONODE_NODE_URL": lab.node_url,
                "ETHONODE_MYSQL_SERVICE_URL": lab.mysql_service_url,
                "ETHONODE_RSYNC_SERVICE_URL": lab.rsync_service_url,
                "ETHONODE_DATA_ROOT": str(lab.videos_dir.parent),
                "ETHONODE_DEVICE_PORT": str(lab.device_port),
            }
        )


def manage(environment, *words):
    command = [sys.executable, "manage.py", *words]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


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


def wait_for(condition):
    give_up_at = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < give_up_at, "it did not come"
        time.sleep(0.05)
    return found


@pytest.mark.timeout(240)
@pytest.mark.by_turns
def test_a_killed_worker_costs_a_snapshot_only_time(lab, environment, own_database):
    def one(question, *values):
        return own_database.rows(question, *values)[0][0]

    manage(environment, "refresh")
    old = next(device for device in lab.devices if device.kind == "old")
    holder = "SELECT max(token) FROM backups_lease WHERE name = %s AND token <> ''"
    lease = f"snapshot of {old.device_id}"
    count = (
        "SELECT count(*) FROM backups_backupsnapshot s JOIN backups_backup b ON b.id = s.backup_id "
        "JOIN devices_device d ON d.id = b.device_id WHERE d.device_id = %s"
    )
    lab.faults.switch_on("hung", target="device")  # its list of videos: the snapshot has to wait
    with worker(environment):
        due = datetime.now(UTC).isoformat()
        queue = f"from backups.tasks import take_snapshot as t; t.delay('{old.device_id}', '{due}')"
        manage(environment, "shell", "-c", queue)
        token = wait_for(lambda: one(holder, lease))
        os.kill(int(token.split("/")[1]), signal.SIGKILL)
        lab.faults.switch_off("hung")
        wait_for(lambda: one(count, old.device_id) == 6)
        time.sleep(5)
    assert one(count, old.device_id) == 6
