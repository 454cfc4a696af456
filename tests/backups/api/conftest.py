"""A device with backups, people with and without permissions, and a queue to look into."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, DaemonStatus
from tests.backups.api.things import make_one_of_each


@pytest.fixture
def now():
    """A request has the real clock."""
    return timezone.now()


@pytest.fixture
def recorded(real):
    return lambda name: real.told(f"node/{name}")


@pytest.fixture
def take(now):
    """Take a snapshot of facts: by default all that the device has is here."""

    def take(device, kind, *, taken_at=None, **facts):
        read_at = taken_at or now
        whole = {
            "source_read_at": read_at,
            "disk_read_at": read_at,
            "source_count": 1,
            "copy_count": 1,
            "size_bytes": 2048,
            "newest_copy_at": read_at,
        }
        backup, _ = Backup.objects.get_or_create(device=device, backup_type=kind)
        backup.latest = BackupSnapshot.of_facts(
            BackupFacts(backup_type=BackupType(kind), **(whole | facts)),
            backup=backup,
            taken_at=read_at,
        )
        backup.latest.save()
        backup.save()
        return backup.latest

    return take


@pytest.fixture
def nothing():
    """Facts of a type that the device never had."""
    return {"source_count": 0, "copy_count": 0, "size_bytes": 0, "newest_copy_at": None}


@pytest.fixture
def services(db, now):
    """Both services, which have just answered."""
    return {
        name: DaemonStatus.objects.create(daemon=name, checked_at=now, answered_at=now)
        for name in ("mysql", "rsync")
    }


@pytest.fixture
def one_of_each(device, services, take, now):
    return make_one_of_each(device, take(device, "sqlite", findings=("claims differ",)), now)


@pytest.fixture
def long_ago(now):
    return now - timedelta(days=2)


@pytest.fixture
def viewer(person):
    """May look at everything, and start nothing."""
    return person(
        "devices.view_device",
        "incidents.view_incident",
        "backups.view_run",
        "devices.view_experiment",
        "devices.view_storage",
        "backups.view_backupsnapshot",
        "backups.view_daemonstatus",
        "backups.view_recording",
        "backups.view_recordingledger",
        "backups.view_otherfile",
        "backups.view_resultcopy",
        "backups.view_backup",
        "backups.view_wipecertificate",
        "backups.view_backupplan",
        "backups.view_policy",
        "devices.export_lists",
    )


@pytest.fixture(autouse=True)
def _no_one_was_here_before():
    """Throttles count in the cache."""
    caches["shared"].clear()
