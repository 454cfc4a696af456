"""GET /backup/status as the old node answers it: its keys, its words, but what is true.

The only place for the old words. Its pages read `available` with `status` for the two icons of a
device, and `overall_status` for the rest; every word here that they paint green is a proof.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from backups.dashboard import BackupStatus, DeviceStatus, Fleet
from backups.engine.byte_sizes import human_size
from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict
from backups.models import DaemonStatus
from backups.models.daemons import DaemonName
from devices.freshness import is_fresh


class OldStatus(StrEnum):
    SUCCESS = "success"
    NOT_AVAILABLE = "not_available"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    ERROR = "error"  # the old node never said it, but its pages understand it: red


class Overall(StrEnum):
    SUCCESS = "success"
    PARTIAL = "partial"
    ERROR = "error"
    NO_BACKUPS = "no_backups"
    UNKNOWN = "unknown"


STATUS_OF: dict[Verdict, OldStatus] = {
    Verdict.CORRUPT: OldStatus.ERROR,
    Verdict.MISSING: OldStatus.ERROR,
    Verdict.STALE: OldStatus.ERROR,
    Verdict.UNKNOWN: OldStatus.UNKNOWN,
    Verdict.WAITING: OldStatus.UNKNOWN,  # too young to be saved
    Verdict.LATE: OldStatus.UNKNOWN,  # the old words have no yellow, and green it is not
    Verdict.PROTECTED: OldStatus.SUCCESS,
    Verdict.NONE: OldStatus.NOT_AVAILABLE,
}

NOTHING_KNOWN = {Verdict.UNKNOWN, Verdict.WAITING}
NOTHING_TO_SAY = {OldStatus.SUCCESS, OldStatus.NOT_AVAILABLE}


def overall_status(verdicts: Iterable[Verdict]) -> Overall:
    """One word for a device, over the types that it really has (`none` is not one of them).

    any corrupt, missing or stale     error
    all protected                     success
    some protected or late            partial
    all unknown or waiting            unknown
    no type at all                    no_backups
    """
    kinds = set(verdicts) - {Verdict.NONE}
    if not kinds:
        return Overall.NO_BACKUPS
    if kinds & {Verdict.CORRUPT, Verdict.MISSING, Verdict.STALE}:
        return Overall.ERROR
    if kinds == {Verdict.PROTECTED}:
        return Overall.SUCCESS
    return Overall.UNKNOWN if kinds <= NOTHING_KNOWN else Overall.PARTIAL


def status_payload(
    fleet: Fleet, *, videos_dir: Path, now: datetime, ttl: timedelta
) -> dict[str, Any]:
    """The whole answer. What a daemon said longer ago than `ttl` is no longer shown."""
    fresh = {name: _fresh(fleet, name, ttl, now) for name in DaemonName.values}
    services = {name: _service(daemons) for name, daemons in fresh.items()}
    mysql, rsync = (services[name]["available"] for name in DaemonName.values)
    return {
        "services": {f"{name}_backup": service for name, service in services.items()},
        "summary": {
            "mysql_backup_available": mysql,
            "rsync_backup_available": rsync,
            "services": {"mysql_service_available": mysql, "rsync_service_available": rsync},
        },
        "devices": {
            status.device.device_id: _device(status, videos_dir) for status in fleet.devices
        },
        "processing_devices": _processing(fleet, fresh),
        "timestamp": newest_fact(fleet),
    }


def newest_fact(fleet: Fleet) -> float:
    """When the youngest of the shown facts was gathered, in epoch seconds; 0 before the first."""
    times = [
        backup.taken_at
        for status in fleet.devices
        for backup in status.backups.values()
        if backup.taken_at
    ]
    times += [daemon.checked_at for daemon in fleet.daemons.values() if daemon.checked_at]
    return max(times).timestamp() if times else 0.0


def _fresh(fleet: Fleet, name: str, ttl: timedelta, now: datetime) -> list[DaemonStatus | None]:
    """The daemons of this name, one a node; None: it was not asked lately."""
    return [
        daemon if is_fresh(daemon.checked_at, within=ttl, now=now) else None
        for (_, known_as), daemon in fleet.daemons.items()
        if known_as == name
    ]


def _service(daemons: Sequence[DaemonStatus | None]) -> dict[str, Any]:
    """The old answer knows one of each name: it is available where that of every node is."""
    answering = [daemon for daemon in daemons if daemon is not None and daemon.answered]
    if not answering or len(answering) < len(daemons):
        return {"available": False, "current_device": None, "current_file": None}
    at_work = next((one for one in answering if one.current_device), answering[0])
    return {
        "available": True,
        "current_device": at_work.current_device or None,
        "current_file": at_work.current_file or None,
    }


def _processing(
    fleet: Fleet, fresh: Mapping[str, Sequence[DaemonStatus | None]]
) -> list[dict[str, str]]:
    names = {s.device.device_id: str(s.device) for s in fleet.devices}
    return [
        {"service": name, "device": names.get(device_id, device_id)}
        for name, daemons in fresh.items()
        for daemon in filter(None, daemons)
        for device_id in daemon.processing
    ]


def _device(status: DeviceStatus, videos_dir: Path) -> dict[str, Any]:
    if _offline_with_nothing_here(status):
        blocks = {kind.value: _block(kind, OldStatus.OFFLINE) for kind in BackupType}
    else:
        blocks = {kind.value: _backup(kind, status, videos_dir) for kind in BackupType}
    return {
        "backup_types": blocks,
        "overall_status": overall_status(_shown(status.backups.get(kind)) for kind in BackupType),
    }


def _offline_with_nothing_here(status: DeviceStatus) -> bool:
    return status.device.reported_status == "offline" and not any(
        backup.facts.copy_count or backup.facts.size_bytes for backup in status.backups.values()
    )


def _shown(backup: BackupStatus | None) -> Verdict:
    """A backup that nobody looked at is unknown; one whose copy is yet to come is not green."""
    if backup is None:
        return Verdict.UNKNOWN
    verdict = backup.judgement.verdict
    if verdict is Verdict.PROTECTED and not backup.facts.copy_count:
        return Verdict.LATE
    return verdict


def _backup(kind: BackupType, status: DeviceStatus, videos_dir: Path) -> dict[str, Any]:
    backup = status.backups.get(kind)
    word = STATUS_OF[_shown(backup)]
    if backup is None:
        return _block(kind, word)
    facts = backup.facts
    return _block(
        kind,
        word,
        processing=backup.processing,
        size=facts.size_bytes,
        last_backup=int(facts.newest_copy_at.timestamp()) if facts.newest_copy_at else 0,
        count=facts.copy_count or len(facts.corrupt),  # a status is read only of what is there
        directory=_directory(kind, status, videos_dir),
        message="" if word in NOTHING_TO_SAY else backup.judgement.rule,
    )


def _directory(kind: BackupType, status: DeviceStatus, videos_dir: Path) -> str:
    """Of videos only, as the old node: its pages show no more than the device's id of it."""
    backup = status.backups[kind]
    if kind is not BackupType.VIDEO or not (backup.facts.copy_count or backup.facts.corrupt):
        return ""
    return f"{videos_dir}/{status.device.device_id}"


def _block(
    kind: BackupType,
    word: OldStatus,
    *,
    processing: bool = False,
    size: int = 0,
    last_backup: int = 0,
    count: int = 0,
    directory: str = "",
    message: str = "",
) -> dict[str, Any]:
    block: dict[str, Any] = {
        "available": count > 0,
        "status": word,
        "processing": processing,
        "size": size,
        "last_backup": last_backup,
        "records" if kind is BackupType.MYSQL else "files": count,
        "directory": directory,
    }
    if kind is BackupType.MYSQL:
        block["message"] = message
    if kind is BackupType.VIDEO:
        block["size_human"] = "" if word is OldStatus.OFFLINE else human_size(size)
    return block
