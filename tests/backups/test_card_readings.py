"""What a card told at each listing is kept in short: rates, another card, what was not told."""

from datetime import timedelta

import pytest

from backups.engine.card.health import CardHealth, CardPartition, KernelErrors, SdCard
from backups.engine.card.lines import Head
from backups.engine.card.listing import CardContents
from backups.engine.facts import Risk
from backups.models import Backup, BackupSnapshot, CardReading
from backups.services.card_readings import (
    backlog_of,
    card_before,
    newest_looks,
    newest_reading,
    store_reading,
)
from backups.services.thinning import thin_card_readings
from devices.models import Device

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def tell(device, now):
    """A listing so long ago, on a device whose clock is a year ahead."""

    def tell(ago=timedelta(0), *, free=500, serial="0x1", ahead=365 * DAY, health=None):
        at = now - ago
        clock = int((at + ahead).timestamp())
        head = Head(
            version=2, python="3", clock=clock, boot="b", uptime=9, size=1000, free=free,
            read_only=False,
        )  # fmt: skip
        card = SdCard(name="SC", date="01/2024", serial=serial, life_time="", kind="SD")
        told = health(clock) if health else CardHealth(cards=[card])
        listing = CardContents(head=head, health=told, folders={}, databases=(), errors=())
        store_reading(device, listing, at=at)
        return newest_reading(device)

    return tell


def test_what_was_not_told_is_null_and_not_nothing(tell):
    reading = tell(health=lambda clock: CardHealth())
    assert (reading.errors, reading.kernel_errors, reading.too_weak) == (None, None, None)
    assert (reading.serial, reading.base_at) == ("", None)


def test_times_are_ours_and_not_those_of_the_devices_clock(tell, now):
    def ill(clock):
        first = clock - 3600
        partition = CardPartition("mmcblk0p2", 7, first, "f", clock, "f", 0, None)
        other = CardPartition("mmcblk0p1", 2, first - 3600, "f", clock, "f", 0, None)
        well = CardPartition("mmcblk0p3", 0, 5, "f", clock, "f", 0, None)
        log = KernelErrors(by="dmesg", since=5, count=3, first=first, last=clock, said="")
        return CardHealth(partitions=[partition, other, well], kernel=log)

    reading = tell(health=ill)
    assert (reading.errors, reading.kernel_errors) == (9, 3)
    assert abs(reading.errors_since - (now - 2 * HOUR)) < timedelta(seconds=2)
    assert abs(reading.kernel_errors_since - (now - HOUR)) < timedelta(seconds=2)


def test_a_time_that_no_calendar_has_is_not_told(tell):
    log = KernelErrors(by="dmesg", since=5, count=3, first=2**61, last=2**61, said="")
    assert tell(health=lambda clock: CardHealth(kernel=log)).kernel_errors_since is None


def test_the_rate_is_that_of_the_last_week(tell, now):
    tell(9 * DAY, free=990)
    tell(6 * DAY, free=800)
    tell(3 * DAY, free=600)
    reading = tell(free=500)
    assert (reading.base_at, reading.base_free_bytes) == (now - 6 * DAY, 800)
    assert reading.look.bytes_a_day == 50
    assert reading.look.full_at == now + 10 * DAY


def test_of_a_card_that_was_listed_long_ago_the_last_reading_is_the_base(tell, now):
    tell(90 * DAY, free=950)
    assert tell(free=500).look.bytes_a_day == 5


def test_another_card_begins_anew(tell, now):
    old = tell(5 * DAY, free=800)
    new = tell(DAY, free=900, serial="0x2")
    later = tell(free=890, serial="0x2")
    assert (new.base_at, new.since) == (None, now - DAY)
    assert (later.base_at, later.since) == (now - DAY, now - DAY)
    assert card_before(later) == old
    assert card_before(old) is None


def test_the_newest_of_each_device_takes_one_query(tell, device, now, django_assert_num_queries):
    other = Device.objects.create(
        device_id="2" * 32, first_seen_at=now, told_at=now, told_by="node"
    )
    tell(DAY, free=1)
    newest = tell(free=2)
    with django_assert_num_queries(1):
        looks = newest_looks()
    assert looks == {device.pk: newest.look}
    assert other.pk not in looks


@pytest.mark.parametrize(
    ("now_at_risk", "before", "told"),
    [
        (Risk(items=1, bytes=50), {"items": 1, "bytes": 80}, (50, 80)),
        (Risk(), {"items": 1, "bytes": 80}, (0, 80)),
        (Risk(items=1, rows=5, timeless=1), {}, (None, 0)),
        (Risk(items=2, untold=1, bytes=5), {"items": 1, "untold": 1}, (None, None)),
        (Risk(blind=1), {}, (None, 0)),
    ],
)
def test_a_backlog_that_nobody_told_is_none(device, now, now_at_risk, before, told):
    backup = Backup.objects.create(device=device, backup_type="video")
    BackupSnapshot.objects.create(backup=backup, taken_at=now - 2 * DAY, risk={"items": 9})
    BackupSnapshot.objects.create(backup=backup, taken_at=now - DAY, risk=before)
    BackupSnapshot.objects.create(backup=backup, taken_at=now - HOUR, risk={"items": 7})
    rest = backlog_of(device, now_at_risk, now=now)
    assert (rest.bytes, rest.before_bytes, rest.before_at) == (*told, now - DAY)


def test_a_backlog_without_a_day_to_look_back_on_has_no_rate(device, now):
    Backup.objects.create(device=device, backup_type="video")
    assert backlog_of(device, Risk(items=1, bytes=5), now=now).drained_at is None


def test_readings_are_thinned_like_snapshots(tell, now):
    hour = now.replace(minute=0, second=0, microsecond=0)
    for ago in (3 * DAY, DAY):
        for minutes in (10, 20, 30):
            tell(now - hour + ago - timedelta(minutes=minutes))
    assert thin_card_readings(now=now) == 2
    left = [reading.read_at for reading in CardReading.objects.filter(read_at__lt=now - 2 * DAY)]
    assert left == [hour - 3 * DAY + timedelta(minutes=30)]
