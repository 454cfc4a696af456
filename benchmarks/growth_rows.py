"""All rows of an installation of some years: what thinning and forgetting leave of its history.

By bulk, on SQLite or PostgreSQL. A lab of no years has empty pages, which says nothing of growth:
the youngest that is made here is a week old, and its first device came with a full card.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model
from django_celery_results.models import TaskResult

from backups.models import Backup, BackupSnapshot, CardReading, OtherFile, WipeCertificate
from benchmarks import page_rows
from benchmarks.fleet_rows import make_fleet
from devices.models import Device
from incidents.models import Channel, Delivery, Incident, IncidentAct, VerdictChange

WEEK = timedelta(days=7)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
KEPT_WHOLE, KEPT_HOURLY = timedelta(days=2), timedelta(days=30)  # as backups.services.thinning
RUNS_KEPT = timedelta(days=30)
RUNS_A_DAY = 10  # of a device
FULL_CARD = 60  # experiments, recordings and other files that the first device came with
A_MONTH = timedelta(days=30)  # from one incident of a device to the next
TASKS_A_DAY = 300  # of a device, and of nobody ten times as many
BATCH = 5000
SNAPSHOT_TIMES = ("taken_at", "source_read_at", "disk_read_at", "newest_copy_at")
SNAPSHOT_FACTS = (
    "backup_id", "source_error", "source_count", "growing", "disk_error", "copy_count",
    "size_bytes", "problems", "written_off_count", "proofs", "risk", "findings", "claim",
)  # fmt: skip


def make_installation(count: int, *, years: int, now: datetime) -> list[Device]:
    age = max(years * YEAR, WEEK)
    devices = make_fleet(count, now=now)
    Device.objects.update(first_seen_at=now - age)
    _make_data(devices, age, now=now)
    make_snapshots(snapshot_ages(age))
    _name_the_newest()
    _make_incidents(devices, age, now=now)
    _make_cards(devices, age, now=now)
    _make_task_results(count, now=now)
    _make_history(devices, years, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return devices


def _make_data(devices: Sequence[Device], age: timedelta, *, now: datetime) -> None:
    """An experiment and a recording of each week, and the runs that are kept."""
    first, rest = devices[:1], devices[1:]
    weeks = age // WEEK
    page_rows.make_experiments(first, FULL_CARD + weeks, now=now)
    page_rows.make_experiments(rest, weeks * len(rest), now=now, every=WEEK)
    page_rows.make_recordings(first, FULL_CARD + weeks, now=now)
    page_rows.make_recordings(rest, weeks, now=now, every=WEEK)
    runs = min(age, RUNS_KEPT) // DAY * RUNS_A_DAY * len(devices)
    page_rows.make_runs(devices, runs, now=now, every=DAY / (RUNS_A_DAY * len(devices)))


def snapshot_ages(age: timedelta) -> list[timedelta]:
    """When those were taken that thinning leaves, the oldest first."""
    whole = _steps(timedelta(0), min(age, KEPT_WHOLE), timedelta(minutes=5))
    hourly = _steps(KEPT_WHOLE, min(age, KEPT_HOURLY), timedelta(hours=1))
    daily = _steps(KEPT_HOURLY, age, DAY)
    return sorted({*whole, *hourly, *daily}, reverse=True)


def _steps(start: timedelta, end: timedelta, step: timedelta) -> Iterator[timedelta]:
    at = start + step
    while at <= end:
        yield at
        at += step


def make_snapshots(ages: Iterable[timedelta]) -> None:
    """Copies of each backup's snapshot, so much older; each of videos with its scan."""
    facts = ", ".join(SNAPSHOT_FACTS)
    shifted = ", ".join(f"{_older(name)}" for name in SNAPSHOT_TIMES)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE ages (minutes integer)")
        rows = [(age // timedelta(minutes=1),) for age in ages]
        cursor.executemany("INSERT INTO ages VALUES (%s)", rows)
        cursor.execute(
            "CREATE TEMP TABLE now_taken AS SELECT * FROM backups_backupsnapshot"
            " WHERE id IN (SELECT latest_id FROM backups_backup)"
        )
        cursor.execute(
            f"INSERT INTO backups_backupsnapshot ({facts}, {', '.join(SNAPSHOT_TIMES)})"  # noqa: S608
            f" SELECT {facts}, {shifted} FROM ages CROSS JOIN now_taken"
            " ORDER BY ages.minutes DESC, backup_id"
        )
        cursor.execute("DROP TABLE ages")
        cursor.execute("DROP TABLE now_taken")
        cursor.execute(
            "INSERT INTO backups_videoscan (snapshot_id, seconds, folder_count,"
            " listed_folder_count, cached_count, fresh_count, rechecked_count, errors,"
            " cache_problem) SELECT s.id, 0.02, 40, 1, 9000, 12, 0, '[]', ''"
            " FROM backups_backupsnapshot s JOIN backups_backup b ON b.id = s.backup_id"
            " WHERE b.backup_type = 'video'"
            " AND NOT EXISTS (SELECT 1 FROM backups_videoscan v WHERE v.snapshot_id = s.id)"
        )


def _older(column: str) -> str:
    if connection.vendor == "sqlite":
        return f"datetime({column}, '-' || ages.minutes || ' minutes')"
    return f"{column} - ages.minutes * interval '1 minute'"


def _name_the_newest() -> None:
    """A backup's latest is the one that was written last."""
    newest = BackupSnapshot.objects.order_by("-pk")[: Backup.objects.count()]
    latest = {snapshot.backup_id: snapshot for snapshot in newest}
    backups = list(Backup.objects.all())
    for backup in backups:
        backup.latest = latest[backup.pk]
    Backup.objects.bulk_update(backups, ["latest"], batch_size=500)


def _make_incidents(devices: Sequence[Device], age: timedelta, *, now: datetime) -> None:
    """Of each device one a month, told to two channels; and a change of a verdict each week."""
    channels = [Channel.objects.create(name=name) for name in ("mail", "chat")]
    several = [(device, n) for n in range(max(age // A_MONTH, 1)) for device in devices]
    incidents = Incident.objects.bulk_create(
        [_incident(device, n, now - n * A_MONTH) for device, n in several], BATCH
    )
    IncidentAct.objects.bulk_create(
        [
            IncidentAct(incident=one, at=one.first_seen_at, what=what)
            for one in incidents
            for what in ("opened", "acknowledged", "over")
        ],
        BATCH,
    )
    deliveries = (
        _delivery(one, channel, event)
        for one in incidents
        for channel in channels
        for event in ("opened", "over")
    )
    _insert(Delivery, deliveries)
    _insert(VerdictChange, _changes(devices, age, now))


def _incident(device: Device, number: int, at: datetime) -> Incident:
    living = number == 0 and device.pk % 20 == 3
    return Incident(
        key=f"missing {device.pk}", kind="missing", severity="critical", device=device,
        backup_type="video", sentence="3 recordings are on the card only", first_seen_at=at,
        noticed_at=at, opened_at=at, told_count=2, told_severity="critical", told_at=at,
        state="open" if living else "closed", closed_at=None if living else at + DAY / 4,
        gone_at=None if living else at + DAY / 5, end_told=not living,
    )  # fmt: skip


def _delivery(one: Incident, channel: Channel, event: str) -> Delivery:
    at = one.first_seen_at
    return Delivery(
        channel=channel, key=f"{one.pk}-{event}", incident=one, event=event, severity="critical",
        title=f"Missing: {one.device}", body="3 recordings are on the card only.\n" * 8,
        created_at=at, not_before=at, tried_at=at, first_tried_at=at, sent_at=at, state="sent",
        attempts=1, sent_as=f"{one.pk}-{event}", answer="accepted",
    )  # fmt: skip


def _changes(devices: Sequence[Device], age: timedelta, now: datetime) -> Iterator[VerdictChange]:
    words = ("late", "protected")
    facts = {"taken at": "2026-01-02 03:04:05 UTC", "on the device": 12, "problems": {"missing": 1}}
    for n in reversed(range(age // WEEK)):
        for device in devices:
            yield VerdictChange(
                device=device, backup_type="video", old=words[n % 2], new=words[(n + 1) % 2],
                at=now - n * WEEK - timedelta(minutes=device.pk), rule="the maximum age",
                before=facts, after=facts,
            )  # fmt: skip


def _make_cards(devices: Sequence[Device], age: timedelta, *, now: datetime) -> None:
    """A reading of each night, other files, and two wipes a year."""
    _insert(
        CardReading,
        (
            CardReading(
                device=device, read_at=now - n * DAY, size_bytes=32 * 10**9,
                free_bytes=10**10, since=now - age, serial="0x1234",
            )
            for n in reversed(range(age // DAY))
            for device in devices
        ),
    )  # fmt: skip
    few = 2 + age // YEAR * 6
    rows = [(d, n) for d in devices for n in range(few + FULL_CARD * (d is devices[0]))]
    _insert(OtherFile, (_other_file(device, n, now) for device, n in rows))
    _insert(
        WipeCertificate,
        (
            _certificate(device, n, now)
            for device in devices
            for n in range(age // YEAR * 2 + FULL_CARD * (device is devices[0]))
        ),
    )


def _certificate(device: Device, number: int, now: datetime) -> WipeCertificate:
    at = now - abs(number) * DAY
    return WipeCertificate(
        number=f"{device.pk}-{number}", device=device, device_id_then=device.device_id, made_at=at,
        listed_at=at, item_count=40, size_bytes=10**10, body=b"x" * 3000, body_signature="y" * 200,
        body_digest="z", sums=b"x" * 3000, sums_signature="y" * 200, signed_by="ethonode",
        checked_at=at, withdrawn_at=now, withdrawn_why="used",
    )  # fmt: skip


def _other_file(device: Device, number: int, now: datetime) -> OtherFile:
    name = f"notes/{number:04d}.txt"
    return OtherFile(
        device=device, name=name, path=name.encode(), size_bytes=1000, first_seen_at=now,
        held_bytes=1000, held_at=now, place=name.encode(),
    )  # fmt: skip


def _make_task_results(count: int, *, now: datetime) -> None:
    """Of one day: older ones are forgotten."""
    total = TASKS_A_DAY * (count + 10)
    _insert(
        TaskResult,
        (
            TaskResult(
                task_id=f"{n:036d}", task_name="backups.tasks.take_snapshot",
                status="SUCCESS", result='{"mysql": 1, "sqlite": 2, "video": 3}', worker="w@host",
                content_type="application/json", content_encoding="utf-8",
            )
            for n in range(total)
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:  # auto_now: the ORM would write that each ended now
        ago = f"(({total} - id) * 86400.0 / {total})"
        at = (
            f"datetime('now', '-' || {ago} || ' seconds')"
            if connection.vendor == "sqlite"
            else f"now() - {ago} * interval '1 second'"
        )
        cursor.execute(
            f"UPDATE django_celery_results_taskresult SET date_done = {at}, date_created = {at}"  # noqa: S608
        )


def _make_history(devices: Sequence[Device], years: int, *, now: datetime) -> None:
    """What people changed: ten times a year, of each device."""
    history: Any = Device.history.model
    names = [f.attname for f in history._meta.concrete_fields if not f.attname.startswith("histor")]
    rows = [(device, n) for n in range(1 + 10 * years) for device in devices]
    _insert(
        history,
        (
            history(
                history_date=now - n * YEAR / 10, history_type="~",
                **{name: getattr(device, name) for name in names},
            )
            for device, n in rows
        ),
    )  # fmt: skip


def _insert(model: type[Model], rows: Iterable[Any]) -> None:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        model._default_manager.bulk_create(batch)
