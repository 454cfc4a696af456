"""The one read-model: what pages and API show of the fleet, judged now from stored facts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from backups.engine.facts import BackupFacts, BackupType
from backups.engine.verdict import Judgement, Limits, Verdict, judge, worst
from backups.models import Backup, Policy, ServiceStatus
from backups.models.policy import DEFAULT_LIMITS
from devices.models import Device, Lifecycle

SERVICE_OF = {BackupType.MYSQL: "mysql", BackupType.SQLITE: "rsync", BackupType.VIDEO: "rsync"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStatus:
    """One backup: its facts, and the verdict on them."""

    facts: BackupFacts
    judgement: Judgement
    taken_at: datetime | None  # None: no snapshot yet
    claim: str
    processing: bool
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """One device and its backups, by type. `verdict` is that of its worst backup."""

    device: Device
    backups: dict[BackupType, BackupStatus] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        return worst(backup.judgement.verdict for backup in self.backups.values())

    @property
    def worst_backup(self) -> BackupStatus | None:
        """The backup that gives the device its verdict."""
        of_verdict = (b for b in self.backups.values() if b.judgement.verdict is self.verdict)
        return next(of_verdict, None)

    @property
    def silent(self) -> bool:
        """A person said that this device is off on purpose: it raises no alarm."""
        return self.device.lifecycle != Lifecycle.ACTIVE

    @property
    def processing(self) -> bool:
        return any(backup.processing for backup in self.backups.values())

    @property
    def stalled(self) -> bool:
        """It writes, and what is here of it is late or worse."""
        behind = {Verdict.MISSING, Verdict.STALE, Verdict.LATE}
        return any(b.facts.growing and b.judgement.verdict in behind for b in self.backups.values())

    @property
    def recommended_backup_type(self) -> str:
        """rsync if it has SQLite results, else mysql, else none."""
        if self._has(BackupType.SQLITE):
            return "rsync"
        return "mysql" if self._has(BackupType.MYSQL) else "none"

    @property
    def supports_video_backup(self) -> bool:
        return self._has(BackupType.VIDEO)

    def _has(self, backup_type: BackupType) -> bool:
        backup = self.backups.get(backup_type)
        return (
            backup is not None
            and backup.judgement.verdict is not Verdict.NONE
            and (bool(backup.facts.source_count or backup.facts.copy_count or backup.facts.growing))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All that is watched, worst first; silent devices last."""

    devices: tuple[DeviceStatus, ...]
    services: dict[str, ServiceStatus]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many active devices have each verdict; every verdict is named, worst first."""
        found = Counter(status.verdict for status in self.devices if not status.silent)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def silent_count(self) -> int:
        return sum(status.silent for status in self.devices)


def fleet(*, now: datetime) -> Fleet:
    """Judge every device that is not retired: three queries, however many devices."""
    services = {status.service: status for status in ServiceStatus.objects.all()}
    backups = Backup.objects.select_related("device__group", "latest").exclude(
        device__lifecycle=Lifecycle.RETIRED
    )
    return Fleet(devices=tuple(_statuses(backups, services, now)), services=services)


def device_status(device: Device, *, now: datetime) -> DeviceStatus:
    """Judge one device."""
    services = {status.service: status for status in ServiceStatus.objects.all()}
    backups = Backup.objects.select_related("device__group", "latest").filter(device=device)
    statuses = _statuses(backups, services, now)
    return statuses[0] if statuses else DeviceStatus(device=device)


def _statuses(
    backups: Iterable[Backup], services: dict[str, ServiceStatus], now: datetime
) -> list[DeviceStatus]:
    limits = _all_limits()
    statuses: dict[int, DeviceStatus] = {}
    for backup in backups:
        status = statuses.setdefault(backup.device_id, DeviceStatus(device=backup.device))
        backup_type = BackupType(backup.backup_type)
        status.backups[backup_type] = _backup_status(backup, limits, services, now)
    severity = list(Verdict)
    return sorted(
        statuses.values(),
        key=lambda s: (s.silent, severity.index(s.verdict), s.device.name, s.device.device_id),
    )


def _backup_status(
    backup: Backup,
    limits: dict[tuple[int | None, str], Limits],
    services: dict[str, ServiceStatus],
    now: datetime,
) -> BackupStatus:
    backup_type = BackupType(backup.backup_type)
    facts = backup.facts
    chosen = (
        limits.get((backup.device.group_id, backup_type))
        or limits.get((None, backup_type))
        or DEFAULT_LIMITS[backup_type]
    )
    service = services.get(SERVICE_OF[backup_type])
    return BackupStatus(
        facts=facts,
        judgement=judge(facts, limits=chosen, now=now),
        taken_at=backup.latest.taken_at if backup.latest else None,
        claim=backup.latest.claim if backup.latest else "",
        processing=bool(service and backup.device.device_id in service.processing),
        limits=chosen,
    )


def _all_limits() -> dict[tuple[int | None, str], Limits]:
    return {(policy.group_id, policy.backup_type): policy.limits for policy in Policy.objects.all()}
