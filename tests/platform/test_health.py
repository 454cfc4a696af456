from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from backups.models import DaemonStatus
from tests.backups.cycles import at_work

pytestmark = pytest.mark.django_db

OUTSIDE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def redis_here(settings, redis_server):
    settings.REDIS_URL = redis_server.url


@pytest.fixture
def no_redis(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock"


@pytest.fixture
def all_runs(redis_here):
    at_work(timezone.now())


def parts(client):
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["parts"]


@pytest.mark.django_db(databases=[])
def test_alive_asks_nothing_else(client, no_redis):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_all_runs(client, all_runs):
    code, found = parts(client)
    assert found == {name: {"ok": True, "reason": ""} for name in found}
    assert code == 200
    own = ["beat", "worker", "devices", "daemons", "looks"]
    assert list(found) == ["database", "migrations", "redis", *own]


def test_not_ready_without_redis(client, all_runs, no_redis):
    code, found = parts(client)
    assert code == 503
    assert not found["redis"]["ok"]
    assert "none.sock" in found["redis"]["reason"]


def test_not_ready_before_the_first_task(client, redis_here):
    code, found = parts(client)
    assert code == 503
    assert found["beat"]["reason"] == "never yet that a task was due"
    assert found["worker"]["reason"] == "never yet that a task ended"


def test_not_ready_when_nothing_ran_for_long(client, redis_here):
    at_work(timezone.now() - timedelta(minutes=3))
    code, found = parts(client)
    assert code == 503
    assert [name for name, part in found.items() if not part["ok"]] == ["beat", "worker", "daemons"]


def test_a_schedule_switched_off_is_said(client, all_runs):
    PeriodicTask.objects.update(enabled=False)
    reason = parts(client)[1]["beat"]["reason"]
    assert reason == "no periodic task is enabled by which a task was due"


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
class TestReaders:
    def test_loopback_needs_no_login(self, client, all_runs, path):
        assert client.get(path).status_code == 200

    def test_others_are_refused(self, client, all_runs, path):
        assert client.get(path, **OUTSIDE).status_code == 403

    def test_who_may_see_devices_reads_from_anywhere(self, client, all_runs, path):
        alice = User.objects.create_user("alice")
        client.force_login(alice)
        assert client.get(path, **OUTSIDE).status_code == 403
        alice.user_permissions.add(Permission.objects.get(codename="view_device"))
        assert client.get(path, **OUTSIDE).status_code == 200

    def test_another_user_is_refused(self, client, all_runs, path):
        client.force_login(User.objects.create_user("bob"))
        assert client.get(path, **OUTSIDE).status_code == 403

    def test_a_network_can_be_let_in(self, client, all_runs, settings, path):
        settings.STATUS_NETWORKS = ["192.0.2.0/24"]
        assert client.get(path, **OUTSIDE).status_code == 200

    def test_a_proxy_on_loopback_does_not_let_the_world_in(self, client, all_runs, path):
        assert client.get(path, HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 403

    def test_posting_is_refused(self, client, all_runs, path):
        assert client.post(path).status_code == 405


def metrics(client):
    lines = client.get("/metrics").content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_metrics_count_what_waits(client, all_runs):
    found = metrics(client)
    assert found["ethonode_redis_up"] == "1.0"
    assert found["ethonode_queued_tasks"] == "0.0"


def test_without_redis_no_queue_length_is_made_up(client, no_redis):
    found = metrics(client)
    assert found["ethonode_redis_up"] == "0.0"
    assert "ethonode_queued_tasks" not in found


def test_without_a_snapshot_no_age_is_made_up(client, no_redis):
    assert "ethonode_newest_snapshot_age_seconds" not in metrics(client)


@pytest.mark.parametrize(
    ("error", "ago", "value"),
    [("", 0, "1.0"), ("refused", 0, "0.0"), ("", 11, "0.0"), ("", -1, "0.0")],
)
def test_metrics_tell_which_service_answered(client, no_redis, error, ago, value):
    now = timezone.now() - timedelta(minutes=ago)
    DaemonStatus.objects.create(daemon="mysql", checked_at=now, answered_at=now, error=error)
    assert metrics(client)['ethonode_service_available{service="mysql"}'] == value


def test_metrics_count_devices_by_verdict(client, no_redis):
    found = metrics(client)
    assert found['ethonode_devices{verdict="missing"}'] == "0.0"
    assert found['ethonode_backups{backup_type="video",verdict="protected"}'] == "0.0"
