"""GET /device/<id>/backup as the old node answers it, but what is true."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backups.api.copies import best_by_name
from backups.dashboard import DeviceStatus
from backups.engine.byte_sizes import human_size
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.items import CopyState
from backups.engine.verdict import Verdict
from backups.engine.videos.folder import Chunk
from backups.models import ResultCopy
from devices.models import Experiment, Writer

DEVICE_RESULTS = "/ethoscope_data/results"  # where a device has its own


@dataclass(frozen=True, slots=True, kw_only=True)
class OldDatabase:
    """An experiment as its device listed it, and our copy: one of the two may be missing."""

    filename: str
    writer: str
    experiment: Experiment | None
    copy: ResultCopy | None
    is_safe: bool = True  # no look found anything wrong with it

    @property
    def is_saved(self) -> bool:
        return self.is_safe and self.copy is not None and self.copy.state == CopyState.USABLE

    @property
    def size_bytes(self) -> int:
        """Of a saved one: the old pages draw a size as a full bar, "backed-up"."""
        return self.copy.size_bytes if self.copy and self.is_saved else 0


def device_payload(
    status: DeviceStatus,
    *,
    experiments: Iterable[Experiment],
    copies: Iterable[ResultCopy],
    chunks: Iterable[Chunk],
    unsafe: set[str],
    videos_dir: Path,
) -> dict[str, Any]:
    """`unsafe`: file names of experiments and videos that a look found wrong."""
    device_id = status.device.device_id
    databases = _databases(experiments, copies, unsafe=unsafe)
    mysql = [old for old in databases if old.writer == Writer.MYSQL]
    sqlite = [old for old in databases if old.writer != Writer.MYSQL]
    video = status.backups.get(BackupType.VIDEO)
    facts = video.facts if video else BackupFacts(backup_type=BackupType.VIDEO)
    folder = f"{videos_dir}/{device_id}"
    return {
        "device_id": device_id,
        "databases": {
            "SQLite": {old.filename: _sqlite(old, status) for old in sqlite},
            "MariaDB": {old.filename: _mariadb(old) for old in mysql},
            **_videos(facts, _files(device_id, chunks, unsafe), folder),
        },
        "backup_status": {
            "mysql": _saved(mysql),
            "sqlite": _saved(sqlite),
            "video": _video_totals(facts, folder),
            "total_databases": len(databases),
        },
        "recommended_backup_type": _recommended(status),
        "supports_video_backup": status.supports_video_backup,
    }


def _recommended(status: DeviceStatus) -> str:
    """The old page paints its icon green where this is "mysql", and never where it is "rsync"."""
    green = {Verdict.PROTECTED, Verdict.NONE}
    if status.recommended_backup_type == "mysql" and status.verdict not in green:
        return "rsync"
    return status.recommended_backup_type


def _databases(
    experiments: Iterable[Experiment], copies: Iterable[ResultCopy], *, unsafe: set[str]
) -> list[OldDatabase]:
    """What the device lists, newest first, then the copies of what it no longer does."""
    experiments = list(experiments)
    best = best_by_name(experiments, copies)
    databases = [
        OldDatabase(
            filename=experiment.filename,
            writer=experiment.writer,
            experiment=experiment,
            copy=best.pop(experiment.filename, None),
            is_safe=experiment.filename not in unsafe,
        )
        for experiment in experiments
    ]
    left_over = sorted(best.items(), reverse=True)
    return databases + [
        OldDatabase(
            filename=name,
            writer=copy.writer,
            experiment=None,
            copy=copy,
            is_safe=name not in unsafe,
        )
        for name, copy in left_over
    ]


def _sqlite(old: OldDatabase, status: DeviceStatus) -> dict[str, Any]:
    entry = {
        "filesize": old.size_bytes,
        "backup_filename": old.filename,
        "version": "Unknown",
        "path": f"{DEVICE_RESULTS}/{_below_results(old, status)}",
        "date": _date(old),
        "db_status": _state(old),
        "table_counts": {},
        "file_exists": old.is_saved,  # the old pages write "backed-up" where this is true
    }
    if old.is_saved:
        entry |= {"size_human": human_size(old.size_bytes), "rsync_enhanced": True}
    return entry


def _mariadb(old: OldDatabase) -> dict[str, Any]:
    return {
        "table_counts": {},
        "backup_filename": old.filename,
        "version": "Unknown",
        "date": _date(old),
        "db_status": _state(old),
        "db_size_bytes": old.size_bytes,
    }


def _below_results(old: OldDatabase, status: DeviceStatus) -> str:
    if old.copy:
        return old.copy.path
    started = "_".join(old.filename.split("_")[:2])
    return f"{status.device.device_id}/{status.device.name}/{started}/{old.filename}"


def _date(old: OldDatabase) -> float:
    """When it started; of a copy that no list names, when its file was last written."""
    if old.experiment:
        return old.experiment.started_at.timestamp() if old.experiment.started_at else 0.0
    return old.copy.modified_at.timestamp() if old.copy else 0.0


def _state(old: OldDatabase) -> str:
    if old.copy and old.copy.state == CopyState.CORRUPT:
        return "error"
    return (old.experiment.reported_state if old.experiment else "") or "unknown"


def _saved(databases: list[OldDatabase]) -> dict[str, Any]:
    names = [old.filename for old in databases if old.is_saved]
    return {
        "available": bool(names),
        "database_count": len(names),
        "databases": names,
        "total_size_bytes": sum(old.size_bytes for old in databases if old.is_saved),
    }


def _videos(facts: BackupFacts, files: dict[str, Any], folder: str) -> dict[str, Any]:
    if facts.disk_read_at is None:
        return {}
    section = {
        "total_files": facts.copy_count,
        "total_size_bytes": facts.size_bytes,
        "size_human": human_size(facts.size_bytes),
        "files": files,
        "directory": folder,
        "rsync_enhanced": bool(files),
    }
    return {"Video": {"video_backup": section}}


def _files(device_id: str, chunks: Iterable[Chunk], unsafe: set[str]) -> dict[str, Any]:
    """By file name, as the old pages know them; a second file of a name by its path.

    They draw a bar as long as the size: a file that is damaged has none.
    """
    files: dict[str, Any] = {}
    for chunk in chunks:
        path = f"{device_id}/{chunk.folder}/{chunk.name}"
        is_safe = chunk.name not in unsafe
        size_bytes = chunk.size_bytes if is_safe else 0
        files[path if chunk.name in files else chunk.name] = {
            "size_bytes": size_bytes,
            "size_human": human_size(size_bytes),
            "path": path,
            "status": "backed-up" if is_safe else "error",
            "filesystem_enhanced": True,
            "cache_hit": True,  # no request looks at the disk
        }
    return files


def _video_totals(facts: BackupFacts, folder: str) -> dict[str, Any]:
    totals = {
        "available": facts.copy_count > 0,
        "file_count": facts.copy_count,
        "total_size_bytes": facts.size_bytes,
        "size_human": human_size(facts.size_bytes),
    }
    return totals | {"directory": folder} if facts.disk_read_at else totals
