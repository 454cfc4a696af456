"""The test of a connection: real doors, open and shut, and what is said of each."""

import pytest

from backups.models import Run, RunKind
from backups.services import runs
from backups.services.runs.offers import doors_of
from tests.backups.wipes.conftest import voice  # noqa: F401  # as a fixture
from tests.servers import free_port


@pytest.fixture
def told(card, database, voice, device):  # noqa: F811
    """What a device answers whose doors are all open, by route."""
    device.address = f"127.0.0.1:{voice.port}"
    device.save()
    return voice.told


@pytest.fixture
def tested(do):
    """Test it; gives the run, and its doors by name."""

    def tested():
        run = do(RunKind.CONNECT)
        return run, {door.name: door for door in doors_of(run)}

    return tested


def test_open_doors_are_said_to_be_open(told, experiment, tested, database):
    run, doors = tested()
    assert (run.state, run.error) == ("succeeded", "")
    assert [door.opens for door in doors.values()] == [True, True, True]
    assert f"holds the database {database.database}" in doors["MariaDB"].said


def shut_http(settings, told):
    told["/id"] = {"error": "busy"}


def shut_ssh(settings, told):
    settings.SSH_PORT = free_port()


def other_key(settings, told):
    settings.SSH_KEY_FILE = settings.SSH_KNOWN_HOSTS.with_name("new") / "key"


def shut_mariadb(settings, told):
    settings.MYSQL_PORT = free_port()


def wrong_password(settings, told):
    settings.MYSQL_PASSWORD = "wrong"


@pytest.mark.parametrize(
    ("shut", "name", "said"),
    [
        (shut_http, "HTTP", "busy"),
        (shut_ssh, "ssh", "refused"),
        (other_key, "ssh", "does not take our ssh key"),
        (shut_mariadb, "MariaDB", "no server answers"),
        (wrong_password, "MariaDB", "refused user name or password"),
    ],
)
def test_a_shut_door_is_said_with_its_reason_and_costs_only_itself(
    told, experiment, tested, settings, shut, name, said
):
    shut(settings, told)
    run, doors = tested()
    assert run.state == "failed"
    assert said in doors[name].said
    assert said in run.error
    assert {door.name for door in doors.values() if not door.opens} == {name}
    assert not Run.objects.filter(attempt__gt=1).exists()  # a person asks again


def test_a_mariadb_that_holds_nothing_of_it_need_not_open(told, tested, settings):
    shut_mariadb(settings, told)
    run, doors = tested()
    assert run.state == "succeeded"
    assert not doors["MariaDB"].opens
    assert "nothing lacks" in doors["MariaDB"].said


def test_where_another_device_answers_no_password_is_told(told, tested):
    told["/id"] = {"id": "f" * 32}
    run, doors = tested()
    assert run.state == "failed"
    assert "another device answers" in doors["HTTP"].said
    assert [doors[name].opens for name in ("ssh", "MariaDB")] == [None, None]


def test_a_test_waits_for_no_slot_and_takes_none(device, a_run, ask, now):
    for kind in ("pull_videos", "prove"):
        a_run(kind=kind, state="running", heartbeat_at=now, started_at=now)
    asked, other = ask(RunKind.CONNECT), ask(RunKind.VERIFY)
    assert runs.due_runs(slots=2, now=now) == [asked.pk]
    assert runs.perform(asked.pk, clock=lambda: now, slots=2).state == "failed"
    assert runs.perform(other.pk, clock=lambda: now, slots=2) is None


def test_the_page_of_the_device_says_it_in_words(admin_client, told, device, tested, settings):
    shut_ssh(settings, told)
    tested()
    page = admin_client.get(f"/admin/devices/device/{device.pk}/change/?tab=card")
    text = page.content.decode()
    assert "HTTP opens</strong>: it answers, and says that it is this device" in text
    assert "ssh does not open</strong>" in text


def test_whose_address_nobody_told_is_not_tested(device, do):
    run = do(RunKind.CONNECT)
    assert run.state == "failed"
    assert "address" in run.error
