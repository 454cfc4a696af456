"""The old node (port 80): the devices it knows, and its own view of their backups."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from lab.answers import TRACEBACK, Answer, Role, error_200, error_page
from lab.daemons import Rounds
from lab.device_server import DeviceService
from lab.fleet import SimulatedDevice
from lab.machine import machine
from lab.node_entries import entry
from lab.old_backup import DeviceBackup, backup_status
from lab.world import World

_UNTOLD = ("databases", "active")  # of one device by itself


class NodeService:
    """Answers as the node does; it knows what the rsync daemon claims."""

    role = Role.NODE
    device_id = ""

    def __init__(
        self, world: World, *, rsync: Callable[[], Rounds], reachable: Callable[[str], bool]
    ) -> None:
        self._world = world
        self._rsync = rsync
        self._reachable = reachable  # whether that daemon answers now: "mysql" or "rsync"

    def answer(self, path: str) -> Answer:
        route = unquote(path).partition("?")[0]
        if route in {"/devices", "/devices_list"}:
            return Answer(self._devices())
        if route == "/backup/status":
            return Answer(self._backup_status())
        parts = route.split("/")
        known = {
            "data": self._data,
            "machineinfo": self._machine,
            "backup": self._backup,
            "videofiles": self._videos,
        }
        if len(parts) != 4 or parts[1] != "device" or parts[3] not in known:
            return error_page(404, "Not Found", path)
        device = self._world.device(parts[2])
        return known[parts[3]](device) if device else _unknown(parts[2], parts[3])

    def _devices(self) -> dict[str, Any]:
        return {device.device_id: self._entry(device) for device in self._world.devices}

    def _entry(self, device: SimulatedDevice) -> dict[str, Any]:
        """As the node's own view of the backups leaves it: with the daemon's files added."""
        told = entry(self._world, device)
        if told.get("databases"):
            told["databases"] = self._device_backup(device, told).claimed_databases()
        return told

    def _data(self, device: SimulatedDevice) -> Answer:
        told = entry(self._world, device)
        return Answer({key: value for key, value in told.items() if key not in _UNTOLD})

    def _machine(self, device: SimulatedDevice) -> Answer:
        if not device.online:
            return error_200(f"{TRACEBACK}urllib.error.URLError: [Errno 113] No route to host\n")
        now, node_ip = self._world.now(), self._world.node_ip
        return Answer(machine(device, now=now, node_ip=node_ip))

    def _videos(self, device: SimulatedDevice) -> Answer:
        path = f"/data/listfiles/video/{device.device_id}"
        return DeviceService(self._world, device).answer(path)

    def _backup(self, device: SimulatedDevice) -> Answer:
        told = entry(self._world, device)
        return Answer(self._device_backup(device, told).full())

    def _device_backup(self, device: SimulatedDevice, told: dict[str, Any]) -> DeviceBackup:
        job = self._rsync().jobs.get(device.device_id) if self._reachable("rsync") else None
        return DeviceBackup(
            device=device,
            databases=told.get("databases", {}),
            offline=told["status"] == "offline",
            videos_dir=self._world.tree.videos,
            job=job,
        )

    def _backup_status(self) -> dict[str, Any]:
        return backup_status(
            [self._device_backup(each, entry(self._world, each)) for each in self._world.devices],
            reachable=self._reachable,
            busy=self._rsync().busy if self._reachable("rsync") else [],
            now=self._world.now(),
        )


def _unknown(device_id: str, what: str) -> Answer:
    text = f"(404, 'Device {device_id} not found')"
    return error_200(f"{TRACEBACK}bottle.HTTPError: {text}\n" if what == "backup" else text)
