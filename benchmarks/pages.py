"""What each page of the admin costs in a lab of years: `python -m benchmarks.pages`.

Builds 200 devices, 5,000 experiments, 1,000,000 snapshots and 100,000 runs in a temporary SQLite
database, and asks in-process for every page of the menu, and for one of each thing.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.measures import FAILED, must
from benchmarks.status_endpoint import set_up
from benchmarks.time_machine import DEVICES, PLAIN, fill_history

GOAL_MS = 150.0
GOAL_KB = 200
ROUNDS = 9
RECORDINGS = 20  # of each device
SHORT = {"experiments": 1000, "snapshots": 30_000, "runs": 5000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=5000)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--short", action="store_true", help="fewer rows, one round")
    parser.add_argument("--keep", type=Path, help="make the rows in this folder, or use its rows")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    asked = parser.parse_args()
    if asked.short:
        parser.set_defaults(**SHORT)
        asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(asked, asked.keep or Path(folder))
    raise SystemExit(bool(FAILED))


def _measure(asked: argparse.Namespace, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    set_up(folder)
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
    if not User.objects.exists():
        _make(asked, now=timezone.now())
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get())
    for url in addresses():
        if asked.only in url:
            _ask(client, url, rounds=1 if asked.short else ROUNDS)


def _make(asked: argparse.Namespace, *, now: datetime) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from benchmarks import page_rows  # noqa: PLC0415
    from benchmarks.fleet_rows import make_fleet  # noqa: PLC0415

    devices = make_fleet(DEVICES, now=now)
    page_rows.make_experiments(devices, asked.experiments, now=now)
    page_rows.make_recordings(devices, RECORDINGS, now=now)
    page_rows.make_runs(devices, asked.runs, now=now)
    fill_history(asked.snapshots)
    User.objects.create_superuser("benchmark")


def addresses() -> Iterator[str]:
    """Each page of the menu, and of each of its lists the page of one."""
    from django.contrib import admin  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from ethonode.menu import ADVANCED, MENU  # noqa: PLC0415

    pages = {page.view: page.url for entry in (*MENU, *ADVANCED) for page in entry.pages}
    for url in pages.values():
        if url.startswith("/admin/"):
            yield url
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        one = model._default_manager.first() if f"{name}_changelist" in pages else None
        if one is not None:
            yield reverse(f"{name}_change", args=[one.pk])
    yield from _tabs(reverse("admin:devices_device_changelist"))


def _tabs(devices: str) -> Iterator[str]:
    from backups.admin.device_page import TABS  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415

    first = Device.objects.values_list("pk", flat=True)[0]
    for tab in TABS:
        yield f"{devices}{first}/change/?tab={tab}"


def _ask(client: Any, url: str, *, rounds: int) -> None:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client.get(url, follow=True)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, follow=True)
    asked = len(queries)
    p50 = statistics.median(_milliseconds(client, url) for _ in range(rounds))
    size = len(answer.content) // 1024
    good = answer.status_code == 200 and size <= GOAL_KB and p50 <= GOAL_MS
    must(good, f"{url:58} p50 {p50:6.0f} ms {asked:4} queries {size:4} kB")


def _milliseconds(client: Any, url: str) -> float:
    """Processor time: waiting for the machine's other work is none, and nothing else is waited
    for, the database being in this process."""
    started = time.process_time()
    client.get(url, follow=True)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    main()
