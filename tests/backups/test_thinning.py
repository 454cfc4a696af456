from datetime import timedelta

import pytest

from backups.models import Backup, BackupSnapshot
from backups.services.thinning import thin_snapshots


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
