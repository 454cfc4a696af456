"""Downloads beside nginx serving the same file on loopback: `python -m benchmarks.downloads`.

The server as `make run` starts it, one large sparse file of a device, nginx in front of nothing: in
turn, each reads it whole. Then fifty downloads at once, and what a page takes meanwhile.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

from ethonode import env
from ethonode.run.config import Stack, web
from lab.servers.processes import free_port

HOST = "127.0.0.1"
GB = 1 << 30
GOAL_RATIO = 0.7
GOAL_GROWTH_MB = 64
AT_ONCE = 50
PAGES = 40
START = "2026-11-20_10-00-00"
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3;
  uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  server {{ listen {host}:{port}; location / {{ root {root}; }} }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where something is to be had."""

    port: int
    path: str
    token: str = ""

    def size(self) -> int:
        """Read it whole, into one buffer, and forget it."""
        connection = HTTPConnection(HOST, self.port, timeout=300)
        headers = {"Authorization": f"Token {self.token}"} if self.token else {}
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            sys.exit(f"{self.path}: {answer.status} {answer.read()[:300]!r}")
        buffer, size = bytearray(1 << 20), 0
        while count := answer.readinto(buffer):
            size += count
        connection.close()
        return size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_const", const=1, dest="gigabytes")
    options = parser.parse_args()
    size = options.gigabytes * GB
    with tempfile.TemporaryDirectory(prefix="downloads") as folder, ExitStack() as stack:
        ours, server = stack.enter_context(served(Path(folder), size))
        print(f"{options.gigabytes} GB, load {os.getloadavg()[0]:.0f}")
        reached = beside_nginx(stack, Path(folder), ours, size, rounds=options.rounds)
        before = memory_mb(server.pid)
        ours.size()
        grown = memory_mb(server.pid) - before
        print(f"  memory of the server: {before:.0f} MB, and {grown:+.0f} MB after another")
        reached &= grown <= GOAL_GROWTH_MB
        many(ours, server.pid)
    print(f"  goal: >= {GOAL_RATIO}x of nginx, memory flat {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


def beside_nginx(stack: ExitStack, folder: Path, ours: Where, size: int, *, rounds: int) -> bool:
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        print(f"  ours alone: {speed(ours, size):.2f} GB/s; nginx is not installed")
        return True
    theirs = stack.enter_context(nginx(folder))
    pairs = [(speed(ours, size), speed(theirs, size)) for _ in range(rounds)]
    best, best_of_nginx = (max(one) for one in zip(*pairs, strict=True))
    ratio = best / best_of_nginx
    print(f"  ours {best:.2f} GB/s, nginx {best_of_nginx:.2f} GB/s, best of {rounds}: {ratio:.2f}x")
    return bool(ratio >= GOAL_RATIO)


def speed(place: Where, size: int) -> float:
    began = time.monotonic()
    if (got := place.size()) != size:
        sys.exit(f"{place.path}: {got:,} of {size:,} bytes")
    return size / GB / (time.monotonic() - began)


def many(ours: Where, pid: int) -> None:
    """Slow readers: each takes a piece, and waits; what does a page take beside them?"""
    alone = page_times(ours)
    stop, before = threading.Event(), memory_mb(pid)
    readers = [threading.Thread(target=trickle, args=(ours, stop)) for _ in range(AT_ONCE)]
    for reader in readers:
        reader.start()
    time.sleep(2)
    meanwhile = page_times(ours)
    print(
        f"  {AT_ONCE} downloads at once: a list's p50 {1000 * alone:.0f} ms alone,"
        f" {1000 * meanwhile:.0f} ms meanwhile; memory {memory_mb(pid) - before:+.0f} MB"
    )
    stop.set()
    for reader in readers:
        reader.join()


def trickle(place: Where, stop: threading.Event) -> None:
    with socket.create_connection((HOST, place.port), timeout=60) as sock:
        sock.sendall(
            f"GET {place.path} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Token {place.token}\r\n\r\n".encode()
        )
        while not stop.wait(0.1):
            if not sock.recv(1 << 16):
                return


def page_times(ours: Where) -> float:
    taken = []
    for _ in range(PAGES):
        began = time.monotonic()
        replace(ours, path="/api/v1/devices/").size()
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def memory_mb(pid: int) -> float:
    """Of gunicorn's worker, which is the child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def nginx(folder: Path) -> Iterator[Where]:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, host=HOST, port=port, root=folder / "videos"))
    folder.chmod(0o755)
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    server = subprocess.Popen([program, "-c", config, "-p", folder, "-g", "user root;"])
    try:
        _wait(lambda: socket.create_connection((HOST, port), 1).close())
        [video] = (folder / "videos").rglob("*.h264")
        yield Where(port=port, path=f"/{video.relative_to(folder / 'videos')}")
    finally:
        server.terminate()
        server.wait()


@contextmanager
def served(folder: Path, size: int) -> Iterator[tuple[Where, "subprocess.Popen[bytes]"]]:
    from benchmarks.status_endpoint import set_up  # noqa: PLC0415 - it sets the environment

    os.environ["ETHONODE_DATA_ROOT"] = str(folder)
    set_up(folder)
    path, token = fill(folder, size)
    with started(folder) as (port, server):
        yield Where(port=port, path=path, token=token), server


@contextmanager
def started(folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The web server as `make run` has it; all settings are in the environment."""
    port = free_port()
    environment = replace(env.read_alone(), port=port)
    stack = Stack(environment=environment, python=sys.executable, redis_server=None, lab=None)
    (folder / "run").mkdir(exist_ok=True)
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(web(stack).command, stdout=log, stderr=log)
    try:
        _wait(lambda: Where(port=port, path="/healthz").size())
        yield port, server
    finally:
        server.terminate()
        server.wait()


def fill(folder: Path, size: int) -> tuple[str, str]:
    """A device with one video; where that is, and a token for it."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415
    from knox.models import AuthToken  # noqa: PLC0415

    from backups.services.files import FileQuery, file_page  # noqa: PLC0415
    from backups.services.videos import scan_videos  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415

    now = timezone.now()
    device = Device.objects.create(device_id="0" * 32, name="E", first_seen_at=now, told_at=now)
    recording = folder / "videos" / device.device_id / "E" / START
    recording.mkdir(parents=True)
    with (recording / f"{START}_{device.device_id}_1280x960@25fps-28q_00001.h264").open("wb") as f:
        f.truncate(size)
    scan_videos(device, now=now)
    token = AuthToken.objects.create(User.objects.create_superuser("boss"))[1]
    [file] = file_page(FileQuery(), limit=1).files
    return f"/api/v1/files/{file.id}/content/", token


def _wait(there: Callable[[], object]) -> None:
    until = time.monotonic() + 90
    while True:
        try:
            there()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
