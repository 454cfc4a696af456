"""Deliveries to real servers: each once, whatever dies, hangs or is away in between."""

from datetime import time, timedelta

import pytest

from incidents.models import Channel, Delivery
from incidents.models.channels import ChannelSort
from incidents.services import channels_due, send_due
from incidents.services.secrets import Unreadable, opened, seal, sealed_anew
from tests.incidents.sinks import WebSink, running


@pytest.fixture
def web():
    with running(WebSink()) as sink:
        yield sink


@pytest.fixture
def program(db, web, settings):
    """A channel to a program on this machine."""
    settings.ALERT_NETWORKS = ["127.0.0.0/8"]
    channel = Channel(name="program", sort=ChannelSort.WEBHOOK, least_severity="notice")
    channel.hourly_limit = 1000
    seal(channel, web.address, signing_key="key")
    channel.save()
    return channel


def events(web):
    return [(one["messages"][0]["event"], len(one["messages"])) for one in web.once()]


def deliver(fleet):
    for channel in channels_due(now=fleet.now):
        send_due(channel, clock=lambda: fleet.now)


def test_each_once_and_its_end_once(fleet, web, program):
    one, *_ = fleet.grow(3)
    fleet.damage(one)
    for _ in range(10):
        fleet.after(minutes=5)
        deliver(fleet)
    fleet.mend(one)
    for _ in range(10):
        fleet.after(minutes=5)
        deliver(fleet)
    assert events(web) == [("opened", 1), ("over", 1)]
    assert len(web.got) == 2
    assert not channels_due(now=fleet.now + timedelta(days=1))


@pytest.mark.by_turns
def test_a_channel_that_is_down_for_a_night(fleet, web, program):
    """Its problems come in the morning in their order, and none of them twice."""
    one, two, *_ = fleet.grow(4)
    web.mood = "refuse"
    fleet.damage(one)
    for number in range(12 * 9):
        if number == 20:
            fleet.damage(two)
        if number == 40:
            fleet.mend(one)
        fleet.after(minutes=5)
        deliver(fleet)
    assert web.got == []
    assert web.asked < 25  # it backs off
    web.mood = "good"
    for _ in range(20):
        fleet.after(minutes=5)
        deliver(fleet)
    told = [m["event"] for message in web.once() for m in message["messages"]]
    assert told == ["opened", "opened", "over"]
    assert len(web.got) == len(web.once())


@pytest.mark.by_turns
def test_after_a_day_it_is_given_up_and_said_on_the_others(fleet, web, program, channel, told):
    one, *_ = fleet.grow(1)
    web.mood = "refuse"
    fleet.damage(one)
    for _ in range(30):
        fleet.after(hours=1)
        send_due(program.pk, clock=lambda: fleet.now)
    assert Delivery.objects.filter(channel=program, event="opened").get().state == "given_up"
    assert ("opened", "channel") in told()
    assert not Delivery.objects.filter(channel=program, facts__cause="channel").exists()
    web.mood = "good"
    fleet.after(hours=1)
    deliver(fleet)
    fleet.after(minutes=5)
    assert ("over", "channel") in told()


def test_a_flood_is_summed_up(fleet, web, program):
    for device in fleet.grow(50):
        fleet.damage(device)
    fleet.after(minutes=5)
    deliver(fleet)
    assert len(web.got) == 1
    assert len(web.messages[0]["messages"]) == 50
    assert "and 30 more" in web.messages[0]["body"]


@pytest.mark.by_turns
def test_above_its_limit_a_channel_gets_summaries(fleet, web, program):
    Channel.objects.update(hourly_limit=3)
    for device in fleet.grow(30):
        fleet.damage(device)
        fleet.after(minutes=2)
        deliver(fleet)
    for _ in range(20):
        fleet.after(minutes=5)
        deliver(fleet)
    assert sum(len(message["messages"]) for message in web.once()) == 30
    assert len(web.got) <= 3 + 8


def test_quiet_hours_hold_back_all_but_the_critical(fleet, web, program):
    Channel.objects.update(quiet_from=time(20, 0), quiet_to=time(7, 0))
    one, two = fleet.grow(2)
    fleet.now = fleet.now.replace(hour=22)
    fleet.behind(one, by=timedelta(hours=7))
    fleet.damage(two)
    fleet.after(minutes=5)
    deliver(fleet)
    assert [m["messages"][0]["cause"] for m in web.messages] == ["corrupt"]
    while fleet.now.hour != 7:
        fleet.after(hours=1)
        deliver(fleet)
    assert [m["messages"][0]["cause"] for m in web.messages] == ["corrupt", "stale"]


def test_what_was_tried_together_stays_together(fleet, web, program):
    """A worker died before the answer was written: what comes later goes in another message."""
    for device in fleet.grow(10):
        fleet.damage(device)
    fleet.after(minutes=5)
    web.mood = "refuse"
    deliver(fleet)
    web.mood = "good"
    more = fleet.grow(1, prefix="LATER")
    fleet.damage(more[0])
    fleet.after(minutes=5)
    deliver(fleet)
    assert [len(m["messages"]) for m in web.messages] == [10, 1]


def test_a_clock_that_is_set_back_holds_nothing_back(fleet, web, program):
    one, *_ = fleet.grow(1)
    fleet.damage(one)
    fleet.after(minutes=5)
    fleet.now -= timedelta(days=30)
    deliver(fleet)
    assert events(web) == [("opened", 1)]


def test_an_address_belongs_to_its_row_and_its_key(db, program, web, settings):
    other = Channel(name="other")
    other.sealed = program.sealed
    with pytest.raises(Unreadable, match="another channel"):
        opened(other)
    assert web.address not in program.sealed
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    assert opened(program) == (web.address, "key")
    program.sealed = sealed_anew(program)
    settings.SECRET_KEY_FALLBACKS = []
    assert opened(program) == (web.address, "key")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable, match="type it anew"):
        opened(program)


def test_a_channel_that_cannot_be_read_is_a_failing_one(fleet, web, program, settings):
    one, *_ = fleet.grow(1)
    fleet.damage(one)
    fleet.after(minutes=5)
    settings.SECRET_KEY = "lost"
    deliver(fleet)
    program.refresh_from_db()
    assert "type it anew" in program.last_answer
    assert program.failing_since == fleet.now


@pytest.mark.parametrize(
    "name",
    ["<!channel> <b>x</b>", "@everyone", "**bold** [x](http://evil.example)", "a\r\nBcc: b", "{0}"],
)
def test_the_name_of_a_device_is_no_markup(fleet, told, channel, name):
    one, *_ = fleet.grow(1)
    type(one).objects.filter(pk=one.pk).update(name=name)
    fleet.damage(one)
    fleet.after(minutes=5)
    title = channel.deliveries.get().title
    assert not set(title.partition("]")[2]) & set("<>@*[]{}&`\r\n")
