"""The digest: when it is due for whom, and what it says."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from backups.models import DiskLook
from incidents.engine.digest import full_on, last_due
from incidents.models import Subscription

TOKYO = ZoneInfo("Asia/Tokyo")
EARLY = datetime(2020, 1, 1)  # noqa: DTZ001  without one, as hypothesis wants it


@pytest.mark.parametrize(
    ("zone", "weekday", "due"),
    [
        (ZoneInfo("UTC"), None, datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        (TOKYO, None, datetime(2026, 11, 21, 22, 30, tzinfo=UTC)),
        (ZoneInfo("America/New_York"), None, datetime(2026, 11, 21, 12, 30, tzinfo=UTC)),
        (ZoneInfo("UTC"), 0, datetime(2026, 11, 16, 7, 30, tzinfo=UTC)),
        (ZoneInfo("UTC"), 6, datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
    ],
)
def test_it_is_due_by_the_persons_own_clock(now, zone, weekday, due):
    assert last_due(now, at=time(7, 30), weekday=weekday, zone=zone) == due


@given(
    st.datetimes(min_value=EARLY, max_value=EARLY.replace(year=2030)),
    st.times(),
    st.none() | st.integers(min_value=0, max_value=6),
    st.sampled_from(["UTC", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe"]),
)
def test_it_was_due_within_the_last_week(moment, at, weekday, name):
    now = moment.replace(tzinfo=UTC)
    due = last_due(now, at=at, weekday=weekday, zone=ZoneInfo(name))
    assert timedelta(0) <= now - due <= timedelta(days=7 if weekday is not None else 1, hours=2)


def test_a_disk_that_does_not_fill_has_no_date(now):
    assert full_on(100, bytes_a_day=0, now=now) is None
    assert full_on(100, bytes_a_day=-1, now=now) is None
    assert full_on(100, bytes_a_day=10, now=now) == now + timedelta(days=10)


@pytest.fixture
def subscription(channel):
    person = User.objects.create(username="boss")
    return Subscription.objects.create(
        person=person, channel=channel, at=time(7, 30), time_zone="Europe/London"
    )


def digests(channel):
    return list(channel.deliveries.filter(event="digest").order_by("pk"))


def test_a_quiet_week_is_a_line_a_day(fleet, channel, subscription):
    fleet.grow(5)
    DiskLook.objects.update(free_bytes=10**12, total_bytes=2 * 10**12)
    fleet.after(minutes=5)
    for _ in range(7 * 6):
        fleet.after(hours=4)
    told = digests(channel)
    assert len(told) == 7
    assert {d.title for d in told[1:]} == {"All 5 devices are safe"}
    assert all("\n" not in d.body for d in told[1:])
    assert "A quiet time" in told[-1].body
    assert "Europe/London" in told[-1].body


def test_it_says_what_is_at_risk_what_changed_and_what_ended(fleet, channel, subscription):
    one, two, *_ = fleet.grow(5)
    fleet.after(minutes=5)
    fleet.damage(one)
    fleet.behind(two, by=timedelta(hours=9))
    fleet.after(hours=1)
    fleet.mend(one)
    fleet.after(hours=1)
    fleet.grow(1, prefix="NEW")
    for _ in range(12):
        fleet.after(hours=2)
    (told,) = digests(channel)
    assert told.title == "5 of 6 devices are safe, 1 open problem"
    for words in ("ETHOSCOPE_001 sqlite", "2 began, 1 ended", "ETHOSCOPE_000 sqlite", "NEW_005"):
        assert words in told.body
    assert "9 rows" in told.body or "only on a card" in told.body


def test_a_worker_that_was_off_sends_one_and_not_seven(fleet, channel, subscription):
    fleet.grow(2)
    fleet.after(minutes=5)
    fleet.after(days=7)
    assert len(digests(channel)) == 1


def test_a_clock_that_was_set_back_stops_none(fleet, channel, subscription):
    fleet.grow(2)
    fleet.after(minutes=5)
    Subscription.objects.update(last_at=fleet.now + timedelta(days=300))
    fleet.after(hours=1)
    assert len(digests(channel)) == 1
