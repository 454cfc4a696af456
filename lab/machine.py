"""A device's hardware and settings, as it tells them."""

from typing import Any

from lab.chunks import BYTES_PER_SECOND
from lab.fleet import Ailment, SimulatedDevice

_SYSTEM_BYTES = 5_000_000_000


def machine(device: SimulatedDevice, *, now: float, node_ip: str) -> dict[str, Any]:
    """Hardware and settings: `GET /machine/<id>`, the clear-text WiFi password among them."""
    return {
        "node_ip": node_ip,
        "etc_node_ip": node_ip,
        "knows_node_ip": True,
        "hostname": device.name.replace("_", ""),
        "isExperimental": False,
        "machine-name": device.name,
        "machine-number": device.number,
        "machine-id": device.device_id,
        "kernel": "6.6.20+rpt",
        "pi_version": {"model_number": 4, "model_type": "Model B Rev"},
        "camera": {"version": "PINoIR 2", "sensor": "imx219"},
        "WIFI_SSID": "ETHOSCOPE_WIFI",
        "WIFI_PASSWORD": "ETHOSCOPE_1234",
        "useSTATIC": False,
        "remoteLogging": -1,
        "use_noir_tuning": True,
        "maxfps_setting": 5,
        "gain_setting": 1.0,
        "SD_CARD_AGE": now - device.booted_at + device.number * 1_000_000.0,
        "partitions": _partitions(device),
        "SD_CARD_NAME": "20260101_ethoscope_000.img",
        "Module": {},
        "has_light_hardware": False,
    }


def card_bytes(device: SimulatedDevice) -> int:
    """Of the smallest card on which what it has leaves a quarter free."""
    used = _used_bytes(device)
    size = 29 * 2**30
    while size * 3 // 4 < used:
        size *= 2
    return size


def free_bytes(device: SimulatedDevice) -> int:
    return 0 if Ailment.FULL in device.ails else card_bytes(device) - _used_bytes(device)


def used_percent(device: SimulatedDevice) -> int:
    return 100 - 100 * free_bytes(device) // card_bytes(device)


def _used_bytes(device: SimulatedDevice) -> int:
    filmed = sum((each.ended_at - each.started_at) * each.scale for each in device.recordings)
    tracked = sum(run.told_bytes for run in device.runs)
    return _SYSTEM_BYTES + tracked + int(filmed * BYTES_PER_SECOND)


def _partitions(device: SimulatedDevice) -> list[dict[str, str]]:
    size = card_bytes(device) // 2**30
    free = free_bytes(device) // 2**30
    return [
        {
            "Filesystem": "/dev/root",
            "Type": "ext4",
            "Size": f"{size}G",
            "Used": f"{size - free}G",
            "Avail": f"{free}G",
            "Use%": f"{used_percent(device)}%",
            "Mounted": "/",
        }
    ]
