"""A badge for a wiki: what it says, who may have it, and that grey is never green."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from knox.models import AuthToken
from structlog.stdlib import ProcessorFormatter

from backups.embedding import COLOURS, GREY
from backups.engine.verdict import Verdict
from devices.models import Device
from ethonode import logs
from people.models import TokenScope
from people.tokens import make_token
from tests.backups.cycles import at_work

FLEET = "/badge/fleet.json"
GREEN = COLOURS[Verdict.PROTECTED]


@pytest.fixture(autouse=True)
def cycle(db, now):
    """ethonode has just looked at all that it looks at."""
    at_work(now)


@pytest.fixture
def key_of(db):
    def key_of(scope=TokenScope.BADGE, *, is_superuser=True):
        owner = User.objects.create(username=f"{scope} {is_superuser}", is_superuser=is_superuser)
        ends = timezone.now().date() + timedelta(days=1)
        return make_token(owner, name="wiki", scope=scope, ends=ends)[1]

    return key_of


@pytest.fixture
def ask(client, key_of):
    key = key_of()

    def ask(url, **headers):
        return client.get(url, {"token": key}, headers=headers, REMOTE_ADDR="192.0.2.7")

    return ask


def test_a_device_is_said_in_words_with_the_age_of_the_evidence(ask, device, take, now):
    take(device, "sqlite", disk_read_at=now - timedelta(minutes=3))
    told = ask(f"/badge/{device.device_id}.json").json()
    assert told == {
        "schemaVersion": 1,
        "label": "ETHOSCOPE_019",
        "message": "protected, seen 3 minutes ago",
        "color": GREEN,
        "cacheSeconds": 60,
    }


def test_the_picture_says_the_same_and_needs_nothing_from_elsewhere(ask, device, take):
    device.name = "<b>&"
    device.save()
    take(device, "sqlite")
    answer = ask(f"/badge/{device.device_id}.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b'aria-label="&lt;b&gt;&amp;: protected, seen' in answer.content
    assert b"<b>" not in answer.content
    assert b"href" not in answer.content


def test_the_fleet_is_as_bad_as_its_worst(ask, device, take, now):
    other = Device.objects.create(
        device_id="0" * 32, name="ETHOSCOPE_000", first_seen_at=now, told_at=now
    )
    take(device, "sqlite", disk_error="it is away")
    take(other, "sqlite")
    told = ask(FLEET).json()
    assert (told["message"].split(", seen")[0], told["color"]) == ("1 of 2 safe, 1 not known", GREY)


def test_what_nobody_looked_at_is_grey(ask, device):
    for url in (FLEET, f"/badge/{device.device_id}.json"):
        told = ask(url).json()
        assert (told["message"], told["color"]) == ("not known: never looked at", GREY)


def test_no_device_is_no_green(ask):
    assert ask(FLEET).json()["color"] == GREY


def test_nothing_is_green_while_ethonode_has_stopped(ask, device, take, now):
    take(device, "sqlite")
    assert ask(FLEET).json()["color"] == GREEN
    PeriodicTask.objects.update(last_run_at=now - timedelta(days=1))
    for url in (FLEET, f"/badge/{device.device_id}.json"):
        told = ask(url).json()
        assert told["color"] == GREY
        assert told["message"].startswith("not known: ethonode has stopped, seen")


def test_only_what_is_protected_is_green():
    assert [one for one in Verdict if COLOURS[one] == GREEN] == [Verdict.PROTECTED]
    assert set(COLOURS) == set(Verdict)


def test_the_same_is_not_sent_again(ask, device, take):
    take(device, "sqlite")
    first = ask(FLEET)
    assert first["Cache-Control"] == "private, max-age=60"
    assert ask(FLEET, if_none_match=first["ETag"]).status_code == 304


def test_it_ends_with_its_token(ask, device):
    AuthToken.objects.all().delete()
    answer = ask("/badge/fleet.svg")
    assert answer.status_code == 403
    assert b"has ended" in answer.content


@pytest.mark.parametrize("scope", [TokenScope.READ, TokenScope.ADMIN])
def test_another_token_is_no_use_in_an_address(client, key_of, scope):
    assert client.get(FLEET, {"token": key_of(scope)}).status_code == 403


@pytest.mark.parametrize("path", ["devices/", "schema/", "docs/", "runs/"])
def test_a_badges_token_is_good_for_nothing_else(client, key_of, path):
    answer = client.get(f"/api/v1/{path}", headers={"Authorization": f"Token {key_of()}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["", "x", "é", "\0", "a" * 5000])
def test_what_is_no_token(client, db, token):
    assert client.get(FLEET, {"token": token}).status_code in {400, 403}


def test_its_owner_has_to_see_devices(client, key_of):
    assert client.get(FLEET, {"token": key_of(is_superuser=False)}).status_code == 403


def test_who_asks_for_a_device_that_is_none_is_told(ask):
    assert ask("/badge/nobody.json").status_code == 404


def test_no_log_line_has_the_token(client, key_of, caplog):
    key = key_of(TokenScope.OPERATE)
    client.get(FLEET, {"token": key})
    config = logs.CONFIG["formatters"]["json"]
    line = ProcessorFormatter(**{name: what for name, what in config.items() if name != "()"})
    said = [line.format(record) for record in caplog.records]
    assert any("/badge/fleet.json" in one for one in said)
    assert not any(key in one for one in said)
