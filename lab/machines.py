"""The machine around each device's card, as far as somebody who logs in can see it.

A folder for each below `machines/`, by its address: a note for lab/login.py, what the lister
reads of /proc and /sys, and what the kernel and the power supply say.
"""

import json
import os
import shlex
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from lab.fleet import Ailment, SimulatedDevice
from lab.machine import card_bytes, free_bytes

_HERE = Path(__file__).parent
_PYTHON = f"{shlex.quote(sys.executable)} -I -S"
_SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")
_ERRORS = 7  # that ext4 has counted
_ERROR_AFTER = 3_600.0  # seconds since it booted


class Machines:
    """Below a lab's folder; `data_root` is where whoever logs in believes the card to be."""

    def __init__(self, root: Path) -> None:
        self.root = root / "machines"
        self._data_root = root / "devices"
        self._written: dict[Path, str] = {}

    @property
    def sshd_lines(self) -> str:
        """Settings by which each login lands on its machine."""
        login = shlex.join([str(_HERE / "login.py"), str(self.root)])
        return f"ForceCommand {_PYTHON} {login}\nMaxStartups 300\n"

    def build(self) -> None:
        """The programs that all of them have."""
        programs = {
            "python/python3": f'{_PYTHON} {shlex.quote(str(_HERE / "device_python.py"))} "$@"',
            "bin/dmesg": 'cat "$LAB_MACHINE/dmesg"',
            "bin/vcgencmd": 'cat "$LAB_MACHINE/throttled"',
        }
        for name, command in programs.items():
            _write(self.root / name, f"#!/bin/sh\nexec {command}\n")
            (self.root / name).chmod(0o755)

    def note(self, device: SimulatedDevice, *, card: Path, now: float) -> None:
        """Write down how it is, if that is new."""
        told = json.dumps(self._told(device, now=now) | {"card": str(card)})
        for name, text in (_files(device) | {"machine.json": told}).items():
            path = self.root / device.address / name
            if self._written.get(path) != text:
                _write(path, text)
                self._written[path] = text

    def _told(self, device: SimulatedDevice, *, now: float) -> dict[str, object]:
        ails = device.ails
        ahead = now - time.time()  # of the wall clock, by which a login goes
        return {
            "data_root": str(self._data_root),
            "greeting": f"Welcome to {device.name}" if Ailment.GREETS in ails else "",
            "hangs": Ailment.HANGS in ails,
            "path": self._path(device),
            "size_bytes": card_bytes(device),
            "free_bytes": free_bytes(device),
            "clock_offset": round(ahead + device.clock_offset),
            "booted_at": round(device.booted_at - ahead),
        }

    def _path(self, device: SimulatedDevice) -> str:
        own = str(self.root / "bin")
        if Ailment.NO_PYTHON in device.ails:
            return f"{own}:{self._without_python()}"
        return ":".join([own, str(self.root / "python"), *_SYSTEM])

    def _without_python(self) -> Path:
        """All programs of this machine but any Python."""
        folder = self.root / "without-python"
        if folder.exists():
            return folder
        folder.mkdir(parents=True)
        for place in map(Path, reversed(_SYSTEM)):
            for program in place.iterdir():
                if not program.name.startswith("py"):
                    (folder / program.name).unlink(missing_ok=True)
                    (folder / program.name).symlink_to(program)
        return folder


def _files(device: SimulatedDevice) -> dict[str, str]:
    """What a Raspberry Pi with one card shows, by the name of the file."""
    boot = uuid.uuid5(uuid.NAMESPACE_OID, f"{device.number} {device.booted_at}")
    mode = "ro" if Ailment.READ_ONLY in device.ails else "rw"
    throttled = "0x50005" if Ailment.WEAK_POWER in device.ails else "0x0"
    files = {
        "proc/sys/kernel/random/boot_id": f"{boot}",
        "proc/self/mounts": f"/dev/mmcblk0p2 / ext4 {mode},noatime 0 0",
        "throttled": f"throttled={throttled}",
        "dmesg": "\n".join(_kernel_log(device)),
    }
    ext4 = {f"sys/fs/ext4/mmcblk0p2/{name}": text for name, text in _ext4(device).items()}
    card = {f"sys/class/mmc_host/mmc0/mmc0:aaaa/{name}": text for name, text in _card(device)}
    return {name: f"{text}\n" for name, text in (files | ext4 | card).items()}


def _ext4(device: SimulatedDevice) -> dict[str, object]:
    ill = Ailment.CARD_ERRORS in device.ails
    at, where = (int(device.booted_at + _ERROR_AFTER), "ext4_lookup") if ill else (0, "")
    return {
        "errors_count": _ERRORS if ill else 0,
        "first_error_time": at,
        "first_error_func": where,
        "last_error_time": at,
        "last_error_func": where,
        "warning_count": 0,
        "lifetime_write_kbytes": 40 * (card_bytes(device) - free_bytes(device)) // 1024,
    }


def _card(device: SimulatedDevice) -> Iterator[tuple[str, str]]:
    yield "type", "SD"
    yield "name", "SC32G"
    yield "serial", f"0x{0xE7000000 + device.number:08x}"
    yield "date", f"{device.number % 12 + 1:02d}/{2020 + device.number % 6}"


def _kernel_log(device: SimulatedDevice) -> Iterator[str]:
    yield "[    2.104512] mmc0: new high speed SDHC card at address aaaa"
    if Ailment.KERNEL_ERRORS in device.ails:
        for second in (1800, 1801, 5400):
            yield f"[ {second}.550123] mmcblk0: error -110 sending stop command, status 0x900"


def _write(path: Path, text: str) -> None:
    """Whole or not at all: it may be read at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.new")
    partial.write_text(text)
    os.replace(partial, path)  # noqa: PTH105
