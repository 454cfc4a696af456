"""Write down each change of a verdict, once, however many workers see it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from backups.dashboard import BackupStatus, DeviceStatus, Fleet
from backups.engine.verdict import Judgement
from backups.models import Backup, BackupSnapshot
from incidents.models import LastVerdict, VerdictChange

EVIDENCE_KEPT = 20


def note_changes(fleet: Fleet, *, now: datetime) -> int:
    """Returns how many were written by us."""
    last = {row.backup_id: row for row in LastVerdict.objects.all()}
    written = 0
    for backup, device, status in _changed(fleet, last):
        with transaction.atomic():
            if _claim(backup, last.get(backup.pk), status, now):
                _write(backup, last.get(backup.pk), device, status, now)
                written += 1
    return written


def _changed(
    fleet: Fleet, last: dict[int, LastVerdict]
) -> Iterator[tuple[Backup, DeviceStatus, BackupStatus]]:
    rows = {(row.device_id, row.backup_type): row for row in Backup.objects.all()}
    for device in fleet.devices:
        for kind, status in device.backups.items():
            row = rows.get((device.device.pk, kind.value))
            if row is None:
                continue
            known = last.get(row.pk)
            if known is None or known.verdict != status.judgement.verdict:
                yield row, device, status


def _claim(backup: Backup, known: LastVerdict | None, status: BackupStatus, now: datetime) -> bool:
    verdict = status.judgement.verdict.value
    if known is None:
        made = {"verdict": verdict, "changed_at": now}
        _, is_ours = LastVerdict.objects.get_or_create(backup=backup, defaults=made)
        return is_ours
    unchanged = LastVerdict.objects.filter(pk=known.pk, verdict=known.verdict)
    return unchanged.update(verdict=verdict, changed_at=now) == 1


def _write(
    backup: Backup,
    known: LastVerdict | None,
    device: DeviceStatus,
    status: BackupStatus,
    now: datetime,
) -> None:
    VerdictChange.objects.create(
        device=device.device,
        backup_type=backup.backup_type,
        old=known.verdict if known else "",
        new=status.judgement.verdict.value,
        at=now,
        since=status.judgement.since,
        rule=status.judgement.rule[:300],
        before=_before(backup, known),
        after=_told(status.judgement, status.taken_at),
    )


def _before(backup: Backup, known: LastVerdict | None) -> dict[str, Any]:
    """The last snapshot before the one that changed it. Where only time did, that is the same."""
    if known is None:
        return {}
    older = BackupSnapshot.objects.filter(backup=backup, pk__lt=backup.latest_id or 0).first()
    snapshot = older or backup.latest
    return {} if snapshot is None else _facts(snapshot)


def _facts(snapshot: BackupSnapshot) -> dict[str, Any]:
    return {
        "taken at": _moment(snapshot.taken_at),
        "inventory read": _moment(snapshot.source_read_at),
        "disk read": _moment(snapshot.disk_read_at),
        "on the device": snapshot.source_count,
        "on the disk": snapshot.copy_count,
        "bytes": snapshot.size_bytes,
        "saved until": _moment(snapshot.newest_copy_at),
        "problems": {kind: packed["count"] for kind, packed in snapshot.problems.items()},
        "errors": list(filter(None, (snapshot.source_error, snapshot.disk_error))),
    }


def _told(judgement: Judgement, taken_at: datetime | None) -> dict[str, Any]:
    facts = judgement.facts
    return {
        "taken at": _moment(taken_at),
        "inventory read": _moment(facts.source_read_at),
        "disk read": _moment(facts.disk_read_at),
        "on the device": facts.source_count,
        "on the disk": facts.copy_count,
        "bytes": facts.size_bytes,
        "saved until": _moment(facts.newest_copy_at),
        "problems": dict(facts.counts),
        "errors": list(filter(None, (facts.source_error, facts.disk_error))),
        "evidence": list(judgement.evidence[:EVIDENCE_KEPT]),
    }


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "never"
