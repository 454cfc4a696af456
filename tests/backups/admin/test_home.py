import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django_celery_results.models import TaskResult

from backups.engine.facts import Problem
from backups.models import DaemonStatus, Run
from devices.models import Device, DeviceGroup, Lifecycle, NodeStatus
from tests.backups.cycles import at_work
from tests.backups.runs.doors import LOOK
from tests.nodes import a_node

HOME = "/admin/"
SIGN_IN = 2  # the session and the user
FLEET = 3  # the services, the limits, and each backup with its device and newest snapshot
RUNS = 1  # those that are open
NODE = 1
WATCH = 8  # whether ethonode itself is at work, how old it is (some never began), and the bell
CARDS = 1  # the newest reading of each
ROOM = 3  # the services again, what came lately, and our disks


@pytest.fixture
def late(device, take, now):
    problem = Problem("run.db", now - timedelta(hours=3), "the copy ends at noon")
    return take(device, behind=(problem,), newest_copy_at=now - timedelta(hours=3))


@pytest.mark.parametrize("count", [1, 100])
def test_the_first_page_takes_as_many_queries_for_100_devices_as_for_one(
    admin_client, make_devices, django_assert_num_queries, count
):
    make_devices(count)
    with django_assert_num_queries(SIGN_IN + FLEET + RUNS + NODE + WATCH + CARDS + ROOM):
        response = admin_client.get(HOME)
    assert response.content.decode().count('class="tile ') == count


def test_a_device_is_shown_with_its_verdict_and_the_rule(admin_client, late):
    page = admin_client.get(HOME).content.decode()
    assert 'class="verdict verdict-late"' in page
    assert "unsaved data is 2 h old or older" in page


def test_a_card_of_a_verdict_leads_to_the_devices_it_counts(admin_client, late):
    page = admin_client.get(HOME).content.decode()
    link = "/admin/devices/device/?verdict=late&amp;lifecycle__exact=active"
    assert f'<a class="count verdict-late" id="count-late" href="{link}"' in page
    assert "ETHOSCOPE_019" in admin_client.get(link.replace("&amp;", "&")).content.decode()


def test_the_worst_device_comes_first(admin_client, make_devices, late):
    make_devices(2)
    page = admin_client.get(HOME).content.decode()
    assert page.index("ETHOSCOPE_019") < page.index("ETHOSCOPE_000")


def test_a_parked_device_is_shown_apart_and_not_counted(admin_client, late, device):
    Device.objects.update(lifecycle=Lifecycle.PARKED)
    page = admin_client.get(HOME).content.decode()
    assert "0 devices watched, 1 parked" in page
    assert page.index("Parked: off on purpose") < page.index("ETHOSCOPE_019")


def test_a_device_that_nobody_looked_at_is_unknown(admin_client, device):
    page = admin_client.get(HOME).content.decode()
    assert "nobody looked at the disk for this device yet" in page
    assert 'class="tile verdict-unknown"' in page


@pytest.mark.parametrize("which", ["backup", "device"])
def test_what_was_never_read_is_not_left_out_of_the_oldest_look(
    admin_client, device, take, now, which
):
    take(device)
    assert "for some of these devices it was never read" not in home(admin_client)
    if which == "backup":
        take(device, "video", disk_read_at=None)
    else:
        Device.objects.create(device_id="1" * 32, first_seen_at=now, told_at=now, told_by="node")
    assert "for some of these devices it was never read" in home(admin_client)


def home(admin_client):
    return admin_client.get(HOME).content.decode()


def test_a_writing_device_that_falls_behind_is_called_stalled(admin_client, device, take, now):
    problem = Problem("run.db", now - timedelta(hours=3), "the copy ends at noon")
    take(device, behind=(problem,), growing=True)
    assert "stalled</span>" in admin_client.get(HOME).content.decode()


def test_a_name_is_never_markup(admin_client, device, take):
    take(device)
    name = "<script>alert(1)</script>"
    Device.objects.update(name=name, group=DeviceGroup.objects.create(name=name))
    page = admin_client.get(HOME).content.decode()
    assert name not in page
    assert "&lt;script&gt;" in page


def test_a_service_without_an_answer_says_why(admin_client, services):
    page = admin_client.get(HOME).content.decode()
    assert "no answer</span>" in page
    assert "it hangs" in page


def test_an_old_answer_of_a_service_is_not_called_available(admin_client, services, settings):
    settings.STATUS_TTL = timedelta(0)
    page = admin_client.get(HOME).content.decode()
    assert "not asked lately" in page
    assert "available</span>" not in page


PLACES = [HOME, "/admin/devices/nodestatus/1/change/", "/admin/backups/daemonstatus/"]


@pytest.mark.parametrize("off", [-timedelta(minutes=11), timedelta(minutes=1)])
@pytest.mark.parametrize("place", PLACES)
def test_an_answer_that_is_old_or_lies_ahead_is_nowhere_called_available(
    admin_client, now, place, off
):
    at_work(now)
    assert says(admin_client.get(place), "available")
    NodeStatus.objects.update(asked_at=now + off)
    DaemonStatus.objects.update(checked_at=now + off)
    page = admin_client.get(place)
    assert says(page, "not asked lately")
    assert not says(page, "available")


@pytest.mark.parametrize(("off", "busy"), [(0, True), (-11, False), (1, False)])
@pytest.mark.parametrize("place", [HOME, "device"])
def test_an_old_word_of_a_service_puts_nobody_at_work(
    admin_client, device, take, now, place, off, busy
):
    take(device)
    at_work(now + timedelta(minutes=off))
    DaemonStatus.objects.update(processing=[device.device_id])
    place = f"/admin/devices/device/{device.pk}/change/" if place == "device" else place
    page = admin_client.get(place).content.decode()
    assert ("backing up" in page) == busy
    assert ("says that it works on 1 device" in page) == (busy and place == HOME)


def says(page, word):
    return re.search(rf">\s*{word}\s*<", page.content.decode())


def test_a_service_that_was_never_asked_is_not_called_available(admin_client):
    page = admin_client.get(HOME).content.decode()
    assert page.count("not asked yet") == 2


def test_without_devices_the_page_says_what_to_set(admin_client):
    page = admin_client.get(HOME).content.decode()
    assert "ETHONODE_NODE_URL" in page
    assert "ETHONODE_DEVICE_ADDRESSES" in page


@pytest.mark.parametrize(
    ("status", "result"),
    [
        pytest.param("SUCCESS", '{"devices": 0, "error": "the node hangs"}', id="told"),
        pytest.param(
            "FAILURE", '{"exc_type": "X", "exc_message": ["the node hangs"]}', id="raised"
        ),
        pytest.param("FAILURE", "the node hangs", id="not JSON"),
    ],
)
def test_without_devices_the_page_says_why_the_node_gave_none(
    admin_client, settings, status, result
):
    settings.NODES = [a_node("http://node.lab")]
    TaskResult.objects.create(
        task_id="1", task_name="devices.tasks.refresh_devices", status=status, result=result
    )
    page = admin_client.get(HOME).content.decode()
    assert "http://node.lab" in page
    assert "<strong>the node hangs</strong>" in page


def test_who_may_not_see_devices_sees_none_on_the_first_page(person, late):
    page = person().get(HOME).content.decode()
    assert "may not see devices" in page
    assert "ETHOSCOPE_019" not in page


def test_only_who_may_refresh_is_offered_it(person, late):
    page = person("devices.view_device").get(HOME).content.decode()
    assert "ETHOSCOPE_019" in page
    assert "Refresh all now" not in page


def test_runs_at_work_show_how_far_they_are_and_come_before_those_that_wait(
    admin_client, device, late, now
):
    facts = {"device": device, "trigger": "schedule", "queued_at": now, "not_before": now}
    Run.objects.create(kind="verify", state="queued", **facts)
    far = {"rows_done": 1500, "rows_total": 2000, "started_at": now}
    Run.objects.create(kind="mirror", state="running", **facts, **far)
    page = admin_client.get(HOME).content.decode()
    assert "1,500 of about 2,000 rows" in page
    assert page.index(">running<") < page.index(">queued<")


def test_of_a_long_queue_the_first_page_says_how_much_is_left(
    admin_client, make_devices, late, now
):
    times = {"queued_at": now, "not_before": now}
    make_devices(7)
    for one in Device.objects.all():
        Run.objects.create(device=one, kind="verify", trigger="schedule", **times)
    page = admin_client.get(HOME).content.decode()
    assert page.count('class="open-run"') == 4
    assert f"and {Run.objects.count() - 4} more in the queue" in page


def test_who_may_not_see_runs_sees_none_on_the_first_page(person, device, late, now):
    times = {"queued_at": now, "not_before": now}
    Run.objects.create(device=device, kind="mirror", state="running", trigger="person", **times)
    assert "At work" in person(*LOOK).get(HOME).content.decode()
    assert "At work" not in person("devices.view_device").get(HOME).content.decode()


def test_the_fleet_renews_itself_without_the_page_around_it(admin_client, late):
    part = admin_client.get("/admin/devices/device/fleet/").content.decode()
    assert "ETHOSCOPE_019" in part
    assert "<html" not in part


@pytest.mark.parametrize("logged_in", [False, True])
def test_the_renewal_shows_nothing_to_a_stranger_and_reloads_the_page(
    client, person, late, logged_in
):
    someone = person() if logged_in else client
    response = someone.get("/admin/devices/device/fleet/")
    assert (response.status_code, response["HX-Refresh"]) == (403, "true")
    assert response.content == b""


def test_a_login_that_is_not_staff_gets_no_fleet(client, person, late):
    person("devices.view_device")
    user = User.objects.get()
    User.objects.update(is_staff=False)
    client.force_login(user)
    assert client.get("/admin/devices/device/fleet/").status_code == 403
