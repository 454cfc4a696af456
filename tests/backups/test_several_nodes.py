"""Two nodes, each with its daemons and devices: in facts, pages, API and problems, by name."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone

from backups import dashboard
from backups.api.permissions import _is_own
from backups.models import Claim, DaemonStatus
from backups.services.daemons import check_daemons
from backups.watch_state import watch_state
from devices.models import Device, NodeStatus
from devices.services import refresh_devices
from ethonode.metrics import exposition
from incidents.services.symptoms import all_symptoms
from installation.checks import all_checks
from installation.situation import Situation
from lab.server import Lab
from tests.backups.cycles import cycle, lab_now
from tests.nodes import a_node, node_of

pytestmark = pytest.mark.django_db
URLS = {"mysql": "http://127.0.0.1:1", "rsync": "http://127.0.0.1:1"}
X, Y = "10.0.0.1", "10.0.0.2"


@pytest.fixture
def now():
    """Pages go by the real clock."""
    return timezone.now()


@pytest.fixture
def rows(settings, now):
    """Two nodes that have just answered with all their daemons, and a device of each."""
    settings.NODES = [a_node(f"http://{name}.lab", name, **URLS) for name in "ab"]
    for name in "ab":
        NodeStatus.objects.create(name=name, asked_at=now, answered_at=now, source="node")
        for daemon in ("mysql", "rsync"):
            DaemonStatus.objects.create(node=name, daemon=daemon, checked_at=now, answered_at=now)
    return [
        Device.objects.create(
            device_id=f"{name}" * 32, name=f"OF_{name}", node=name, address=X, first_seen_at=now,
            told_at=now, told_by="node",
        )
        for name in "ab"
    ]  # fmt: skip


def silence_b():
    NodeStatus.objects.filter(name="b").update(error="refused")
    DaemonStatus.objects.filter(node="b", daemon="rsync").update(error="refused")


def tell_twice(device, now, *, node="b", address=Y):
    device.other_places = [[node, address, (now - timedelta(hours=2)).isoformat()]]
    device.save()


@pytest.fixture
def two_nodes(tmp_path, settings):
    with Lab(root=tmp_path / "lab", devices=4, chunks=2, nodes=2, restless=False) as lab:
        settings.NODES = [node_of(place, name) for place, name in zip(lab.nodes, "ab", strict=True)]
        settings.DEVICE_PORT = lab.device_port
        settings.VIDEOS_DIR, settings.RESULTS_DIR = lab.videos_dir, lab.results_dir
        settings.CARDS_DIR = tmp_path / "cards_here"
        settings.VIDEO_CACHE_DIR = tmp_path / "cache"
        yield lab


def test_a_lab_of_two_nodes_is_one_fleet_and_each_device_is_judged_by_its_own(two_nodes):
    lab = two_nodes
    cycle(lab_now(lab))
    node_of_device = dict(Device.objects.values_list("device_id", "node"))
    assert [node_of_device[one.device_id] for one in lab.devices] == ["a", "b", "a", "b"]
    assert set(Claim.objects.values_list("device__node", "node")) == {("a", "a"), ("b", "b")}
    statuses = DaemonStatus.objects.values_list("node", "daemon", "error")
    assert len(statuses) == 4
    assert {error for *_, error in statuses} == {""}
    lab.tick(60)
    for role in ("node", "mysql", "rsync"):
        lab.kill(role, at=1)
    refresh_devices(now=lab_now(lab))
    check_daemons(now=lab_now(lab))
    assert list(DaemonStatus.objects.exclude(error="").values_list("node")) == [("b",)] * 2
    by_node = {one.node: one for one in Device.objects.filter(reported_status="running")}
    assert (by_node["a"].told_by, by_node["b"].told_by) == ("node", "device")
    assert (by_node["a"].told_at, by_node["b"].told_at) == (lab_now(lab),) * 2


def test_a_claim_of_another_nodes_daemon_is_none_of_the_devices(rows, now):
    device = rows[0]
    at_work = [device.device_id]
    DaemonStatus.objects.filter(node="b").update(processing=at_work)
    assert not dashboard.device_status(device, now=now).processing
    Claim.objects.create(device=device, node="b", daemon="rsync", claimed_at=now, state="completed")
    DaemonStatus.objects.filter(node="a", daemon="rsync").update(processing=at_work)
    fleet = dashboard.fleet(now=now)
    assert {key for key, one in fleet.daemons.items() if one.processing} == {
        ("a", "rsync"), ("b", "mysql"), ("b", "rsync"),
    }  # fmt: skip


def test_a_node_that_is_set_no_more_is_forgotten_with_its_daemons(rows, settings, now):
    Claim.objects.create(device=rows[0], node="b", daemon="rsync", claimed_at=now)
    settings.NODES = [a_node("http://a.lab", "a")]
    check_daemons(now=now)
    assert set(DaemonStatus.objects.values_list("node", flat=True)) == {"a"}
    assert not Claim.objects.exists()


def outside(now):
    return {part.name: part.reason for part in watch_state(now=now).outside}


def test_what_is_outside_is_said_by_the_names_of_the_nodes(rows, now):
    silence_b()
    found = outside(now)
    assert {name: found[name] for name in found if name.endswith((" a", " b"))} == {
        "node a": "", "node b": "refused",
        "MySQL mirror service of a": "", "rsync service of a": "",
        "MySQL mirror service of b": "", "rsync service of b": "refused",
    }  # fmt: skip


def test_one_node_has_no_name_whatever_it_is_called(rows, settings, now):
    settings.NODES = settings.NODES[:1]
    assert {"node", "MySQL mirror service", "rsync service"} <= outside(now).keys()
    names = [check.name for check in all_checks()][:4]
    assert names == ["node", "mysql", "rsync", "node_clock"]
    assert str(DaemonStatus.objects.first()) == "MySQL mirror"
    assert b'ethonode_service_available{service="mysql"}' in exposition(now=now)
    assert rows[0].told_twice == ""


def test_metrics_have_the_node_as_a_label(rows, now):
    silence_b()
    text = exposition(now=now).decode()
    assert 'ethonode_service_available{node="a",service="rsync"} 1.0' in text
    assert 'ethonode_service_available{node="b",service="rsync"} 0.0' in text
    assert 'ethonode_node_available{node="b"} 0.0' in text


def test_setup_has_a_line_for_each_node_and_daemon(rows, now):
    checks = {check.name: check for check in all_checks()}
    assert [check.title for check in checks.values()][4:8] == [
        "Node b", "MySQL mirror service of b", "rsync service of b", "Clocks of b",
    ]  # fmt: skip
    silence_b()
    daemons = {(one.node, one.daemon): one for one in DaemonStatus.objects.all()}
    known = Situation(now=now, daemons=daemons)
    assert checks["rsync@a"].ask(known).standing == "ok"
    assert checks["rsync@b"].ask(known).words == "It does not answer: refused"


def test_the_first_page_shows_each_node_and_each_daemon(rows, person):
    silence_b()
    page = person("devices.view_device", "devices.view_nodestatus").get("/admin/").content.decode()
    for name in ("The node a", "The node b", "rsync service of a", "MySQL mirror service of b"):
        assert name in page


def test_the_old_answer_holds_all_devices_and_says_of_a_service_the_worst(rows, client):
    before = client.get("/backup/status").json()
    assert before["devices"].keys() == {"a" * 32, "b" * 32}
    assert before["services"]["rsync_backup"]["available"] is True
    silence_b()
    after = client.get("/backup/status").json()
    assert after.keys() == before.keys()
    assert after["services"]["rsync_backup"]["available"] is False
    assert after["summary"]["mysql_backup_available"] is True


def test_the_api_asks_for_the_node_of_a_daemon(rows, person):
    client = person("backups.view_daemonstatus")
    assert client.get("/api/v1/daemons/rsync@b/").json()["node"] == "b"
    refused = client.get("/api/v1/daemons/rsync/")
    assert refused.status_code == 404
    assert "rsync@a, rsync@b" in str(refused.json())
    for unknown in ("rsync@c", "other@a", "rsync@"):
        assert client.get(f"/api/v1/daemons/{unknown}/").status_code == 404


def test_a_page_of_any_node_may_start_a_backup(rows):
    for origin, is_own in (("http://b.lab", True), ("http://c.lab", False)):
        request = RequestFactory().post("/", headers={"Origin": origin})
        assert _is_own(request) is is_own


def test_a_device_told_twice_is_said_in_the_api_and_by_why(rows, now, person):
    device = rows[0]
    tell_twice(device, now)
    client = person("devices.view_device", "backups.view_backup")
    detail = client.get(f"/api/v1/devices/{device.device_id}/").json()
    assert (detail["node"], len(detail["other_places"])) == ("a", 1)
    assert (detail["other_places"][0]["node"], detail["other_places"][0]["address"]) == ("b", Y)
    listed = client.get("/api/v1/devices/").json()["results"]
    assert {one["device_id"][0]: len(one["other_places"]) for one in listed} == {"a": 1, "b": 0}
    (finding,) = client.get("/api/v1/findings/").json()["results"]
    assert f"{X} (node a), believed, and {Y} (node b)" in finding["finding"]
    assert client.get("/api/v1/findings/?backup_type=video").json()["results"] == []
    said = StringIO()
    call_command("why", device.device_id, stdout=said)
    assert finding["finding"] in said.getvalue()
    assert "node a: available" in said.getvalue()


def test_a_device_told_twice_is_said_on_its_page(rows, now, person):
    tell_twice(rows[0], now)
    client = person("devices.view_device")
    pages = [client.get(f"/admin/devices/device/{one.pk}/change/").content.decode() for one in rows]
    assert ["Told twice:" in page for page in pages] == [True, False]
    assert "told by the node a" in pages[0]


def problems(now):
    found = all_symptoms(dashboard.fleet(now=now), now=now)
    return {
        one.key: one for one in found if one.kind in {"node", "daemon", "two_places", "two_nodes"}
    }


def test_each_silent_node_and_daemon_is_a_problem_of_its_own(rows, now):
    silence_b()
    NodeStatus.objects.filter(name="a").update(error="hangs")
    found = problems(now)
    assert found.keys() == {"node a", "node b", "daemon rsync@b"}
    assert (found["node b"].node, found["node b"].sentence) == ("b", "node b: refused")
    assert found["daemon rsync@b"].node == "b"


def test_two_places_are_a_problem_of_the_device_and_two_nodes_one_of_them(rows, now):
    one, other = rows
    tell_twice(one, now)
    assert problems(now).keys() == {f"two_places {one.pk}"}
    assert problems(now)[f"two_places {one.pk}"].node == "a"
    tell_twice(one, now, address=X)
    tell_twice(other, now, node="a", address=X)
    (found,) = problems(now).values()
    assert (found.key, found.device) == ("two_nodes a b", None)
    assert found.sentence == "the nodes a and b tell of the same 2 devices"
