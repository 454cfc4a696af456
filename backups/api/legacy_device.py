"""GET /device/<id>/backup as the old node answers it, but what is true."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from backups.api.old_databases import OldDatabase
from backups.dashboard import DeviceStatus
from backups.engine.byte_sizes import human_size
from backups.engine.facts import BackupFacts, BackupType
from backups.engine.items import CopyState
from backups.engine.verdict import Verdict
from backups.engine.videos.folder import Chunk
from backups.engine.videos.names import bytes_of, recording_of
from devices.models import Writer

BACKED_UP = "backed-up"
DEVICE_RESULTS = "/ethoscope_data/results"  # where a device has its own


def device_payload(
    status: DeviceStatus,
    *,
    databases: Sequence[OldDatabase],
    chunks: Iterable[Chunk],
    known: set[BackupType],
    safe: set[str],
    damaged: set[str],
    videos_dir: Path,
) -> dict[str, Any]:
    """`known`: the types of which the disk was read lately. `safe`: recordings that a look found
    nothing wrong with. `damaged`: file names of videos."""
    device_id = status.device.device_id
    mysql = [old for old in databases if old.writer == Writer.MYSQL]
    sqlite = [old for old in databases if old.writer != Writer.MYSQL]
    video = status.backups.get(BackupType.VIDEO)
    facts = video.facts if video else BackupFacts(backup_type=BackupType.VIDEO)
    folder = f"{videos_dir}/{device_id}"
    safe_recordings = safe if BackupType.VIDEO in known else set()
    files = _files(device_id, chunks, safe=safe_recordings, damaged=damaged)
    return {
        "device_id": device_id,
        "databases": {
            "SQLite": {old.filename: _sqlite(old, status) for old in sqlite},
            "MariaDB": {old.filename: _mariadb(old) for old in mysql},
            **_videos(facts, files, folder),
        },
        "backup_status": {
            "mysql": _saved(mysql),
            "sqlite": _saved(sqlite),
            "video": _video_totals(facts, folder, known=BackupType.VIDEO in known),
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


def _sqlite(old: OldDatabase, status: DeviceStatus) -> dict[str, Any]:
    entry = {
        "filesize": old.size_bytes,
        "backup_filename": old.filename,
        "version": "Unknown",
        "path": f"{DEVICE_RESULTS}/{_below_results(old, status)}",
        "date": old.date.timestamp() if old.date else 0.0,
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
        "date": old.date.timestamp() if old.date else 0.0,
        "db_status": _state(old),
        "db_size_bytes": old.size_bytes,
    }


def _below_results(old: OldDatabase, status: DeviceStatus) -> str:
    if old.copy:
        return old.copy.path
    started = "_".join(old.filename.split("_")[:2])
    return f"{status.device.device_id}/{status.device.name}/{started}/{old.filename}"


def _state(old: OldDatabase) -> str:
    if old.copy and old.copy.state == CopyState.CORRUPT:
        return "error"
    return old.reported_state or "unknown"


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


def _files(
    device_id: str, chunks: Iterable[Chunk], *, safe: set[str], damaged: set[str]
) -> dict[str, Any]:
    """By file name, as the old pages know them; a second file of a name by its path.

    They draw a bar as long as the size: what is damaged, or not known to be safe, has none.
    """
    files: dict[str, Any] = {}
    for chunk in chunks:
        path = f"{device_id}/{chunk.folder}/{chunk.name}"
        word = _word(chunk, safe=safe, damaged=damaged)
        size_bytes = chunk.size_bytes if word == BACKED_UP else 0
        files[path if chunk.name in files else chunk.name] = {
            "size_bytes": size_bytes,
            "size_human": human_size(size_bytes),
            "path": path,
            "status": word,
            "filesystem_enhanced": True,
            "cache_hit": True,  # no request looks at the disk
        }
    return files


def _word(chunk: Chunk, *, safe: set[str], damaged: set[str]) -> str:
    if chunk.name in damaged:
        return "error"
    return BACKED_UP if recording_of_chunk(chunk) in safe else "unknown"


def recording_of_chunk(chunk: Chunk) -> str:
    return recording_of(bytes_of(chunk.folder), bytes_of(chunk.name))


def _video_totals(facts: BackupFacts, folder: str, *, known: bool) -> dict[str, Any]:
    totals = {
        "available": known and facts.copy_count > 0,
        "file_count": facts.copy_count,
        "total_size_bytes": facts.size_bytes,
        "size_human": human_size(facts.size_bytes),
    }
    return totals | {"directory": folder} if facts.disk_read_at else totals
