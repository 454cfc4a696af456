"""The one read-model: what pages and API show of the fleet, judged now from stored facts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings

from backups.engine.facts import DAEMON_OF, BackupFacts, BackupType, Risk, total_risk
from backups.engine.verdict import SEVERITY, Judgement, Limits, Verdict, is_blind, judge, worst
from backups.models import DaemonStatus
from backups.models.newest import Newest, newest_of, newest_of_all
from backups.models.policy import AllLimits, all_limits, limits_for
from backups.services.silent_storages import SilentStorages
from devices.freshness import is_fresh
from devices.models import Device, Lifecycle
from devices.nodes import home_of

Daemons = dict[tuple[str, str], DaemonStatus]  # by node, and by its own name
AtWork = Mapping[tuple[str, str], set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStatus:
    """One backup: its facts, and the verdict on them."""

    facts: BackupFacts
    judgement: Judgement
    risk: Risk
    taken_at: datetime | None  # None: no snapshot yet
    claim: str
    processing: bool
    limits: Limits

    def is_disk_known(self, *, now: datetime) -> bool:
        """Whether what was seen on the disk still holds: it was read lately, and not in vain."""
        within = self.limits.evidence_ttl
        unread = self.facts.disk_error or self.facts.unheard
        return not unread and is_fresh(self.facts.disk_read_at, within=within, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """One device and its backups, by type. `verdict` is that of its worst backup."""

    device: Device
    backups: dict[BackupType, BackupStatus] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """A device that nobody looked at yet is `unknown`, not `none`."""
        if not self.backups:
            return Verdict.UNKNOWN
        return worst(backup.judgement.verdict for backup in self.backups.values())

    @property
    def newest_copy_at(self) -> datetime | None:
        return max(
            filter(None, (b.facts.newest_copy_at for b in self.backups.values())), default=None
        )

    @property
    def size_bytes(self) -> int:
        return sum(backup.facts.size_bytes for backup in self.backups.values())

    @property
    def risk(self) -> Risk:
        """What exists only on its card. A device that nobody looked at yet may have anything."""
        return total_risk(b.risk for b in self.backups.values()) if self.backups else Risk(blind=1)

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
    daemons: Daemons

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many active devices have each verdict; every verdict is named, worst first."""
        found = Counter(status.verdict for status in self.devices if not status.silent)
        return {verdict: found[verdict] for verdict in Verdict}

    @property
    def risk(self) -> Risk:
        """What exists only on cards, also on those of silent devices; `blind` counts devices."""
        risks = [status.risk for status in self.devices]
        return replace(total_risk(risks), blind=sum(bool(risk.blind) for risk in risks))

    @property
    def active(self) -> tuple[DeviceStatus, ...]:
        return tuple(status for status in self.devices if not status.silent)

    @property
    def silent(self) -> tuple[DeviceStatus, ...]:
        return tuple(status for status in self.devices if status.silent)

    @property
    def disk_read_at(self) -> datetime | None:
        """The newest good look at the disk, of any device."""
        return max(filter(None, self._disk_reads()), default=None)

    @property
    def oldest_disk_read_at(self) -> datetime | None:
        """The least fresh of the looks that active devices are judged by; None: one had none."""
        reads = self._disk_reads()
        return None if None in reads else min(filter(None, reads), default=None)

    def _disk_reads(self) -> list[datetime | None]:
        """Of each backup; of a device that nobody looked at yet one that never was."""
        reads: list[datetime | None] = []
        for status in self.active:
            reads += [b.facts.disk_read_at for b in status.backups.values()] or [None]
        return reads

    @property
    def silent_count(self) -> int:
        return sum(status.silent for status in self.devices)


def fleet(
    *,
    now: datetime,
    daemons: Iterable[DaemonStatus] | None = None,
    retired: bool = False,
) -> Fleet:
    """Judge every device that is not retired: three queries, however many devices.

    A caller that has the daemons at hand gives them, and saves one. `retired` asks for the
    retired devices instead.
    """
    known = _by_name(DaemonStatus.objects.all() if daemons is None else daemons)
    limits, at_work = all_limits(), _at_work(known, now=now)
    silence = SilentStorages(now)
    statuses = [
        status_of(device, newest, limits=limits, at_work=at_work, silence=silence, now=now)
        for device, newest in newest_of_all(retired=retired)
    ]
    return Fleet(devices=tuple(sorted(statuses, key=worst_first)), daemons=known)


def device_status(device: Device, *, now: datetime) -> DeviceStatus:
    """Judge one device."""
    at_work = _at_work(_by_name(DaemonStatus.objects.all()), now=now)
    newest, limits, silence = newest_of(device), all_limits(), SilentStorages(now)
    return status_of(device, newest, limits=limits, at_work=at_work, silence=silence, now=now)


def _by_name(daemons: Iterable[DaemonStatus]) -> Daemons:
    return {(status.node, status.daemon): status for status in daemons}


def _at_work(daemons: Daemons, *, now: datetime) -> AtWork:
    return {key: set(status.at_work_on(now=now)) for key, status in daemons.items()}


def worst_first(status: DeviceStatus) -> tuple[bool, int, str, str]:
    device = status.device
    return status.silent, SEVERITY[status.verdict], device.name, device.device_id


def status_of(
    device: Device,
    newest: Mapping[BackupType, Newest],
    *,
    limits: AllLimits,
    at_work: AtWork,
    silence: SilentStorages | None = None,
    now: datetime,
) -> DeviceStatus:
    backups = {}
    home = home_of(device.node, settings.NODES)
    for backup_type, found in newest.items():
        chosen = limits_for(device, backup_type, limits)
        facts = silence.known_in(found.facts, of=device) if silence else found.facts
        backups[backup_type] = BackupStatus(
            facts=facts,
            judgement=judge(facts, limits=chosen, now=now),
            risk=risk_now(facts, limits=chosen, now=now),
            taken_at=found.taken_at,
            claim=found.claim,
            processing=device.device_id in at_work.get((home, DAEMON_OF[backup_type]), ()),
            limits=chosen,
        )
    return DeviceStatus(device=device, backups=backups)


def risk_now(facts: BackupFacts, *, limits: Limits, now: datetime) -> Risk:
    """What is not known is not added up, and is counted."""
    return replace(facts.risk, blind=int(is_blind(facts, limits=limits, now=now)))
