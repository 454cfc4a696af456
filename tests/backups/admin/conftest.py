"""A fleet with stored facts, people with and without permissions, and a queue to look into."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, DaemonStatus
from devices.models import Device


@pytest.fixture
def now():
    """A page has the real clock."""
    return timezone.now()


@pytest.fixture(autouse=True)
def _quick_pages(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()  # the palette remembers


@pytest.fixture
def take(now):
    """Take a snapshot of facts: by default all that the device has is here, seen just now."""

    def take(device, backup_type="sqlite", **facts):
        whole = {
            "source_read_at": now,
            "disk_read_at": now,
            "source_count": 1,
            "copy_count": 1,
            "size_bytes": 2048,
            "newest_copy_at": now,
        }
        backup, _ = Backup.objects.get_or_create(device=device, backup_type=backup_type)
        backup.latest = BackupSnapshot.of_facts(
            BackupFacts(backup_type=BackupType(backup_type), **(whole | facts)),
            backup=backup,
            taken_at=facts.get("disk_read_at") or now,
        )
        backup.latest.save()
        backup.save()
        return backup.latest

    return take


@pytest.fixture
def make_devices(take, now):
    """Some devices, each with a snapshot of each type."""

    def make_devices(count):
        for number in range(count):
            device = Device.objects.create(
                device_id=f"{number:032x}",
                name=f"ETHOSCOPE_{number:03d}",
                first_seen_at=now,
                told_at=now,
                told_by="node",
                inventory_read_at=now,
            )
            for backup_type in BackupType:
                take(device, backup_type)
        return list(Device.objects.all())

    return make_devices


@pytest.fixture
def services(db, now):
    """The rsync service has just answered, the mirror gave no answer."""
    DaemonStatus.objects.create(daemon="rsync", checked_at=now, answered_at=now)
    return DaemonStatus.objects.create(
        daemon="mysql", checked_at=now, answered_at=now - timedelta(days=1), error="it hangs"
    )
