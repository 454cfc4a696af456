"""What is wrong with active devices: their backups' verdicts, their silence, their cards."""

from collections.abc import Iterator
from datetime import UTC, datetime

from backups import words
from backups.dashboard import BackupStatus, DeviceStatus, Fleet
from backups.engine.card.outlook import CardLook, Concern, Level, concerns
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.verdict import Judgement, Verdict
from backups.services.card_readings import newest_looks
from devices.models import Device
from incidents.engine.causes import CauseKind, Severity, worst_of
from incidents.engine.symptoms import Symptom

BAD = {
    Verdict.CORRUPT: CauseKind.CORRUPT,
    Verdict.MISSING: CauseKind.MISSING,
    Verdict.UNKNOWN: CauseKind.UNKNOWN,
    Verdict.STALE: CauseKind.STALE,
    Verdict.LATE: CauseKind.LATE,
}
CARD_PERCENT = 90
SEVERITIES = {Level.BAD: Severity.CRITICAL, Level.WARN: Severity.WARNING}
BROKEN = {"read-only", "errors", "worn", "weak power"}  # labels of concerns; the rest is of space
EVIDENCE_KEPT = 20
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def device_symptoms(fleet: Fleet, *, now: datetime) -> Iterator[Symptom]:
    """Parked and retired devices raise none."""
    looks = newest_looks()
    for status in fleet.active:
        yield from _backups(status)
        yield from _silence(status, now)
        yield from _card(status.device, looks.get(status.device.pk), now)


def _backups(status: DeviceStatus) -> Iterator[Symptom]:
    for kind, backup in status.backups.items():
        if cause := cause_of(backup.judgement):
            yield _of_backup(status.device, kind, backup, cause)


def cause_of(judgement: Judgement) -> CauseKind | None:
    if judgement.verdict is Verdict.MISSING and judgement.facts.lost:
        return CauseKind.LOST
    return BAD.get(judgement.verdict)


def _of_backup(device: Device, kind: BackupType, backup: BackupStatus, cause: CauseKind) -> Symptom:
    judgement = backup.judgement
    return Symptom(
        kind=cause,
        subject=f"{device.pk} {kind}",
        device=device.pk,
        backup_type=kind.value,
        since=judgement.since,
        sentence=_sentence(judgement),
        at_risk=_amount(judgement.facts),
        clears=judgement.clears,
        evidence=judgement.evidence[:EVIDENCE_KEPT],
    )


def _sentence(judgement: Judgement) -> str:
    """The rule, and of what is wrong the worst by its name."""
    wrong = words.wrong_items(judgement.facts)
    if not wrong:
        return judgement.rule
    first, others = wrong[0].problem, sum(judgement.facts.counts.values()) - 1
    more = f", and {others:,} more" if others > 0 else ""
    return f"{judgement.rule}: {first.name} ({first.reason}){more}"[:500]


def _amount(facts: BackupFacts) -> str:
    """Without for how long: a text that changes each minute would be written each minute."""
    return words.at_risk(facts, now=BEFORE_ALL).removeprefix("at risk: ")[:200]


def _silence(status: DeviceStatus, now: datetime) -> Iterator[Symptom]:
    stale = [b for b in status.backups.values() if _is_unread(b, now)]
    if not stale:
        return
    device = status.device
    told = [b.facts.source_read_at for b in stale if b.facts.source_read_at]
    yield Symptom(
        kind=CauseKind.DEVICE,
        subject=str(device.pk),
        device=device.pk,
        since=max(told, default=None),
        sentence=device.inventory_error or "its inventory was not read lately",
        clears="a new reading of the device's inventory",
    )


def _is_unread(backup: BackupStatus, now: datetime) -> bool:
    """Of what never was nothing can be lost: no silence makes that worse."""
    if backup.judgement.verdict is Verdict.NONE:
        return False
    read_at = backup.facts.source_read_at
    return read_at is None or now - read_at >= backup.limits.evidence_ttl


def _card(device: Device, look: CardLook | None, now: datetime) -> Iterator[Symptom]:
    """By its own listings; of one that was never listed, by what the device says of its space."""
    found = [c for c in concerns(look, now=now) if c.level in SEVERITIES] if look else []
    broken = [concern for concern in found if concern.label in BROKEN]
    filling = [concern for concern in found if concern.label not in BROKEN]
    if look is None and (device.card_used_percent or 0) >= CARD_PERCENT:
        says, do = f"its card is {device.card_used_percent} % full", "back up what it holds"
        filling = [Concern(Level.WARN, "full", says, do)]
    for kind, some in ((CauseKind.CARD_ERRORS, broken), (CauseKind.CARD_FULL, filling)):
        if some:
            yield _of_card(device, kind, some)


def _of_card(device: Device, kind: CauseKind, found: list[Concern]) -> Symptom:
    worst = worst_of(*(SEVERITIES[concern.level] for concern in found))
    return Symptom(
        kind=kind,
        subject=str(device.pk),
        device=device.pk,
        severity=worst,
        sentence="; ".join(concern.says for concern in found)[:500],
        evidence=tuple(f"{concern.label}: {concern.do}" for concern in found),
    )
