"""The beat to whoever watches the watcher, at a real address."""

import sys

import pytest
from django_celery_beat.models import PeriodicTask

from incidents import services
from tests.incidents.sinks import WebSink, running


@pytest.fixture
def web(settings):
    with running(WebSink()) as sink:
        settings.HEARTBEAT_URL = f"http://127.0.0.1:{sink.port}/ping/secret"
        yield sink


def beats(web):
    return [(path.removeprefix("/ping/secret"), body.decode()) for path, body in web.paths]


def test_a_watch_begins_and_ends_well(fleet, web):
    fleet.grow(1)
    fleet.after(minutes=5)
    assert beats(web) == [("/start", ""), ("", "")]


def test_where_ethonode_did_not_look_it_says_why(fleet, web):
    fleet.grow(1)
    PeriodicTask.objects.filter(task="backups.tasks.take_snapshots").update(enabled=False)
    fleet.after(minutes=5)
    (_, _), (end, text) = beats(web)
    assert end == "/fail"
    assert "looks: no periodic task is enabled" in text


def test_a_watch_that_breaks_off_is_a_bad_beat(fleet, web, monkeypatch):
    fleet.grow(1)
    monkeypatch.setattr(sys.modules["incidents.services.watch"], "settle", None)
    with pytest.raises(TypeError):
        fleet.after(minutes=5)
    assert beats(web)[-1] == ("/fail", "the watch broke off: TypeError")


@pytest.mark.parametrize("mood", ["refuse", "redirect", "endless"])
def test_a_beat_that_is_not_taken_costs_the_watch_nothing(fleet, web, mood):
    web.mood = mood
    fleet.grow(1)
    assert fleet.after(minutes=5)
    assert web.asked == 2


def test_nor_does_nobody_there(fleet, settings):
    settings.HEARTBEAT_URL = "http://127.0.0.1:9/x"
    fleet.grow(1)
    assert fleet.after(minutes=5)
    assert services.watch(now=fleet.now)
