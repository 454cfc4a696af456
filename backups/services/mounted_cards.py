"""Whether what lies here of a device is its own card, mounted here: that is no copy of anything."""

import os
import sys
from collections.abc import Iterator, Set
from pathlib import Path

from backups.engine.byte_sizes import human_size
from backups.engine.copies.mounts import MOUNTS, Mount, mounts_of, read_mounts
from backups.services.card_places import data_folders
from backups.services.card_readings import newest_reading
from backups.services.hosts import NoAddress, name_of
from devices.addresses import plain_address
from devices.models import Device


def mounted_card(device: Device) -> str:
    """Why what lies here of it proves nothing, as a sentence; "": nothing tells so.

    By where a file system comes from, and of one that others share by its size as well: names of
    hosts are many, and no two disks have the same number of bytes by chance.
    """
    mounts = _mounts(device)
    hosts = {mount.host for mount in mounts} - {""}
    devices = set(_of_devices(hosts)) if hosts else set()
    for mount in mounts:
        if mount.host in devices:
            return _said(mount, f"is mounted from {mount.source}, which is a device")
        if mount.is_shared and (size := _size(mount.point)) and size == _card_bytes(device):
            return _said(mount, f"({mount.source}) has its card's very size, {human_size(size)}")
    return ""


def _said(mount: Mount, why: str) -> str:
    return f"{mount.point} {why}: a card that is mounted here is no copy of itself"[:300]


def _mounts(device: Device) -> list[Mount]:
    """Each once: most often one holds all three folders. Raises OSError where Linux does not tell;
    elsewhere nobody does."""
    if not sys.platform.startswith("linux"):
        return []
    told = read_mounts(MOUNTS.read_text(errors="surrogateescape"))
    roots = (Path(os.path.realpath(folder)) for folder in data_folders().values())
    return list(
        dict.fromkeys(one for root in roots for one in mounts_of(root / device.device_id, told))
    )


def _of_devices(hosts: Set[str]) -> Iterator[str]:
    """Those of these hosts that are devices, by address or by name."""
    known = Device.objects.values_list("address", "name")
    names = {
        word
        for told, name in known
        for word in (_where(told), name.lower(), f"{name.lower()}.local")
    }
    numbers = {plain_address(name) for name in names} - {None}
    return (host for host in hosts if host in names or plain_address(host) in numbers)


def _where(address: str) -> str:
    try:
        return name_of(address).lower()
    except NoAddress:
        return ""


def _size(folder: Path) -> int:
    """Bytes of the whole file system. Raises OSError."""
    told = os.statvfs(folder)
    return told.f_blocks * told.f_frsize


def _card_bytes(device: Device) -> int:
    reading = newest_reading(device)
    return reading.size_bytes if reading else 0
