"""The status poll under load: `python -m benchmarks.status_load`.

The server as `make run` starts it, over a fleet in a temporary database. First nobody else is
there; then as many polls a second come as ten labs make, at their times and not one after the
other; then as many as the server answers.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.slow_clients import HOST, served

PATH = "/backup/status"
DEVICES = 100
LAB = 2.0  # polls a second: ten open pages that ask every five seconds
LABS = 10
CLIENTS = 8
GOAL_MS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=DEVICES)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--short", action="store_const", const=4.0, dest="seconds")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="load") as folder,
        served(Path(folder), devices=options.devices) as port,
    ):
        return _measured(port, options.seconds, options.devices)


def _measured(port: int, seconds: float, devices: int) -> int:
    print(f"{PATH} at {devices} devices; load of the machine before: {os.getloadavg()[0]:.1f}")
    alone = _told("nobody else", *_asked(port, seconds, clients=1, pause=0.05))
    _told(f"{LABS} labs", *_asked(port, seconds, clients=CLIENTS, pause=CLIENTS / (LAB * LABS)))
    _told("all it can", *_asked(port, seconds, clients=CLIENTS, pause=0))
    reached = alone <= GOAL_MS
    print(f"  goal: p50 <= {GOAL_MS:g} ms unloaded {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


def _told(name: str, times: list[float], seconds: float) -> float:
    """Prints; gives the median in milliseconds."""
    at = [1000 * one for one in statistics.quantiles(times, n=100)]
    line = f"  {name:12} {len(times) / seconds:7.1f} req/s  p50 {at[49]:7.2f} ms"
    print(f"{line}  p95 {at[94]:7.2f} ms  p99 {at[98]:7.2f} ms  of {len(times)}", flush=True)
    return at[49]


def _asked(port: int, seconds: float, *, clients: int, pause: float) -> tuple[list[float], float]:
    """Each client asks at its own times, whether or not the answer before was late."""
    times: list[float] = []
    began = time.monotonic()

    def ask(first: float) -> None:
        due = began + first
        while (now := time.monotonic()) < began + seconds:
            if due > now:
                time.sleep(due - now)
            times.append(_poll(port))
            due = due + pause if pause else 0.0

    _all_at_once(ask, [pause * number / clients for number in range(clients)])
    return times, time.monotonic() - began


def _all_at_once(ask: Callable[[float], None], firsts: list[float]) -> None:
    asking = [threading.Thread(target=ask, args=(first,)) for first in firsts]
    for one in asking:
        one.start()
    for one in asking:
        one.join()


def _poll(port: int) -> float:
    """Seconds from the first byte sent to the last byte read, with a connection of its own."""
    began = time.perf_counter()
    with closing(HTTPConnection(HOST, port, timeout=30)) as connection:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        answer.read()
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}")
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
