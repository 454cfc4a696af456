"""The old node's view of backups, with its ways: `available` is what the *device* lists."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.daemons import Job
from lab.fleet import SimulatedDevice
from lab.stamps import human_size

_ZERO = "{:.1f} B"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBackup:
    """What the node holds together for one device when it is asked."""

    device: SimulatedDevice
    databases: dict[str, Any]
    offline: bool
    videos_dir: Path
    job: Job | None

    def full(self) -> dict[str, Any]:
        """`GET /device/<id>/backup`."""
        video = self.video()
        databases = self.databases | ({"Video": {"video_backup": video}} if video else {})
        kind = "rsync" if self._listed("SQLite") else "mysql" if self._listed("MariaDB") else "none"
        return {
            "device_id": self.device.device_id,
            "databases": databases,
            "backup_status": self._counts(video),
            "recommended_backup_type": kind,
            "supports_video_backup": kind == "rsync",
        }

    def claimed_databases(self) -> dict[str, Any]:
        """The device's inventory, with what the rsync daemon says that it copied last."""
        sqlite = self.databases.get("SQLite", {}).items()
        listed = self.databases | {"SQLite": {name: self._sized(name, run) for name, run in sqlite}}
        video = self.video()
        return listed | ({"Video": {"video_backup": video}} if video.get("files") else {})

    def _sized(self, name: str, run: dict[str, Any]) -> dict[str, Any]:
        results = self.job.synced.get("results", {}) if self.job else {}
        copied = results.get("detailed_files", {}).get(name)
        if not copied:
            return run
        size = copied["size_bytes"]
        told = {"filesize": size, "size_human": human_size(size, whole_bytes=_ZERO)}
        return run | told | {"rsync_enhanced": True}

    def video(self) -> dict[str, Any]:
        """The rsync daemon's claim: its file count is of all devices, its files of one job."""
        claim = self.job.synced.get("videos", {}) if self.job else {}
        if not claim:
            return {}
        files = {name: _file(told) for name, told in claim.get("detailed_files", {}).items()}
        size = sum(file["size_bytes"] for file in files.values())
        return {
            "total_files": claim["local_files"],
            "total_size_bytes": size,
            "size_human": human_size(size, whole_bytes=_ZERO),
            "files": files,
            "directory": f"{self.videos_dir}/{self.device.device_id}",
            "rsync_enhanced": bool(files),
        }

    def types(self) -> dict[str, Any]:
        """One device's block of `GET /backup/status`."""
        if self.offline or not self.databases:
            return {"backup_types": _all_offline(), "overall_status": "no_backups"}
        types = {"mysql": self._mysql(), "sqlite": self._sqlite(), "video": self._video_type()}
        available = sum(block["available"] for block in types.values())
        overall = {0: "no_backups", 3: "success"}.get(available, "partial")
        return {"backup_types": types, "overall_status": overall}

    def _listed(self, writer: str) -> list[str]:
        return list(self.databases.get(writer, {}))

    def _mysql(self) -> dict[str, Any]:
        names = self._listed("MariaDB")
        return _type(bool(names)) | {"records": len(names), "directory": "", "message": ""}

    def _sqlite(self) -> dict[str, Any]:
        names = self._listed("SQLite")
        processing = bool(names and self.job and self.job.processing)
        block = _type(bool(names)) | {"files": len(names), "directory": ""}
        return block | {"processing": processing}

    def _video_type(self) -> dict[str, Any]:
        video = self.video()
        return _type(bool(video)) | {
            "processing": bool(self.job and self.job.processing),
            "size": video.get("total_size_bytes", 0),
            "files": video.get("total_files", 0),
            "directory": video.get("directory", ""),
            "size_human": video.get("size_human", ""),
        }

    def _counts(self, video: dict[str, Any]) -> dict[str, Any]:
        return {
            "mysql": self._database_counts("MariaDB"),
            "sqlite": self._database_counts("SQLite"),
            "video": _video_counts(video),
            "total_databases": len(self._listed("MariaDB")) + len(self._listed("SQLite")),
        }

    def _database_counts(self, writer: str) -> dict[str, Any]:
        names = self._listed(writer)
        return {
            "available": bool(names),
            "database_count": len(names),
            "databases": names,
            "total_size_bytes": 0,
        }


def backup_status(
    backups: list[DeviceBackup],
    *,
    reachable: Callable[[str], bool],
    busy: list[Job],
    now: float,
) -> dict[str, Any]:
    """`GET /backup/status` of the old node."""
    mysql, rsync = reachable("mysql"), reachable("rsync")
    nothing = {"current_device": None, "current_file": None}
    return {
        "services": {
            "mysql_backup": {"available": mysql} | nothing,
            "rsync_backup": {"available": rsync} | nothing,
        },
        "summary": {
            "mysql_backup_available": mysql,
            "rsync_backup_available": rsync,
            "services": {"mysql_service_available": mysql, "rsync_service_available": rsync},
        },
        "devices": {backup.device.device_id: backup.types() for backup in backups},
        "processing_devices": [{"service": "rsync", "device": job.name} for job in busy],
        "timestamp": now,
    }


def _type(available: bool) -> dict[str, Any]:  # noqa: FBT001  the word that the block begins with
    return {
        "available": available,
        "status": "success" if available else "not_available",
        "processing": False,
        "size": 0,
        "last_backup": 0,
    }


def _all_offline() -> dict[str, Any]:
    block = _type(available=False) | {"status": "offline"}
    return {
        "mysql": block | {"records": 0, "directory": "", "message": ""},
        "sqlite": block | {"files": 0, "directory": ""},
        "video": block | {"files": 0, "directory": "", "size_human": ""},
    }


def _video_counts(video: dict[str, Any]) -> dict[str, Any]:
    counts = {
        "available": bool(video),
        "file_count": video.get("total_files", 0),
        "total_size_bytes": video.get("total_size_bytes", 0),
        "size_human": video.get("size_human", "0B"),
    }
    return counts | ({"directory": video["directory"]} if video else {})


def _file(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "size_bytes": told["size_bytes"],
        "size_human": human_size(told["size_bytes"], whole_bytes=_ZERO),
        "path": told["path"],
        "status": told["status"],
        "transfer_speed": told["transfer_speed"],
    }
