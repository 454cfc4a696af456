"""What lies on the disks of the hosts, looked at past the product."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("results", "videos")
Marks = dict[str, tuple[int, int]]


def places(data: Path, device_id: str) -> Iterator[Path]:
    """The files of a device, hidden ones left out as everybody does."""
    for folder in FOLDERS:
        for path in sorted((data / folder / device_id).rglob("*")):
            below = path.relative_to(data)
            if path.is_file() and not any(part.startswith(".") for part in below.parts):
                yield path


def digests(data: Path, device_id: str, *, before: float = float("inf")) -> dict[str, str]:
    """By their places below `data`; those that were not written since."""
    return {
        str(path.relative_to(data)): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in places(data, device_id)
        if path.stat().st_mtime < before
    }


def marks(data: Path, device_id: str) -> Marks:
    """Size and time of each: whether anybody wrote there."""
    found = {}
    for path in places(data, device_id):
        stat = path.stat()
        found[str(path.relative_to(data))] = (stat.st_size, stat.st_mtime_ns)
    return found


def damage(path: Path) -> None:
    """One bit is another, and neither size nor time tells."""
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(stat.st_size // 2)
        byte = file.read(1)
        file.seek(stat.st_size // 2)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def keep_logs(of: Path, at: Path) -> None:
    shutil.copytree(of, at, dirs_exist_ok=True)
