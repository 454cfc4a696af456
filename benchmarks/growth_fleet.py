"""A cycle of many devices while the node is down: each is asked itself, and some of them hang.

As a program it stands for the devices: one port, and each at a loopback address of its own.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

FIRST = 1  # 127.1.0.1
NOBODY = "http://127.0.0.1:9"  # where no node is


def address_of(number: int) -> str:
    high, low = divmod(number + FIRST, 250)
    return f"127.1.{high}.{low + 1}"


def id_of(number: int) -> str:
    """As benchmarks.fleet_rows has them."""
    return f"{number:03d}{number:029x}"


class _Devices(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, count: int, hanging: int) -> None:
        self.numbers = {address_of(number): number for number in range(count)}
        self.hanging = hanging  # the first ones
        self.never = Event()
        super().__init__(("0.0.0.0", 0), _Device)  # noqa: S104 - for a minute


class _Device(BaseHTTPRequestHandler):
    server: _Devices

    def do_GET(self) -> None:
        number = self.server.numbers[self.connection.getsockname()[0]]
        if number < self.server.hanging:
            self.server.never.wait(60)
            return
        answer = self._answer(number)
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def _answer(self, number: int) -> dict[str, Any]:
        if self.path == "/id":
            return {"id": id_of(number)}
        if self.path.startswith("/data/databases/"):
            return {"SQLite": {}, "MariaDB": {}}
        if self.path.startswith("/data/"):
            now = time.time()
            name = f"ETHOSCOPE_{number:03d}"
            return {
                "id": id_of(number),
                "name": name,
                "status": "stopped",
                "current_timestamp": now,
            }
        return {}

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _devices(count: int, hanging: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.growth_fleet", str(count), str(hanging)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def cycle(hanging: int) -> dict[str, float]:
    from django.conf import settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from backups.services import daemons, snapshots  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415
    from devices.services import refresh_devices  # noqa: PLC0415

    devices = list(Device.objects.order_by("pk"))
    for number, device in enumerate(devices):
        device.address = address_of(number)
    Device.objects.bulk_update(devices, ["address"], batch_size=500)
    settings.NODES = [replace(settings.NODES[0], url=NOBODY)]
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    with _devices(len(devices), hanging) as port:
        settings.DEVICE_PORT = port
        started, used = time.monotonic(), time.process_time()
        report = refresh_devices(now=timezone.now())
        asked, asking = time.monotonic() - started, time.process_time() - used
        daemons.check_daemons(now=timezone.now())
        for device in snapshots.devices_to_look_at():
            snapshots.take_snapshot(device, now=timezone.now())
        whole = time.monotonic() - started
    return {
        "answered": report.devices,
        "asked": asked,
        "asking": asking,
        "whole": whole,
        "cpu": time.process_time() - used,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "timeout": settings.DEVICE_TIMEOUT.total_seconds(),
    }


def main() -> None:
    server = _Devices(int(sys.argv[1]), int(sys.argv[2]))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
