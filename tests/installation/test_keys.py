"""`manage.py setup`: which devices let us in, and our key put on those that do not."""

import os
import re

import pytest
from django.core.management import call_command

from devices.models import Device
from tests.servers import free_port, password_sshd

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a server accounts"),
]

PASSWORD = "ethoscope of ours"
NAMES = [f"ETHOSCOPE_{number:03}" for number in range(1, 6)]


@pytest.fixture
def door(tmp_path, settings):
    settings.SSH_USER = "ethoscope"
    settings.SSH_KEY_FILE = tmp_path / "ours" / "key"
    settings.SSH_KNOWN_HOSTS = tmp_path / "ours" / "known_hosts"
    with password_sshd(tmp_path / "door", password=PASSWORD) as server:
        settings.SSH_PORT = server.port
        yield server


@pytest.fixture
def fleet(db, now):
    """Five devices: here they are one machine, asked under five names."""

    def device(number):
        words = {"first_seen_at": now, "told_at": now, "told_by": "node"}
        device_id, name = f"{number:032x}", f"ETHOSCOPE_{number:03}"
        return Device.objects.create(device_id=device_id, name=name, address="127.0.0.1", **words)

    return [device(number) for number in range(1, 6)]


@pytest.fixture
def asked(monkeypatch):
    """What the admin is asked, who then types `answer`."""
    prompts = []

    def typed(answer):
        monkeypatch.setattr(
            "installation.management.commands.setup.getpass",
            lambda prompt: prompts.append(prompt) or answer,
        )
        return prompts

    return typed


def knock(*words):
    """The exit code: 0 where all of them let us in."""
    with pytest.raises(SystemExit) as ended:
        call_command("setup", *words)
    return ended.value.code


def tries(folder):
    return (folder / "log").read_text().count("Failed password")


def keys_of(door):
    path = door.home / ".ssh" / "authorized_keys"
    return path.read_text().splitlines() if path.exists() else []


def test_the_key_is_put_on_all_and_the_password_is_asked_once(door, fleet, asked, capfd):
    prompts = asked(PASSWORD)
    assert knock("--keys") == 0
    assert prompts == ["Password of ethoscope on 5 devices: "]
    assert len(keys_of(door)) == 1
    assert capfd.readouterr().out.count("our key is there now") == 2 * len(fleet)
    assert knock(*NAMES) == 0
    assert knock("--keys") == 0  # nobody refuses it: nothing is asked
    assert len(prompts) == 1
    assert capfd.readouterr().out.count("it lets us in") == 2 * len(fleet)


def test_without_keys_nothing_is_asked_or_changed(door, fleet, asked, capfd):
    prompts = asked(PASSWORD)
    assert knock(*NAMES) == 1
    assert not prompts
    assert not keys_of(door)
    said = re.sub(r"\s+", " ", capfd.readouterr().out)
    assert "it does not take our key" in said
    assert "5 of 5 devices do not let us in" in said


def test_a_wrong_password_is_told_to_three_and_no_more(door, fleet, asked, capfd, tmp_path):
    asked("another one")
    assert knock("--keys") == 1
    assert tries(tmp_path / "door") == 3
    assert capfd.readouterr().out.count("not asked: the others had refused the password") >= 2


def test_only_those_that_are_named_are_asked(door, fleet, asked):
    prompts = asked(PASSWORD)
    knock("--keys", fleet[0].name, fleet[1].device_id)
    assert prompts == ["Password of ethoscope on 2 devices: "]


def test_one_that_is_off_costs_itself(door, fleet, asked, settings, capfd):
    asked(PASSWORD)
    Device.objects.filter(pk=fleet[2].pk).update(address="127.0.0.2")
    Device.objects.filter(pk=fleet[3].pk).update(address="no such::host")
    assert knock("--keys") == 1
    assert "2 of 5" in capfd.readouterr().out
    assert len(keys_of(door)) == 1


def test_nobody_is_asked_where_nobody_refuses_a_key(fleet, asked, door, settings):
    prompts = asked(PASSWORD)
    settings.SSH_PORT = free_port()
    assert knock("--keys") == 1
    assert not prompts


def test_the_password_is_nowhere_afterwards(door, fleet, asked, capfd, tmp_path):
    asked(PASSWORD)
    knock("--keys")
    said = capfd.readouterr()
    assert PASSWORD not in said.out + said.err
    left = [path for place in (door.home, tmp_path) for path in place.rglob("*") if path.is_file()]
    assert not [path for path in left if PASSWORD.encode() in path.read_bytes()]
