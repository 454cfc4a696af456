"""Rows of a made-up fleet, such as a lab's would look: for benchmarks and for tests of size."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, risk_of
from backups.models import Backup, BackupSnapshot, DaemonStatus
from devices.models import Device, DeviceGroup


def make_fleet(count: int, *, now: datetime) -> list[Device]:
    """Make `count` devices with three backups each, and both daemons."""
    group = DeviceGroup.objects.create(name="incubator 1")
    devices = Device.objects.bulk_create([_device(n, group, now) for n in range(count)])
    backups = Backup.objects.bulk_create(
        [Backup(device=device, backup_type=kind) for device in devices for kind in BackupType]
    )
    snapshots = BackupSnapshot.objects.bulk_create(
        [_snapshot(number, backup, now) for number, backup in enumerate(backups)]
    )
    for backup, snapshot in zip(backups, snapshots, strict=True):
        backup.latest = snapshot
    Backup.objects.bulk_update(backups, ["latest"], batch_size=500)
    DaemonStatus.objects.bulk_create(_daemons(devices, now))
    return devices


def _device(number: int, group: DeviceGroup, now: datetime) -> Device:
    return Device(
        device_id=f"{number:03d}{number:029x}",
        name=f"ETHOSCOPE_{number:03d}",
        address=f"192.168.1.{number % 250}",
        group=group if number % 3 else None,
        reported_status="offline" if number % 10 == 9 else "running",
        first_seen_at=now - timedelta(days=90),
        told_at=now - timedelta(seconds=30),
        told_by="node",
        inventory_read_at=now - timedelta(seconds=30),
        changed_at=now - timedelta(seconds=90),
    )


def _snapshot(number: int, backup: Backup, now: datetime) -> BackupSnapshot:
    facts = _facts(number // 3, BackupType(backup.backup_type), now)
    return BackupSnapshot.of_facts(facts, backup=backup, taken_at=now - timedelta(seconds=20))


def _facts(number: int, kind: BackupType, now: datetime) -> BackupFacts:
    read_at = now - timedelta(seconds=20)
    other_writer = BackupType.SQLITE if number % 10 == 5 else BackupType.MYSQL
    if kind is other_writer or (kind is BackupType.VIDEO and number % 5 == 4):  # only tracks
        return BackupFacts(
            backup_type=kind, source_read_at=read_at, source_count=0, disk_read_at=read_at
        )
    since = now - timedelta(days=2)
    none = Problem("2026-01-02_03-04-05.db", since, "the disk holds no copy", None, 40_000_000, 9e4)
    missing = (none,) if number % 20 == 3 else ()
    return BackupFacts(
        backup_type=kind,
        source_read_at=read_at,
        source_count=12,
        disk_read_at=read_at,
        copy_count=1 + number * 131 % 9000,
        size_bytes=1_000_003 * (number + 1) ** 2,
        newest_copy_at=now - timedelta(minutes=number),
        missing=missing,
        risk=risk_of({ProblemKind.MISSING: missing}),
    )


def _daemons(devices: list[Device], now: datetime) -> Iterator[DaemonStatus]:
    busy = [device.device_id for device in devices[:2]]
    for daemon, processing in (("mysql", []), ("rsync", busy)):
        yield DaemonStatus(daemon=daemon, checked_at=now, answered_at=now, processing=processing)
