"""Look at one device's backups, and write down what was seen."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from backups.engine.compare import Comparison
from backups.engine.facts import DAEMON_OF, BackupFacts, BackupType
from backups.engine.videos.facts import ScanResult
from backups.models import Backup, BackupSnapshot, Claim, VideoScan
from backups.services.certificates import review_certificates
from backups.services.experiments import store_states
from backups.services.facts import Databases, DiskReading, compared, database_facts
from backups.services.leases import hold
from backups.services.mounted_cards import mounted_card
from backups.services.other_files import look_at_others, with_others
from backups.services.results import read_results
from backups.services.second_copies import lacking_second
from backups.services.server_counts import count_ended
from backups.services.storages import check_here
from backups.services.video_facts import read_videos
from devices.freshness import not_after
from devices.models import Device, Lifecycle
from devices.nodes import home_of

LEASE = timedelta(minutes=6)  # just over the time limit of a task


def devices_to_look_at() -> list[Device]:
    """Every device that is not retired, each with a row for each of its backups."""
    watched = Device.objects.exclude(lifecycle=Lifecycle.RETIRED)
    devices = list(watched.select_related("storage"))
    have = set(Backup.objects.values_list("device_id", "backup_type"))
    Backup.objects.bulk_create(
        [
            Backup(device=device, backup_type=backup_type)
            for device in devices
            for backup_type in BackupType
            if (device.pk, backup_type.value) not in have
        ],
        ignore_conflicts=True,
    )
    return devices


def lease_of_look(device: Device) -> str:
    """Whoever holds it is the only one to write down what lies where of the device."""
    return f"snapshot of {device.device_id}"


def take_snapshot(
    device: Device, *, now: datetime, due_at: datetime | None = None
) -> list[BackupSnapshot]:
    """Take one snapshot of each of the device's backups.

    Returns none when one as young as `due_at` is there already: a task that was delivered twice
    does its work once. Raises LeaseHeld while another process looks at the same device, and
    OtherStorage where its files lie elsewhere.
    """
    check_here(device, device.storage)
    with hold(lease_of_look(device), duration=LEASE, now=now):
        device.refresh_from_db(fields=["storage"])  # it may have moved since this was asked for
        check_here(device, device.storage)
        if due_at and _was_taken(device, since=due_at, now=now):
            return []
        taken = _store(_look(device, now=now), now=now)
        review_certificates(device, now=now)
        return taken


def _was_taken(device: Device, *, since: datetime, now: datetime) -> bool:
    """One that lies ahead of our clock was taken before that was set back."""
    taken = BackupSnapshot.objects.filter(backup__device=device)
    return taken.filter(taken_at__range=(since, not_after(now))).exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeviceLook:
    """What one look at a device's backups saw."""

    databases: Databases
    comparisons: tuple[Comparison, ...]
    facts: tuple[BackupFacts, ...]
    scan: ScanResult | None


def _look(device: Device, *, now: datetime) -> _DeviceLook:
    previous = _previous(device)
    count_ended(device, clock=time.monotonic, now=now)
    reading = read_results(device, now=now)
    last = previous[BackupType.SQLITE].disk_read_at
    disk = DiskReading(read_at=last if reading.error else now, error=reading.error)
    databases = Databases.of(device, reading.copies, disk, now=now)
    comparisons = {
        backup_type: compared(databases, backup_type)
        for backup_type in (BackupType.MYSQL, BackupType.SQLITE)
    }
    videos = read_videos(device, now=now)
    facts = [database_facts(databases, *one) for one in comparisons.items()]
    facts = _unless_mounted(device, [*facts, videos.facts])
    return _DeviceLook(
        databases=databases,
        comparisons=tuple(comparisons.values()),
        facts=_with_seconds(device, _with_others(device, facts, now=now), videos.scan),
        scan=videos.scan,
    )


def _unless_mounted(device: Device, facts: list[BackupFacts]) -> list[BackupFacts]:
    """Whose own card lies in the place of its copies has none that anybody has seen."""
    try:
        why = mounted_card(device)
    except OSError as error:
        why = f"what is mounted below our folders cannot be told: {error.strerror}"
    return [replace(one, disk_error=one.disk_error or why) for one in facts]


def _with_others(
    device: Device, facts: list[BackupFacts], *, now: datetime
) -> tuple[BackupFacts, ...]:
    """Where they cannot be looked at, nothing that they are judged with is green."""
    try:
        look_at_others(device, now=now)
    except OSError as error:
        why = f"other files of its card: {error.filename}: {error.strerror}"
        facts = [replace(one, disk_error=one.disk_error or why) for one in facts]
    return with_others(device, facts)


def _with_seconds(
    device: Device, facts: tuple[BackupFacts, ...], scan: ScanResult | None
) -> tuple[BackupFacts, ...]:
    """Where our own files could not be looked at nobody tells of second ones."""
    try:
        lacking = lacking_second(device, scan)
    except OSError:
        return facts
    if lacking is None:
        return facts
    told = {kind: one for kind, one in lacking.items() if scan or kind is not BackupType.VIDEO}
    return tuple(
        replace(one, second_count=found.count, second_since=found.since)
        if (found := told.get(one.backup_type))
        else one
        for one in facts
    )


def _previous(device: Device) -> dict[BackupType, BackupFacts]:
    facts = {backup_type: BackupFacts(backup_type=backup_type) for backup_type in BackupType}
    for backup in Backup.objects.filter(device=device).select_related("latest"):
        facts[BackupType(backup.backup_type)] = backup.facts
    return facts


def _store(look: _DeviceLook, *, now: datetime) -> list[BackupSnapshot]:
    device = look.databases.device
    own_node = home_of(device.node, settings.NODES)
    claims = {claim.daemon: claim for claim in device.claims.filter(node=own_node)}
    with transaction.atomic():
        snapshots = [_store_one(device, facts, claims, now) for facts in look.facts]
        if not look.databases.disk.error:
            store_states(look.databases, look.comparisons, now=now)
        if look.scan:
            _store_scan(snapshots[-1], look.scan)
    return snapshots


def _store_one(
    device: Device, facts: BackupFacts, claims: Mapping[str, Claim], now: datetime
) -> BackupSnapshot:
    backup, _ = Backup.objects.get_or_create(device=device, backup_type=facts.backup_type)
    claim = claims.get(DAEMON_OF[facts.backup_type])
    snapshot = BackupSnapshot.of_facts(
        replace(facts, findings=facts.findings + _disagreement(facts, claim)),
        backup=backup,
        taken_at=now,
        claim=f"{claim.state}: {claim.message}"[:300] if claim else "",
    )
    snapshot.save()
    backup.latest = snapshot
    backup.save(update_fields=["latest"])
    return snapshot


def _disagreement(facts: BackupFacts, claim: Claim | None) -> tuple[str, ...]:
    """A daemon that says "completed" over data that is not here is itself a finding."""
    lacking = len(facts.missing) + len(facts.corrupt)
    if claim is None or claim.failed or claim.state != "completed" or not lacking:
        return ()
    are = "1 item is" if lacking == 1 else f"{lacking} items are"
    return (f"the {claim.daemon} service says “completed”, but {are} not safely here",)


def _store_scan(snapshot: BackupSnapshot, scan: ScanResult) -> None:
    VideoScan.objects.create(
        snapshot=snapshot,
        seconds=scan.seconds,
        folder_count=scan.folder_count,
        listed_folder_count=scan.listed_folder_count,
        cached_count=scan.cached_count,
        fresh_count=scan.fresh_count,
        rechecked_count=scan.rechecked_count,
        errors=list(scan.errors[:20]),
        cache_problem=scan.cache_problem[:500],
    )
