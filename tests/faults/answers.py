"""What devices, the node and the daemons answer, made of the truth in their real shapes."""

from hashlib import md5
from typing import Any

from tests.faults import databases
from tests.faults.care import TYPES, Answer
from tests.faults.case import Case
from tests.faults.truth import Experiment

NO_DATABASE = {"db_size_bytes": 0, "table_counts": {}, "last_db_update": 0, "db_status": "no_cache"}
SERVERS = {"sqlite": "SQLite 3.40.1", "mysql": "10.11.6-MariaDB-0+deb12u1-log"}


def entry(case: Case) -> Answer:
    """The node's entry of a device."""
    told = data(case) | {
        "ip": case.device.address,
        "last_ip": case.device.address,
        "active": 1,
        "last_seen": case.at,
        "ping": 311,
        "consecutive_errors": 0,
        "databases": inventory(case),
    }
    for bend in case.switches.bend_entry:
        told = bend(told, case.at) if isinstance(told, dict) else told  # bent out of shape before
    return told


def data(case: Case) -> Answer:
    """`GET /data/<id>`"""
    device, at = case.device, case.at
    status = device.status(at)
    told: Answer = {
        "status": status,
        "time": max(case.device.clock.at(at) - 900, 0),
        "error": None,
        "id": device.device_id,
        "name": device.name,
        "version": {"id": "ccfa2b9c", "date": "2026-04-29 08:06:29"},
        "current_timestamp": device.clock.at(at),
    }
    if status == "recording":
        return told | {"experimental_info": {"name": "jdoe", "location": "Incubator_2"}}
    newest = device.newest(at)
    told |= {"used_space": "37", "db_name": f"{device.name}_db"}
    if newest is None:
        return told | {"experimental_info": {}, "database_info": NO_DATABASE}
    return told | _of_newest(case, newest)


def _of_newest(case: Case, newest: Experiment) -> Answer:
    names = {"backup_filename": newest.filename}
    if not case.device.firmware.live_counts:
        current = names | {"sqlite_source_path": path_on_device(case, newest)}
        writer = {"mysql": "mariadb"}.get(newest.writer, newest.writer)
        old = {"active_type": writer, writer: {"exists": True, "current": current}}
        return names | {"experimental_info": {}, "database_info": old}
    if newest.ended(case.at) and not newest.graceful:
        return _after_boot(case, newest)
    return names | {"experimental_info": {}, "database_info": database_info(case, newest)}


def _after_boot(case: Case, newest: Experiment) -> Answer:
    previous = {"date_time": case.device.clock.at(newest.begins)}
    return {
        "experimental_info": {
            "current": {},
            "previous": previous | {"backup_filename": newest.filename, "user": "jdoe"},
        },
        "database_info": NO_DATABASE,
        "result_writer_type": databases.WRITERS[newest.writer],
        "sqlite_source_path": path_on_device(case, newest) or None,
    }


def database_info(case: Case, one: Experiment) -> Answer:
    if one.gone:
        return NO_DATABASE
    ended = min(one.ends, case.at)
    info: Answer = {
        "db_version": SERVERS[one.writer],
        "db_size_bytes": case.on_card(one).stat().st_size,
        "table_counts": databases.counts(one, case.at),
        "last_db_update": case.device.clock.at(ended),
        "db_name": path_on_device(case, one) or f"{case.device.name}_db",
        "db_status": "active",
    }
    path = path_on_device(case, one)
    return info | ({"sqlite_source_path": path} if path else {})


def path_on_device(case: Case, one: Experiment) -> str:
    return str(case.on_card(one)) if one.writer == "sqlite" else ""


def inventory(case: Case) -> Answer:
    """`GET /data/databases/<id>`"""
    listed = [one for one in case.experiments() if one.listed]
    mysql = [one for one in listed if one.writer == "mysql"][-1:]
    told = {
        "SQLite": {o.filename: _listed(case, o) for o in listed if o.writer == "sqlite"},
        "MariaDB": {f"{case.device.name}_db": _listed(case, o) for o in mysql},
    }
    for bend in case.switches.bend_inventory:
        told = bend(told, case.at) if isinstance(told, dict) else told  # bent out of shape before
    return told


def _listed(case: Case, one: Experiment) -> Answer:
    ended, final = one.ended(case.at), case.device.firmware.final_counts
    kept = ended and final and not one.gone
    told: Answer = {
        "backup_filename": one.filename,
        "version": "Unknown",
        "date": case.device.clock.at(one.begins),
        "db_status": "finalised" if ended else "unknown",
        "table_counts": databases.counts(one, one.ends) if kept else {},
    }
    size = case.on_card(one).stat().st_size if kept else 0
    if one.writer == "mysql":
        return told | {"db_size_bytes": size}
    path = path_on_device(case, one)
    return told | {"filesize": size, "path": path, "file_exists": not one.gone}


def listing(case: Case) -> tuple[int, Any]:
    """`GET /list_video_files`: HTTP status and answer."""
    if case.switches.listing_status or not case.device.firmware.videos:
        return case.switches.listing_status or 404, {"error": "none"}
    told: Answer = _files(case)
    if case.device.firmware.videos == "paths":
        told = {"video_files": told, "metadata": {"total_files": len(told)}}
    for bend in case.switches.bend_listing:
        told = bend(told, case.at)
    return 200, told


def _files(case: Case) -> Answer:
    hashed = case.device.firmware.videos == "md5"
    found: Answer = {}
    for recording in case.recordings():
        for path in sorted(case.on_card(recording).glob("*.h264")):
            told = {"path": str(path)}
            if hashed:
                told["hash"] = md5(path.read_bytes()).hexdigest()  # noqa: S324  as it is told
            found[path.name] = told
    return found


def claims(case: Case) -> Answer:
    """What a daemon says of a device, whatever it did."""
    return {
        "name": case.device.name,
        "status": case.device.status(case.at),
        "started": case.copied_at,
        "ended": case.copied_at + 8,
        "processing": False,
        "count": 42,
        "synced": {},
        "progress": {"status": case.switches.claim, "message": "Backup completed successfully"},
    }


__all__ = ["TYPES", "claims", "data", "entry", "inventory", "listing"]
