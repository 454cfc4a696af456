"""Devices as the list shows them: DeviceSerializer's shape, built by hand for a whole fleet."""

from datetime import datetime
from typing import Any

from backups import words
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.facts import Risk
from devices.places import OtherPlace


def device_row(status: DeviceStatus, *, now: datetime) -> dict[str, Any]:
    device = status.device
    return {
        "device_id": device.device_id,
        "name": device.name,
        "address": device.address,
        "node": device.node,
        "other_places": [place_row(place) for place in device.others],
        "group": device.group.name if device.group else None,
        "lifecycle": device.lifecycle,
        "reported_status": device.reported_status,
        "told_at": device.told_at,
        "inventory_read_at": device.inventory_read_at,
        "inventory_error": device.inventory_error,
        "verdict": status.verdict,
        "sentence": words.headline(status, now=now),
        "silent": status.silent,
        "processing": status.processing,
        "stalled": status.stalled,
        "at_risk": risk_row(status.risk),
        "size_bytes": status.size_bytes,
        "newest_copy_at": status.newest_copy_at,
        "recommended_backup_type": status.recommended_backup_type,
        "supports_video_backup": status.supports_video_backup,
        "backups": {
            kind.value: _backup_row(backup, now) for kind, backup in status.backups.items()
        },
    }


def place_row(place: OtherPlace) -> dict[str, Any]:
    return {"node": place.node, "address": place.address, "since": place.since}


def _backup_row(backup: BackupStatus, now: datetime) -> dict[str, Any]:
    facts = backup.facts
    return {
        "verdict": backup.judgement.verdict,
        "rule": backup.judgement.rule,
        "sentence": words.sentence(backup, now=now),
        "at_risk": risk_row(backup.risk),
        "since": backup.judgement.since,
        "taken_at": backup.taken_at,
        "copy_count": facts.copy_count,
        "size_bytes": facts.size_bytes,
        "newest_copy_at": facts.newest_copy_at,
        "processing": backup.processing,
    }


def risk_row(risk: Risk) -> dict[str, Any]:
    """What nobody told is null, and never 0."""
    rows, size_bytes = risk.told or (None, None)
    return {
        "items": risk.items,
        "untold": risk.untold,
        "rows": rows,
        "bytes": size_bytes,
        "seconds": risk.told_seconds,
        "timeless": risk.timeless,
        "listed": risk.listed,
        "blind": risk.blind,
        "at_least": risk.is_at_least,
        "since": risk.since,
    }
