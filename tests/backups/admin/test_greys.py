"""Why devices cannot be judged: one line a cause, and the way out of it."""

import shlex
from datetime import timedelta

import pytest

from backups.engine.facts import Problem
from backups.engine.pull import ensure_key
from backups.models import Run
from devices.models import Lifecycle
from tests.backups.admin.test_home import CARDS, FLEET, HOME, NODE, ROOM, RUNS, SIGN_IN, WATCH


@pytest.fixture
def unproven(take, now):
    problem = Problem("run.db", now - timedelta(days=3), "only its name speaks for it")
    return lambda device, **facts: take(device, unproven=(problem,), **facts)


@pytest.fixture
def listed(now):
    """A listing of the card that ended so."""

    def listed(device, failure="", *, state="failed", ago=timedelta(0)):
        times = {"queued_at": now - ago, "not_before": now - ago, "ended_at": now - ago}
        words = {"device": device, "kind": "list_card", "trigger": "schedule"}
        error = f"it ended so: {failure}" if state == "failed" else ""
        return Run.objects.create(**words, **times, state=state, failure=failure, error=error)

    return listed


def lines(client):
    page = client.get(HOME).content.decode()
    if '<ul class="greys' not in page:
        return []
    part = page.partition('<ul class="greys')[2].partition("</ul>")[0]
    return [" ".join(line.split()) for line in part.split("<li>")[1:]]


def test_all_of_one_cause_are_one_line_with_one_cure(admin_client, make_devices, unproven, listed):
    for device in make_devices(79):
        unproven(device)
        listed(device, "KeyRefused")
    (line,) = lines(admin_client)
    assert ">79 devices</a> cannot be judged: ethonode may not list their cards" in line
    assert "setup --keys" in line


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("KeyRefused", "do not take its ssh key"),
        ("HostKeyChanged", "another ssh key than before"),
        ("HostUnreachable", "no ssh server answered"),
        ("Hung", "no ssh server answered"),
        ("NoPython", "no python3"),
        ("BadListing", "the listing of their cards failed"),
        ("", "the listing of their cards failed"),
    ],
)
def test_the_cause_is_the_name_of_what_the_listing_met(
    admin_client, device, unproven, listed, failure, said
):
    unproven(device)
    listed(device, failure)
    (line,) = lines(admin_client)
    assert said in line
    assert "What helps:" in line


def test_the_newest_listing_that_ended_counts(admin_client, device, unproven, listed, now):
    unproven(device)
    listed(device, "KeyRefused", ago=timedelta(hours=2))
    listed(device, state="succeeded", ago=timedelta(hours=1))
    Run.objects.create(
        device=device, kind="list_card", trigger="schedule", queued_at=now, not_before=now
    )
    (line,) = lines(admin_client)
    assert "nothing shows that the copy is whole" in line


def test_causes_are_told_apart_and_the_most_frequent_comes_first(
    admin_client, make_devices, unproven, listed, take, now
):
    unlisted, *refusing, unread, fine = make_devices(6)
    unproven(unlisted)
    for device in refusing:
        unproven(device)
        listed(device, "KeyRefused")
    take(unread, disk_error="Input/output error")
    first, *others = lines(admin_client)
    assert "3 devices" in first
    assert sorted("nobody has listed" in line for line in others) == [False, True]
    assert any("the disk could not be read" in line for line in others)
    assert fine.name not in " ".join([first, *others])


def test_no_listing_is_asked_for_where_it_would_not_help(admin_client, device, take, listed):
    take(device, disk_error="Input/output error")
    listed(device, "KeyRefused")
    (line,) = lines(admin_client)
    assert "a readable disk" in line


@pytest.mark.parametrize("lifecycle", [Lifecycle.PARKED, Lifecycle.RETIRED])
def test_a_silent_device_is_nobodys_cause(admin_client, device, unproven, lifecycle):
    unproven(device)
    device.lifecycle = lifecycle
    device.save()
    assert lines(admin_client) == []


@pytest.mark.parametrize("count", [1, 60])
def test_one_query_more_for_all(
    admin_client, make_devices, unproven, django_assert_num_queries, count
):
    for device in make_devices(count):
        unproven(device)
    with django_assert_num_queries(SIGN_IN + FLEET + RUNS + NODE + WATCH + CARDS + ROOM + 1):
        assert len(lines(admin_client)) == 1


@pytest.fixture
def door(device, settings, tmp_path):
    device.address = "10.1.2.3:9000"
    device.save()
    settings.DEVICE_NETWORKS = ["10.0.0.0/8"]
    settings.SSH_KEY_FILE = tmp_path / "our keys" / "key"
    return f"/admin/devices/device/{device.pk}/"


def card_of(client, door):
    return client.get(f"{door}change/?tab=card").content.decode()


def test_a_device_that_refuses_us_says_the_line_to_type(
    admin_client, door, device, listed, settings
):
    listed(device, "KeyRefused")
    page = card_of(admin_client, door)
    public = settings.SSH_KEY_FILE.with_name("key.pub")
    line = f"ssh-copy-id -f -i {shlex.quote(str(public))} ethoscope@10.1.2.3"
    assert line.replace("'", "&#x27;") in page
    assert public.read_text().split()[:2] == ensure_key(settings.SSH_KEY_FILE).split()[:2]
    assert "ETHONODE_SSH_KEY_FILE" in page
    assert "it ended so: KeyRefused" in page


@pytest.mark.parametrize("failure", ["HostUnreachable", "HostKeyChanged", "BadListing"])
def test_no_key_is_offered_where_none_lacks(admin_client, door, device, listed, failure):
    listed(device, failure)
    page = card_of(admin_client, door)
    assert f"it ended so: {failure}" in page
    assert "ssh-copy-id" not in page


def test_a_key_of_ours_that_cannot_be_made_is_said(admin_client, door, settings, tmp_path):
    settings.SSH_KEY_FILE = tmp_path / "file" / "key"
    (tmp_path / "file").write_text("no folder")
    assert "Our key cannot be put on it" in card_of(admin_client, door)
