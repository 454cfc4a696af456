"""An existing database keeps its daemons, its people's permissions and its schedule."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_celery_beat.models import PeriodicTask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ACTIONS = ("add", "change", "delete", "view", "check")
BEFORE = [("backups", "0006_pulls_and_proofs"), ("devices", "0003_path_on_the_device")]


def old_apps():
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    return MigrationExecutor(connection).loader.project_state(BEFORE).apps


@pytest.fixture
def migrated(now):
    """A database of before, with what people and the clock had put there, brought up to date."""
    apps = old_apps()
    device = apps.get_model("devices.Device").objects.create(
        device_id="a" * 32, first_seen_at=now, told_at=now, told_by="node"
    )
    apps.get_model("backups.ServiceStatus").objects.create(service="rsync", checked_at=now)
    apps.get_model("backups.Claim").objects.create(
        device=device, service="rsync", claimed_at=now, state="completed"
    )
    group = Group.objects.create(name="keepers")
    group.permissions.set(Permission.objects.filter(codename__endswith="_servicestatus"))
    call_command("migrate", verbosity=0)


def test_rows_and_rights_and_schedule_are_kept_under_the_new_names(migrated):
    from backups.models import Claim, DaemonStatus  # noqa: PLC0415  # as they are now

    assert DaemonStatus.objects.get().daemon == "rsync"
    assert [(c.daemon, c.state) for c in Claim.objects.all()] == [("rsync", "completed")]
    kept = Group.objects.get(name="keepers").permissions.values_list("codename", flat=True)
    assert set(kept) == {
        f"{verb}_daemonstatus" for verb in ("add", "change", "delete", "view", "check")
    }
    tasks = PeriodicTask.objects.values_list("task", flat=True)
    assert [task for task in tasks if "check_" in task] == ["backups.tasks.check_daemons"]
    assert not Permission.objects.filter(codename__contains="servicestatus").exists()
