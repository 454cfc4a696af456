"""How much came, and when our disks are full: told only as far as somebody looked then."""

from datetime import timedelta

import pytest

from backups.engine.facts import BackupFacts, BackupType
from backups.models import Backup, BackupSnapshot, DiskLook
from backups.services.room import gain_by_type, rooms, total_gain

DAY = timedelta(days=1)
GIB = 2**30


@pytest.fixture
def grew(device, now):
    """Snapshots of one backup: days ago -> GiB."""

    def grew(kind, sizes):
        backup = Backup.objects.create(device=device, backup_type=kind)
        for days, gib in sizes.items():
            facts = BackupFacts(backup_type=BackupType(kind), size_bytes=gib * GIB)
            backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now - days * DAY)
            backup.latest.save()
        backup.save()

    return grew


@pytest.fixture
def look(db, now):
    def look(folder, free, total=100, error=""):
        DiskLook.objects.create(
            folder=folder, path=f"/data/{folder}", looked_at=now, error=error,
            free_bytes=free * GIB, total_bytes=total * GIB,
        )  # fmt: skip

    return look


def test_what_came_in_a_day_and_in_a_week(grew, now):
    grew("video", {8: 10, 2: 40, 0: 52})
    growth = total_gain(gain_by_type(now=now))
    assert (growth.day_bytes, growth.week_bytes) == (12 * GIB, 42 * GIB)
    assert growth.bytes_a_day == 6 * GIB


def test_what_was_there_at_the_first_look_is_no_gain(grew, now):
    grew("video", {0.2: 40, 0: 41})
    growth = total_gain(gain_by_type(now=now))
    assert (growth.day_bytes, growth.week_bytes, growth.bytes_a_day) == (None, None, None)


def test_a_disk_is_full_when_its_own_copies_fill_it(grew, look, now):
    grew("video", {8: 0, 0: 70})
    grew("sqlite", {8: 0, 0: 7})
    look("videos", 50)
    look("results", 30, total=40)
    results, videos = rooms(gain_by_type(now=now))
    assert videos.full_at == now + 5 * DAY
    assert results.full_at == now + 30 * DAY
    assert videos.used_percent == 50


def test_both_folders_on_one_disk_fill_it_together(grew, look, now):
    grew("video", {8: 0, 0: 70})
    grew("sqlite", {8: 0, 0: 7})
    look("videos", 55)
    look("results", 55)
    (room,) = rooms(gain_by_type(now=now))
    assert room.folders == ("results", "videos")
    assert room.full_at == now + 5 * DAY


@pytest.mark.parametrize("sizes", [{0: 5}, {8: 5, 0: 5}, {8: 5, 0: 4}], ids=str)
def test_where_nothing_came_no_date_is_told(grew, look, now, sizes):
    grew("video", sizes)
    look("videos", 50)
    (room,) = rooms(gain_by_type(now=now))
    assert room.full_at is None


def test_a_disk_that_could_not_be_looked_at_says_so(look):
    look("videos", 0, total=0, error="not mounted")
    look("results", 50)
    assert [(room.error, room.used_percent) for room in rooms({})] == [
        ("", 50), ("not mounted", None)
    ]  # fmt: skip
