"""A device's hardware and settings, as it tells them."""

from typing import Any

from lab.fleet import SimulatedDevice


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


def used_percent(device: SimulatedDevice) -> int:
    return 20 + device.number * 7 % 60


def _partitions(device: SimulatedDevice) -> list[dict[str, str]]:
    used = used_percent(device)
    return [
        {
            "Filesystem": "/dev/root",
            "Type": "ext4",
            "Size": "29G",
            "Used": f"{29 * used // 100}G",
            "Avail": f"{29 * (100 - used) // 100}G",
            "Use%": f"{used}%",
            "Mounted": "/",
        }
    ]
