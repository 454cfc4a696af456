"""Several nodes on real servers: each for its own devices, and one id at two of them."""

from datetime import timedelta
from threading import Event
from time import monotonic

import pytest

from devices.models import Device, NodeStatus
from devices.services import refresh_devices
from tests.nodes import a_node
from tests.recorded import REAL

from .conftest import ID_11, ID_12, ID_13, entry, http

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOW = REAL.told_at("node/t1_devices_after_success")
X, Y = "192.168.60.12", "192.168.70.12"


class TwoNodes:
    def __init__(self, a, b, settings):
        self.a, self.b, self.settings = a, b, settings
        self.now = NOW

    def tell(self, *, a=(), b=(), **later):
        """What each tells now, of devices and their changes; and refresh."""
        self.now += timedelta(**later)
        for server, told in ((self.a, a), (self.b, b)):
            server.routes["/devices"] = http(self.entries(told))
        return self.refresh()

    def entries(self, told):
        clock = {"current_timestamp": self.now.timestamp() - 1}
        return {key: entry(key, **(clock | changes)) for key, changes in dict(told).items()}

    def refresh(self):
        return refresh_devices(now=self.now)

    def silence(self, server):
        server.routes["/devices"] = b""


@pytest.fixture
def nodes(serve, settings):
    two = TwoNodes(serve(), serve(), settings)
    settings.NODES = [a_node(two.a.url, "a"), a_node(two.b.url, "b")]
    settings.DEVICE_ADDRESSES = []
    settings.NODE_TIMEOUT = timedelta(seconds=5)
    settings.DEVICE_TIMEOUT = timedelta(milliseconds=1)  # no device answers for itself
    return two


def places():
    devices = Device.objects.order_by("device_id")
    return {one.device_id: (one.node, one.address, one.told_twice) for one in devices}


def stored():
    """All that is stored, without keys."""
    devices = Device.objects.order_by("device_id").values()
    asked = NodeStatus.objects.order_by("name").values()
    return [{k: v for k, v in row.items() if k != "id"} for row in [*devices, *asked]]


def test_each_tells_of_its_own(nodes):
    report = nodes.tell(a={ID_11: {}}, b={ID_12: {"ip": Y}})
    assert (report.devices, report.source, report.error) == (2, "node", "")
    assert places() == {ID_11: ("a", X, ""), ID_12: ("b", Y, "")}
    told = NodeStatus.objects.values_list("name", "device_count", "error", "source")
    assert list(told) == [("a", 1, "", "node"), ("b", 1, "", "node")]


@pytest.mark.parametrize("failure", [b"", http(b"<html>"), http({"error": "KeyError"}), "hangs"])
def test_one_that_does_not_answer_costs_only_its_own_devices(nodes, failure):
    nodes.tell(a={ID_11: {}}, b={ID_12: {"ip": ""}, ID_13: {"ip": Y}})
    nodes.settings.NODE_TIMEOUT = timedelta(seconds=1)
    before = {one.device_id: one for one in Device.objects.all()}
    nodes.now += MINUTE
    nodes.a.routes["/devices"] = http(nodes.entries({ID_11: {}}))
    nodes.b.routes["/devices"] = nodes.b.hang if failure == "hangs" else failure
    report = nodes.refresh()
    assert report.error.startswith("b: ")
    after = {one.device_id: one for one in Device.objects.all()}
    assert (after[ID_11].told_at, after[ID_11].inventory_error) == (nodes.now, "")
    for one in (ID_12, ID_13):
        assert after[one].inventory_error.startswith("its node b gave no answer (")
        assert after[one].inventory_read_at == before[one].inventory_read_at
        assert after[one].reported_status == before[one].reported_status
    a, b = NodeStatus.objects.all()
    assert (a.error, b.error == "", b.answered_at) == ("", False, NOW)


def test_devices_of_a_silent_node_answer_for_themselves(nodes, ethoscope):
    server = ethoscope()  # sets a patience of 5 s
    nodes.tell(a={ID_11: {}}, b={ID_12: {"ip": server.address}})
    nodes.now += MINUTE
    nodes.silence(nodes.b)
    nodes.refresh()
    one = Device.objects.get(device_id=ID_12)
    assert (one.told_by, one.node, one.inventory_read_at) == ("device", "b", nodes.now)
    assert one.inventory_error == ""
    assert "/id" in server.asked
    status = NodeStatus.objects.get(name="b")
    assert (status.source, status.device_count, bool(status.error)) == ("device", 1, True)


def test_they_are_asked_at_once_and_together_end_in_time(nodes):
    nodes.settings.NODE_TIMEOUT = timedelta(seconds=1)
    nodes.a.routes["/devices"] = nodes.a.hang
    nodes.b.routes["/devices"] = nodes.b.hang
    nodes.settings.NODES = [
        *nodes.settings.NODES,
        *(a_node(f"{nodes.a.url}/{n}", f"c{n}") for n in range(5)),
    ]
    for n in range(5):
        nodes.a.routes[f"/{n}/devices"] = nodes.a.hang
    began = monotonic()
    report = nodes.refresh()
    assert (report.source, monotonic() - began < 5) == ("", True)


@pytest.mark.parametrize("first", ["a", "b"])
@pytest.mark.parametrize("cloned", [False, True])
def test_whoever_answers_first_the_same_is_stored(nodes, first, cloned):
    """Each waits until the other was heard; the first round founds, the second goes on."""
    changes = {"name": "OTHER"} if cloned else {}
    servers = {"a": nodes.a, "b": nodes.b}
    last = "ab".replace(first, "")
    for _ in range(2):
        bodies = {
            "a": http(nodes.entries({ID_12: {"ip": X}})),
            "b": http(nodes.entries({ID_12: {"ip": Y} | changes})),
        }
        heard = Event()

        def at_once(sock, body=bodies[first], heard=heard):
            sock.sendall(body)
            heard.set()

        def later(sock, body=bodies[last], heard=heard):
            heard.wait(5)
            sock.sendall(body)

        servers[first].routes["/devices"] = at_once
        servers[last].routes["/devices"] = later
        nodes.refresh()
        nodes.now += MINUTE
    one = Device.objects.get()
    assert (one.node, one.address, one.told_by) == ("a", X, "node")
    assert [(p.node, p.address, p.since) for p in one.others] == [("b", Y, NOW)]
    assert ("cloned card" in one.inventory_error) is cloned
    problems = NodeStatus.objects.get(name="a").problems
    assert any("cloned card" in problem for problem in problems) is cloned


def test_told_by_both_again_and_again_it_never_moves_and_then_ends(nodes):
    nodes.tell(b={ID_12: {"ip": Y}})
    for _ in range(3):
        nodes.tell(a={ID_12: {"ip": X}}, b={ID_12: {"ip": Y}}, minutes=1)
        words = f"its machine id is at 2 places at once: {Y} (node b), believed, and {X} (node a)"
        assert places() == {ID_12: ("b", Y, words)}
    nodes.tell(b={ID_12: {"ip": Y}}, minutes=1)
    assert places() == {ID_12: ("b", Y, "")}


def test_one_that_moved_moves_quietly(nodes):
    nodes.tell(a={ID_12: {"ip": X}})
    nodes.tell(b={ID_12: {"ip": Y}}, minutes=5)
    assert places() == {ID_12: ("a", X, "")}
    nodes.tell(b={ID_12: {"ip": Y}}, minutes=5)
    assert places() == {ID_12: ("b", Y, "")}
    one = Device.objects.get()
    assert (one.told_at, one.inventory_error, one.untold_at) == (nodes.now, "", None)


def test_a_silent_node_gives_none_of_its_devices_away(nodes):
    nodes.tell(a={ID_12: {"ip": X}})
    nodes.silence(nodes.a)
    for _ in range(3):
        nodes.now += 5 * MINUTE
        nodes.b.routes["/devices"] = http(nodes.entries({ID_12: {"ip": Y}}))
        nodes.refresh()
        assert places() == {ID_12: ("a", X, "")}
        assert "its node a gave no answer" in Device.objects.get().inventory_error


def test_what_is_stored_rests_on_no_clock(nodes):
    for minutes in (0, 5, -(60 * 24 * 400), 60 * 24 * 900, -5):
        nodes.tell(a={ID_12: {"ip": X}}, b={ID_12: {"ip": Y}}, minutes=minutes)
        assert places()[ID_12][:2] == ("a", X)
        assert [place.since for place in Device.objects.get().others] == [NOW]


def test_a_node_that_is_set_no_more_leaves_its_devices_to_who_tells_of_them(nodes):
    nodes.tell(a={ID_11: {}, ID_12: {}}, b={ID_12: {"ip": Y}})
    nodes.settings.NODES = nodes.settings.NODES[1:]
    nodes.tell(b={ID_12: {"ip": Y}}, minutes=1)
    assert places()[ID_12] == ("b", Y, "")
    assert Device.objects.get(device_id=ID_11).told_at == NOW
    assert [status.name for status in NodeStatus.objects.all()] == ["b"]


def test_the_only_node_takes_another_name_and_nothing_else_changes(nodes):
    nodes.settings.NODES = [a_node(nodes.a.url)]
    nodes.tell(a={ID_11: {}})
    nodes.settings.NODES = [a_node(nodes.a.url, "upstairs"), a_node(nodes.b.url, "b")]
    nodes.tell(a={ID_11: {}}, minutes=1)
    assert places() == {ID_11: ("upstairs", X, "")}


def test_two_that_tell_of_a_fleet_cost_no_query_a_device(nodes, django_assert_max_num_queries):
    told = {f"d{n}": {} for n in range(100)}
    nodes.tell(a=told, b=told)
    with django_assert_max_num_queries(60):
        nodes.tell(a=told, b=told, minutes=1)
    assert all(one.told_twice for one in Device.objects.all())
    assert len(stored()) == 102
