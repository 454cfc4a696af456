"""A fleet whose facts a test sets, with a clock that it moves."""

from datetime import timedelta

import pytest

from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.models import Backup, BackupSnapshot
from devices.models import Device, NodeStatus
from incidents import services
from incidents.models import Channel
from tests.backups.conftest import person
from tests.backups.cycles import at_work

__all__ = ["person"]  # a fixture
KINDS = (BackupType.SQLITE, BackupType.VIDEO)


class Fleet:
    """Some devices, all of whose data is safe until a test says otherwise."""

    def __init__(self, now):
        self.now = now
        self.node_error = ""
        self.facts = {}  # (device pk, type) -> what differs from a whole backup
        self.unread = set()  # devices that do not answer

    def grow(self, count, *, prefix="ETHOSCOPE"):
        first = Device.objects.count()
        made = [
            Device.objects.create(
                device_id=f"{number:032x}",
                name=f"{prefix}_{number:03d}",
                first_seen_at=self.now,
                told_at=self.now,
                told_by="node",
            )
            for number in range(first, first + count)
        ]
        self.look()
        return made

    def look(self):
        """One cycle of an installation that works."""
        at_work(self.now)
        NodeStatus.objects.update(error=self.node_error)
        watched = Device.objects.exclude(lifecycle="retired")
        Backup.objects.bulk_create(
            [Backup(device=device, backup_type=kind) for device in watched for kind in KINDS],
            ignore_conflicts=True,
        )
        backups = Backup.objects.filter(device__in=watched, backup_type__in=KINDS)
        seen = [self._seen(backup) for backup in backups.select_related("latest")]
        BackupSnapshot.objects.bulk_create([backup.latest for backup in seen])
        Backup.objects.bulk_update(seen, ["latest"])

    def _seen(self, backup):
        """With what this look saw of it."""
        device, kind = backup.device_id, backup.backup_type
        read_at = self.now
        if self.node_error or device in self.unread:
            read_at = backup.latest.source_read_at if backup.latest else None
        whole = {
            "source_read_at": read_at,
            "disk_read_at": self.now,
            "source_count": 1,
            "copy_count": 1,
            "size_bytes": 2048,
            "newest_copy_at": self.now,
        }
        facts = whole | self.facts.get((device, kind), {})
        backup.latest = BackupSnapshot.of_facts(
            BackupFacts(backup_type=kind, **facts), backup=backup, taken_at=self.now
        )
        return backup

    def damage(self, device, kind=BackupType.SQLITE):
        self.facts[device.pk, kind] = {"corrupt": (Problem("a.db", self.now, "it is damaged"),)}

    def behind(self, device, kind=BackupType.SQLITE, *, by):
        since = self.now - by
        self.facts[device.pk, kind] = {"behind": (Problem("a.db", since, "lacks rows", rows=9),)}

    def mend(self, device, kind=BackupType.SQLITE):
        self.facts.pop((device.pk, kind), None)

    def after(self, *, watch=True, **span):
        """Let time go by, look, and watch."""
        self.now += timedelta(**span)
        self.look()
        return services.watch(now=self.now) if watch else None

    def pass_by(self, *, step=5, **span):
        """Let this much time go by, a cycle each few minutes."""
        until = self.now + timedelta(**span)
        while self.now < until:
            self.after(minutes=step)


@pytest.fixture
def fleet(db, now):
    return Fleet(now)


@pytest.fixture
def channel(db):
    return Channel.objects.create(name="lab", least_severity="notice")


@pytest.fixture
def told(channel):
    """What was written for the channel, in its order."""
    return lambda: [(d.event, d.facts["cause"]) for d in channel.deliveries.order_by("pk")]
