"""What the status poll and the list of devices cost: `python -m benchmarks.status_endpoint`.

Builds a fleet in a temporary SQLite database, and asks in-process: no server, no network.
"""

import argparse
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUNDS = 60
GOAL_MS = 5.0
GOAL_UNCHANGED_MS = 1.0
GOAL_QUERIES = 3
GOAL_BYTES = 28 * 1024  # for 50 devices
LOGIN_QUERIES = 2  # whose session, and who that is: before the list of devices begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One request, asked many times."""

    name: str
    milliseconds: float  # the median
    fastest: float
    queries: int
    size_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", default="50,100,200", help="sizes of the fleet")
    parser.add_argument("--short", action="store_const", const="50,100", dest="devices")
    counts = [int(count) for count in parser.parse_args().devices.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        for count in counts:
            _report(count, _measured(count))


def set_up(folder: Path, *, database: str = "") -> None:
    """A Django of our own, whatever the environment says; `database`: where not in a file there."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ethonode.settings",
        "ETHONODE_VAR_DIR": str(folder),
        "ETHONODE_DATABASE_URL": database or f"sqlite:///{folder}/benchmark.sqlite3",
        "ETHONODE_SIMULATED_LAB": "false",
        "ETHONODE_DEBUG": "false",
    }
    logging.disable(logging.INFO)  # the figures are to be read
    warnings.filterwarnings("ignore", "No directory at", UserWarning)
    import django  # noqa: PLC0415 - only now is the environment what it must be

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)


def _measured(count: int) -> list[Figure]:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from benchmarks.fleet_rows import make_fleet  # noqa: PLC0415

    call_command("flush", verbosity=0, interactive=False)
    make_fleet(count, now=timezone.now())
    anyone, person = Client(headers={"host": "localhost"}), Client(headers={"host": "localhost"})
    person.force_login(User.objects.create_superuser("benchmark"))
    address = "/backup/status"
    return [
        _figure(address, lambda: anyone.get(address)),
        _unchanged(anyone, address),
        _figure("/api/v1/devices/", lambda: person.get("/api/v1/devices/?limit=500")),
    ]


def _unchanged(client: Any, address: str) -> Figure:
    """As a browser polls: with the key of the answer before. A key lasts at most ten seconds."""
    key = client.get(address)["ETag"]

    def ask() -> Any:
        nonlocal key
        answer = client.get(address, headers={"if-none-match": key})
        key = answer.headers.get("ETag", key)
        return answer

    return _figure("the same, 304", ask)


def _figure(name: str, ask: Callable[[], Any]) -> Figure:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    ask()
    with CaptureQueriesContext(connection) as captured:
        answer = ask()
    queries = len(captured)
    times = [_seconds(ask) for _ in range(ROUNDS)]
    return Figure(
        name=name,
        milliseconds=statistics.median(times) * 1000,
        fastest=min(times) * 1000,
        queries=queries,
        size_bytes=len(answer.content),
    )


def _seconds(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def _report(count: int, figures: list[Figure]) -> None:
    status, unchanged, devices = figures
    print(f"{count} devices")
    for figure in figures:
        print(
            f"  {figure.name:18} p50 {figure.milliseconds:6.2f} ms"
            f"  fastest {figure.fastest:6.2f} ms"
            f"  {figure.queries} queries  {figure.size_bytes:7,} bytes"
        )
    goals = {
        f"queries <= {GOAL_QUERIES}": status.queries <= GOAL_QUERIES
        and devices.queries <= GOAL_QUERIES + LOGIN_QUERIES,
        f"304 <= {GOAL_UNCHANGED_MS:g} ms": unchanged.milliseconds <= GOAL_UNCHANGED_MS,
    }
    if count <= 100:
        slowest = max(status.milliseconds, devices.milliseconds)
        goals[f"p50 <= {GOAL_MS:g} ms"] = slowest <= GOAL_MS
    if count == 50:
        goals["status <= 28 kB"] = status.size_bytes <= GOAL_BYTES
    print(
        "  goals:",
        ", ".join(f"{goal} {'reached' if ok else 'MISSED'}" for goal, ok in goals.items()),
    )


if __name__ == "__main__":
    main()
