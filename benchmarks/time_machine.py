"""What a long history costs time machine and timeline: `python -m benchmarks.time_machine`.

Builds a fleet with a million snapshots in a temporary SQLite database, and asks in-process.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.measures import show
from benchmarks.status_endpoint import set_up

GOAL_MS = 150.0
ROUNDS = 15
DEVICES = 200
CHANGES = 100_000
DAYS = 365
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
FIELDS = """taken_at, source_read_at, source_error, source_count, source_changed_at, growing,
 disk_read_at, disk_error, copy_count, size_bytes, newest_copy_at, problems, written_off_count,
 proofs, risk, findings, claim"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", type=int, default=1_000_000)
    parser.add_argument("--short", action="store_const", const=100_000, dest="snapshots")
    count = parser.parse_args().snapshots
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        from django.conf import settings  # noqa: PLC0415
        from django.utils import timezone  # noqa: PLC0415

        settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
        _report(count, now=timezone.now())


def _report(count: int, *, now: datetime) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from backups.models import BackupSnapshot  # noqa: PLC0415
    from benchmarks.fleet_rows import make_fleet  # noqa: PLC0415

    devices = make_fleet(DEVICES, now=now)
    type(devices[0]).objects.update(first_seen_at=now - timedelta(days=2 * DAYS))
    fill_history(count)
    print(f"{BackupSnapshot.objects.count():,} snapshots, {CHANGES:,} changes, {DEVICES} devices")
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("benchmark"))
    page = f"/admin/devices/device/{devices[0].pk}/change/"
    strip = "/admin/incidents/incident/timeline/"
    _ask(client, "fleet page, now", "/admin/")
    for days in (1, 40, 300):
        at = (now - timedelta(days=days)).isoformat()
        _ask(client, f"fleet page, {days} days ago", "/admin/", at=at)
        _ask(client, f"device page, {days} days ago", page, at=at)
        _ask(client, f"API, {days} days ago", "/api/v1/devices/", at=at)
    for days in (1, 7, 30, 365):
        _ask(client, f"timeline of a device, {days} days", strip, days=days, device=devices[0].pk)
        _ask(client, f"timeline of the fleet, {days} days", strip, days=days)


def fill_history(count: int) -> None:
    """Copies of each backup's snapshot, spread over a year; and as many changes of verdicts."""
    from django.db import connection  # noqa: PLC0415

    each = count // (3 * DEVICES)
    step = DAYS * 24 * 60 // each  # minutes
    shifted = FIELDS.replace("taken_at,", f"datetime(taken_at, '-' || (n * {step}) || ' minutes'),")
    for name in ("source_read_at", "disk_read_at", "newest_copy_at"):
        shifted = shifted.replace(
            f" {name},", f" datetime({name}, '-' || (n * {step}) || ' minutes'),"
        )
    numbers = (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO backups_backupsnapshot (backup_id, {FIELDS}) {numbers} "  # noqa: S608
            f"SELECT backup_id, {shifted} FROM backups_backupsnapshot, numbers",
            [each],
        )
        cursor.execute(
            "INSERT INTO incidents_verdictchange"  # noqa: S608  no words of others
            f" (device_id, backup_type, old, new, at, rule, before, after) {numbers} "
            "SELECT device_id, backup_type, 'late', CASE n % 2 WHEN 0 THEN 'late' ELSE 'protected'"
            " END, datetime('now', '-' || (n * 3000 + device_id) || ' minutes'), 'x', '{}', '{}'"
            " FROM backups_backup, numbers",
            [CHANGES // (3 * DEVICES)],
        )
        cursor.execute("ANALYZE")


def _ask(client: Any, name: str, url: str, **query: Any) -> None:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, query)
    asked = len(queries)
    assert answer.status_code == 200, answer.status_code  # noqa: S101
    times = [_timed(lambda: client.get(url, query)) for _ in range(ROUNDS)]
    size = f"{asked} queries, {len(answer.content) // 1024} kB"
    label = f"{name}: {size}, fastest {min(times):.0f}; p50 ms"
    show(label, statistics.median(times), "<= 150", GOAL_MS)


def _timed(work: Callable[[], object]) -> float:
    """Of the processor: waiting for whatever else this machine does is none."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    main()
