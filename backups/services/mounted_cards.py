"""Whether what lies here of a device is its own card, mounted here: that is no copy of anything."""

import os
from collections.abc import Iterator
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
    for mount in _mounts(device):
        if _is_a_device(mount.host):
            return _said(mount, f"is mounted from {mount.source}, which is a device")
        if mount.is_shared and (size := _size(mount.point)) and size == _card_bytes(device):
            return _said(mount, f"({mount.source}) has its card's very size, {human_size(size)}")
    return ""


def _said(mount: Mount, why: str) -> str:
    return f"{mount.point} {why}: a card that is mounted here is no copy of itself"[:300]


def _mounts(device: Device) -> Iterator[Mount]:
    try:
        told = MOUNTS.read_text(errors="surrogateescape")
    except FileNotFoundError:  # no Linux: nobody tells
        return
    mounts = read_mounts(told)
    for folder in data_folders().values():
        yield from mounts_of(Path(os.path.realpath(folder)) / device.device_id, mounts)


def _is_a_device(host: str) -> bool:
    if not host:
        return False
    address = plain_address(host)
    for told, name in Device.objects.values_list("address", "name"):
        where = _where(told)
        same_address = address is not None and address == plain_address(where)
        if same_address or host in {where, name.lower(), f"{name.lower()}.local"}:
            return True
    return False


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
