"""Can slow or silent clients hold the web server? `python -m benchmarks.slow_clients`.

The server as `make run` starts it, over a fleet in a temporary database, and a hundred clients of
each bad manner: how long do a health check and the status poll take meanwhile?
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ethonode import env
from ethonode.run.config import Stack, web
from lab.servers.processes import free_port

HOST = "127.0.0.1"
PATHS = ("/healthz", "/backup/status")
GOAL_RATIO = 3.0  # of the median beside that with nobody else
GOAL_SECONDS = 3.0  # for the slowest: who is held waits for as long as it pleases others
FLOOR = 0.02  # seconds: below that a ratio says nothing
DEVICES = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20, help="of each manner")
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    seconds = 4 if options.short else options.seconds
    with tempfile.TemporaryDirectory(prefix="slow") as folder, served(Path(folder)) as port:
        print(f"{options.clients} clients, {seconds:g} s of each manner")
        alone = measured("nobody else", port, seconds / 2)
        reached = True
        for name, behave in MANNERS.items():
            with misbehaving(behave, port, options.clients):
                reached &= is_reached(measured(name, port, seconds), alone)
        word = "reached" if reached else "MISSED"
        print(f"  goal: medians <= {GOAL_RATIO:g}x, every answer <= {GOAL_SECONDS:g} s {word}")
    return 0 if reached else 1


def silent(sock: socket.socket, stop: threading.Event) -> None:
    """Connects, and says nothing."""
    stop.wait()


def half_a_head(sock: socket.socket, stop: threading.Event) -> None:
    """A byte of a header now and then."""
    sock.sendall(b"GET /backup/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    while not stop.wait(0.5):
        sock.sendall(b"x")


def half_a_body(sock: socket.socket, stop: threading.Event) -> None:
    """A whole head, and a byte of the body now and then."""
    sock.sendall(b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n")
    while not stop.wait(0.5):
        sock.sendall(b"x")


def one_and_a_half(sock: socket.socket, stop: threading.Event) -> None:
    """A whole request with half of the next behind it."""
    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\n")
    stop.wait()


def reads_nothing(sock: socket.socket, stop: threading.Event) -> None:
    """Asks for a page, takes none of it, and does not hang up."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.sendall(b"GET /backup/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    stop.wait()


def never_hangs_up(sock: socket.socket, stop: threading.Event) -> None:
    """Asks to be hung up on, and then does not hang up itself."""
    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    stop.wait()


Manner = Callable[[socket.socket, threading.Event], None]
BAD = (silent, half_a_head, half_a_body, one_and_a_half, reads_nothing, never_hangs_up)
MANNERS: dict[str, Manner] = {behave.__name__.replace("_", " "): behave for behave in BAD}


@contextmanager
def misbehaving(behave: Manner, port: int, count: int) -> Iterator[None]:
    stop = threading.Event()
    clients = [
        threading.Thread(target=_client, args=(behave, port, stop), daemon=True)
        for _ in range(count)
    ]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        stop.set()
        for client in clients:
            client.join()


def _client(behave: Manner, port: int, stop: threading.Event) -> None:
    """Whoever is hung up on comes back."""
    while not stop.is_set():
        with suppress(OSError), socket.create_connection((HOST, port), 5) as sock:
            behave(sock, stop)
        stop.wait(0.2)


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds for an answer; who gets none has waited for ever."""

    median: float
    slowest: float


def is_reached(waited: dict[str, Waited], alone: dict[str, Waited]) -> bool:
    return all(
        one.slowest <= GOAL_SECONDS
        and max(one.median, FLOOR) <= GOAL_RATIO * max(alone[path].median, FLOOR)
        for path, one in waited.items()
    )


def measured(name: str, port: int, seconds: float) -> dict[str, Waited]:
    """By path. The first answer comes when those that misbehave have all asked."""
    _answers(PATHS[-1], port)
    found = {}
    for path in PATHS:
        times = [*_times(path, port, seconds / len(PATHS))]
        found[path] = Waited(statistics.median(times), max(times))
        line = f"  {name:18} {path:15} p50 {found[path].median * 1000:7.2f} ms"
        print(f"{line}  slowest {max(times) * 1000:8.2f} ms  of {len(times)}", flush=True)
    return found


def _times(path: str, port: int, seconds: float) -> Iterator[float]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.monotonic()
        yield time.monotonic() - started if _answers(path, port) else float("inf")
        time.sleep(0.02)


def _answers(path: str, port: int) -> bool:
    with closing(HTTPConnection(HOST, port, timeout=30)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return False
        return answer.status == 200


@contextmanager
def served(folder: Path, *, devices: int = DEVICES) -> Iterator[int]:
    from benchmarks.status_endpoint import set_up  # noqa: PLC0415 - it sets the environment

    set_up(folder)
    from django.utils import timezone  # noqa: PLC0415 - only now are there settings

    from benchmarks.fleet_rows import make_fleet  # noqa: PLC0415

    make_fleet(devices, now=timezone.now())
    port = free_port()
    (folder / "run").mkdir(exist_ok=True)
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(_command(port), stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "web.log")
        yield port
    finally:
        server.terminate()
        server.wait()


def _command(port: int) -> tuple[str, ...]:
    """As the supervisor has it."""
    environment = replace(env.read_alone(), port=port)
    return web(
        Stack(environment=environment, python=sys.executable, redis_server=None, lab=None)
    ).command


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while not _answers("/healthz", port):
        if server.poll() is not None or time.monotonic() > until:
            sys.exit(f"the web server does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
