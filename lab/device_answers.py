"""What a device says of itself, in the shapes of its real software."""

from typing import Any

from lab.cards import md5_of
from lab.fleet import SimulatedDevice
from lab.machine import used_percent
from lab.metadata import VERSION
from lab.tracking import ResultWriter, Tracking

NO_MONITOR = {"last_positions": None, "last_time_stamp": 0, "fps": 0}
NO_DATABASE = {"db_size_bytes": 0, "table_counts": {}, "last_db_update": 0, "db_status": "no_cache"}
INTERACTOR = {"name": "<class 'ethoscope.stimulators.stimulators.DefaultStimulator'>"}
_SERVERS = {
    ResultWriter.SQLITE: "SQLite 3.40.1",
    ResultWriter.MYSQL: "10.11.6-MariaDB-0+deb12u1-log",
}


def data(device: SimulatedDevice, *, now: float) -> dict[str, Any]:
    """The live state: `GET /data/<id>`."""
    clock = now + device.clock_offset
    if device.status == "recording":
        return _head(device, clock) | _recording_state(device) | _tail(device, clock)
    return (
        _head(device, clock)
        | {"db_name": f"{device.name}_db", "monitor_info": _monitor(device, clock)}
        | _experiment_state(device, clock=clock)
        | _tail(device, clock)
    )


def databases(device: SimulatedDevice) -> dict[str, Any]:
    """The inventory: `GET /data/databases/<id>`. Most firmware knows names, and no sizes."""
    if device.inventory == "missing":
        return {}
    if device.inventory == "empty":
        return {"SQLite": {}, "MariaDB": {}}
    listed = [run for run in device.runs if run.listed]
    files = [run for run in listed if run.writer is ResultWriter.SQLITE]
    dropped_at_each_start = [run for run in listed if run.writer is ResultWriter.MYSQL]
    return {
        "SQLite": {run.filename: _file(run, device) for run in files},
        "MariaDB": {run.database_name: _mariadb(run, device) for run in dropped_at_each_start[-1:]},
    }


def list_video_files(device: SimulatedDevice) -> dict[str, Any]:
    """What firmware of July 2025 listed: every chunk that it has."""
    videos = f"{device.data_root}/videos"
    files = {
        chunk.name: {"path": f"{videos}/{recording.folder}/{chunk.name}"}
        for recording in device.recordings
        for chunk in recording.chunks()
    }
    return {
        "video_files": files,
        "metadata": {
            "videos_directory": f"{videos}/{device.device_id}",
            "total_files": len(files),
            "disk_usage_bytes": sum(recording.size_bytes() for recording in device.recordings),
            "device_ip": device.address,
            "machine_id": device.device_id,
            "machine_name": device.name,
        },
    }


def hashed(files: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """What firmware of before July 2025 listed: no frame around it, and a sum for each file."""
    return {name: told | {"hash": md5_of(name)} for name, told in files.items()}


def _head(device: SimulatedDevice, clock: float) -> dict[str, Any]:
    folder = f"/tmp/ethoscope_{device.device_id[3:11]}"  # noqa: S108  a name on the device
    return {
        "status": device.status,
        "time": min(_state_began(device), clock),
        "error": None,
        "log_file": f"{folder}/ethoscope.log",
        "dbg_img": f"{folder}/dbg_img.png",
        "last_drawn_img": f"{folder}/last_img.jpg",
        "id": device.device_id,
        "name": device.name,
        "version": VERSION,
    }


def _state_began(device: SimulatedDevice) -> float:
    if device.run:
        return device.run.started_at
    if device.recording:
        return device.recording.started_at
    last = device.runs[-1].stopped_at if device.runs else None
    return max(device.booted_at, last or 0.0)


def _tail(device: SimulatedDevice, clock: float) -> dict[str, Any]:
    lit = device.run is not None
    hours = ("09:00", "21:00") if lit else ("", "")
    return {
        "CPU_temp": 48.3 + device.number % 10,
        "underpowered": False,
        "current_timestamp": clock,
        "response_time": "3.12",
        "light_schedule": {
            "hardware": False,
            "active": lit,
            "lights_on": hours[0],
            "lights_off": hours[1],
            "led_on": lit,
        },
    }


def _recording_state(device: SimulatedDevice) -> dict[str, Any]:
    code = device.recording.code if device.recording else "ghost"
    info = {"name": "jdoe", "location": "Incubator_2", "code": code}
    dark = {"sensor": "", "lights_on": "", "lights_off": ""}
    return {"experimental_info": info | dark, "autostop": False}


def _monitor(device: SimulatedDevice, clock: float) -> dict[str, Any]:
    if not device.run:
        return NO_MONITOR
    return {"last_time_stamp": round(clock - device.run.started_at, 3), "fps": 2.31}


def _experiment_state(device: SimulatedDevice, *, clock: float) -> dict[str, Any]:
    state: dict[str, Any] = {"used_space": f"{used_percent(device)}"}
    last = device.runs[-1] if device.runs else None
    if last is None:
        return state | {"experimental_info": {}, "database_info": NO_DATABASE}
    if device.is_old:
        return state | _old_firmware_state(last)
    if last.stopped_at is not None and last.stopped_at <= device.booted_at:
        return state | _state_after_boot(last)
    return state | {
        "experimental_info": last.experimental_info() if device.run else _just_stopped(last),
        "database_info": _database_info(last, clock=clock),
        "backup_filename": last.filename,
        "interactor": INTERACTOR,
    }


def _just_stopped(run: Tracking) -> dict[str, Any]:
    """In the same process: user and place are blank already, the time is that of the stop."""
    names = {"backup_filename": run.filename, "user": "", "location": ""}
    return {"current": {"run_id": run.run_id}, "previous": {"date_time": run.stopped_at} | names}


def _state_after_boot(run: Tracking) -> dict[str, Any]:
    names = {"backup_filename": run.filename, "user": run.user, "location": run.location}
    previous = {"date_time": run.started_at} | names
    return {
        "experimental_info": {"current": {}, "previous": previous},
        "database_info": NO_DATABASE,
        "result_writer_type": str(run.writer),
        "sqlite_source_path": run.source_path,
        "cache_file": f"/ethoscope_data/cache/db_metadata_{run.stamp}_{run.database_name}.json",
    }


def _old_firmware_state(run: Tracking) -> dict[str, Any]:
    current = {"backup_filename": run.filename, "sqlite_source_path": run.source_path}
    return {
        "experimental_info": run.experimental_info() if run.stopped_at is None else {},
        "database_info": {
            "active_type": "sqlite",
            "mariadb": {"exists": False},
            "sqlite": {"exists": True, "current": current},
        },
        "backup_filename": run.filename,
        "previous_date_time": run.started_at,
        "previous_backup_filename": run.filename,
        "previous_user": run.user,
        "previous_location": run.location,
    }


def _database_info(run: Tracking, *, clock: float) -> dict[str, Any]:
    info = {
        "db_version": _SERVERS[run.writer],
        "db_size_bytes": run.told_bytes,
        "table_counts": run.told_counts,
        "last_db_update": clock if run.stopped_at is None else run.stopped_at,
        "db_name": run.source_path or run.database_name,
        "db_status": "active" if run.told_counts else "error",
    }
    return info | ({"sqlite_source_path": run.source_path} if run.source_path else {})


def _state(run: Tracking) -> str:
    return "unknown" if run.stopped_at is None else "finalised"


def _file(run: Tracking, device: SimulatedDevice) -> dict[str, Any]:
    told = device.tells_sizes
    return {
        "filesize": run.told_bytes if told else 0,
        "backup_filename": run.filename,
        "version": _SERVERS[run.writer] if told else "Unknown",
        "path": run.source_path,
        "date": run.started_at,
        "db_status": _state(run),
        "table_counts": run.told_counts if told else {},
        "file_exists": not run.purged,
    }


def _mariadb(run: Tracking, device: SimulatedDevice) -> dict[str, Any]:
    told = device.tells_sizes
    return {
        "table_counts": run.told_counts if told else {},
        "backup_filename": run.filename,
        "version": _SERVERS[run.writer] if told else "Unknown",
        "date": run.started_at,
        "db_status": _state(run),
        "db_size_bytes": run.told_bytes if told else 0,
    }
