"""How the node tells of one device in `/devices`, by what it last heard of it."""

from typing import Any

from lab import device_answers
from lab.device_server import DEAD_LISTENER
from lab.fleet import SimulatedDevice
from lab.machine import used_percent
from lab.stamps import node_string
from lab.world import World

POLL_SECONDS = 15.0  # of a device that does not answer, by its timeouts
UNREACHED_AFTER = 25.0
OFFLINE_AFTER = 155.0
_FOLDED = ("interactor", "backup_filename")  # the node puts them elsewhere
NODE_RESULTS = "/ethoscope_data/results"


def entry(world: World, device: SimulatedDevice) -> dict[str, Any]:
    """The entry of a device in any state."""
    now = world.now()
    if device.null_status:
        return _from_database(device, now) | {"status": None}
    if not device.online:
        return _gone(device, now) if device.off_since else _from_database(device, now)
    if device.frozen_since is not None:
        heard = device.remembered or live_entry(world, device)
        return heard | {"error": DEAD_LISTENER, "last_seen": now}
    return live_entry(world, device)


def live_entry(world: World, device: SimulatedDevice) -> dict[str, Any]:
    """A device that answers: what it says, and what the node adds."""
    now = world.now()
    world.tell(device)
    said = device_answers.data(device, now=now)
    head = {
        "name": device.name,
        "id": device.device_id,
        "status": said["status"],
        "ip": device.address,
        "last_ip": device.address,
        "time": said["time"],
        "active": 1,
        "last_seen": now - device.number % 5,
        "ping": int((now - device.booted_at) // 5 % 1000),
        "consecutive_errors": 0,
    }
    kept = {key: value for key, value in said.items() if key not in _FOLDED}
    return head | _kept_from_before(device) | kept | _added(device, said, now=now)


def _kept_from_before(device: SimulatedDevice) -> dict[str, Any]:
    """Keys that a recording device no longer sends, and the node still has."""
    return {
        "db_name": f"{device.name}_db",
        "monitor_info": device_answers.NO_MONITOR,
        "database_info": device_answers.NO_DATABASE,
        "used_space": f"{used_percent(device)}",
    }


def _added(device: SimulatedDevice, said: dict[str, Any], *, now: float) -> dict[str, Any]:
    newest = device.runs[-1] if device.runs else None
    added: dict[str, Any] = {
        "experimental_info": _nested(device, said["experimental_info"]),
        "ssh_key_installed": True,
        "backup_path": f"{NODE_RESULTS}/{newest.path}" if newest else None,
        "databases": device_answers.databases(device),
    }
    if device.run:
        added["latest_cache"] = {"backup_filename": device.run.filename}
        added["cached_run_id"] = device.run.run_id
    minutes = (now - min(said["time"], now)) / 60
    return added | _state(said["status"], minutes=minutes, skipped=False)


def _nested(device: SimulatedDevice, told: dict[str, Any]) -> dict[str, Any]:
    if "current" in told:
        return told
    interactor = {"interactor": device_answers.INTERACTOR} if device.run else {}
    return {"current": told | interactor, "previous": {}}


def _state(status: str, *, minutes: float, skipped: bool, source: str = "system") -> dict[str, Any]:
    details = {
        "status": status,
        "is_user_triggered": False,
        "trigger_source": source,
        "age_minutes": minutes,
        "consecutive_errors": 0,
        "should_alert": status == "offline",
    }
    return {"status_details": details, "skip_scanning": skipped}


def _gone(device: SimulatedDevice, now: float) -> dict[str, Any]:
    """Was live and went away: all its old words stay, and `last_seen` still moves for a while."""
    away = now - (device.off_since or now)
    status = device.remembered["status"]
    if away >= UNREACHED_AFTER:
        status = "offline" if away >= OFFLINE_AFTER else "unreached"
    polled = {
        "status": status,
        "last_seen": now - away + min(away, OFFLINE_AFTER),
        "consecutive_errors": min(10, int(away // POLL_SECONDS)),
    }
    source = "network" if status == "unreached" else "system"
    state = _state(status, minutes=away / 60, skipped=status == "offline", source=source)
    return device.remembered | polled | state


def _from_database(device: SimulatedDevice, now: float) -> dict[str, Any]:
    """Never seen since the node's start: exactly these keys, and `time` as a text."""
    return {
        "name": device.name,
        "id": device.device_id,
        "status": "offline",
        "ip": device.address,
        "last_ip": device.address,
        "time": node_string(now - 3 * 86_400 - device.number),
        "active": 1,
    }
