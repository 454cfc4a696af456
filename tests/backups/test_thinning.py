from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backups.models import Backup, BackupSnapshot, VideoScan
from backups.services.steps import FEWEST, MOST, SECONDS, rows_of_next
from backups.services.thinning import thin_snapshots
from benchmarks.measures import counted_steps


@pytest.fixture
def backup(device):
    return Backup.objects.create(device=device, backup_type="sqlite")


@pytest.fixture
def taken(backup, now):
    def take(*ages):
        for age in ages:
            BackupSnapshot.objects.create(backup=backup, taken_at=now - age)

    return take


def every(minutes, *, start, count):
    return [start + timedelta(minutes=minutes * i) for i in range(count)]


def test_all_snapshots_of_two_days_stay(taken, now):
    taken(*every(5, start=timedelta(0), count=12))
    assert thin_snapshots(now=now) == 0


def test_older_ones_stay_hourly(taken, now):
    taken(*every(10, start=timedelta(days=3), count=18))  # three hours and the edge of a fourth
    thin_snapshots(now=now)
    hours = [s.taken_at.hour for s in BackupSnapshot.objects.all()]
    assert len(hours) == len(set(hours)) == 4


def test_after_thirty_days_they_stay_daily(taken, now):
    taken(*every(60, start=timedelta(days=40), count=48))
    thin_snapshots(now=now)
    days = [s.taken_at.date() for s in BackupSnapshot.objects.all()]
    assert len(days) == len(set(days)) == 3


def test_the_newest_of_each_hour_is_the_one_that_stays(taken, now):
    taken(timedelta(days=3, minutes=50), timedelta(days=3, minutes=10))
    thin_snapshots(now=now)
    assert BackupSnapshot.objects.get().taken_at == now - timedelta(days=3, minutes=10)


def test_the_latest_of_a_backup_is_never_thinned(taken, backup, now):
    taken(timedelta(days=50, minutes=50), timedelta(days=50, minutes=10))
    backup.latest = BackupSnapshot.objects.earliest()
    backup.save()
    thin_snapshots(now=now)
    assert BackupSnapshot.objects.count() == 2


def test_thinning_again_thins_nothing(taken, now):
    taken(*every(10, start=timedelta(days=3), count=18))
    thin_snapshots(now=now)
    assert thin_snapshots(now=now) == 0


def test_backups_are_thinned_apart(taken, device, now):
    taken(timedelta(days=3))
    other = Backup.objects.create(device=device, backup_type="video")
    BackupSnapshot.objects.create(backup=other, taken_at=now - timedelta(days=3))
    assert thin_snapshots(now=now) == 0


def test_the_scan_of_a_snapshot_goes_with_it(taken, backup, now):
    taken(timedelta(days=3, minutes=50), timedelta(days=3, minutes=10))
    for snapshot in BackupSnapshot.objects.all():
        VideoScan.objects.create(
            snapshot=snapshot, seconds=1, folder_count=1, listed_folder_count=1, cached_count=1,
            fresh_count=1,
        )  # fmt: skip
    assert thin_snapshots(now=now) == 1
    assert VideoScan.objects.get().snapshot == BackupSnapshot.objects.get()


def test_what_comes_of_age_later_is_thinned_then(taken, now):
    taken(*every(10, start=timedelta(days=1), count=18))
    assert thin_snapshots(now=now) == 0
    later = now + timedelta(days=2)
    assert thin_snapshots(now=later) == 18 - 4
    assert thin_snapshots(now=later + timedelta(days=30)) == 4 - 1


def test_after_a_clock_that_was_far_ahead_thinning_goes_on(taken, now):
    thin_snapshots(now=now + timedelta(days=400))
    taken(*every(10, start=timedelta(days=3), count=18))
    assert thin_snapshots(now=now) == 14


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts its steps")
def test_what_is_thinned_already_costs_nothing_again(taken, now):
    def steps():
        with counted_steps() as counted:
            thin_snapshots(now=now)
        return counted.hundreds

    taken(*every(24 * 60, start=timedelta(days=31), count=10))
    thin_snapshots(now=now)
    few = steps()
    taken(*every(24 * 60, start=timedelta(days=41), count=2000))
    assert steps() <= few + 5


def test_many_are_deleted_in_many_short_statements(backup, now):
    ages = (timedelta(days=3, seconds=2 * n) for n in range(20_000))
    BackupSnapshot.objects.bulk_create(
        [BackupSnapshot(backup=backup, taken_at=now - age) for age in ages], 5000
    )
    with connection.cursor() as cursor:  # PostgreSQL takes what nobody counted for an empty table
        cursor.execute("ANALYZE backups_backupsnapshot")
    with CaptureQueriesContext(connection) as queries:
        assert thin_snapshots(now=now) == 20_000 - 13
    asked = [query["sql"] for query in queries]
    deleted = [sql for sql in asked if sql.startswith('DELETE FROM "backups_backupsnapshot"')]
    assert len(deleted) >= 20_000 / MOST
    assert all(sql.count(",") < MOST for sql in deleted)


@pytest.mark.parametrize(
    ("rows", "took", "next_rows"),
    [
        (1000, SECONDS, 1000),
        (1000, 3 * SECONDS, 333),
        (1000, 0.0, 2000),
        (MOST, 0.0, MOST),
        (FEWEST, 60.0, FEWEST),
    ],
)
def test_a_step_that_took_long_is_followed_by_a_shorter_one(rows, took, next_rows):
    assert rows_of_next(rows, took=took) == next_rows


def test_however_many_backups_there_are_thinning_asks_as_often(taken, device, now):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            thin_snapshots(now=now)
        return len(queries)

    taken(timedelta(days=3))
    thin_snapshots(now=now)
    few = asked()
    for kind in ("mysql", "video"):
        other = Backup.objects.create(device=device, backup_type=kind)
        BackupSnapshot.objects.create(backup=other, taken_at=now - timedelta(days=3))
    assert asked() == few
