"""Each fault of HTTP is met on a bare socket."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from lab.faults.options import FaultError
from lab.faults.wire import OVERSIZED_BYTES
from tests.lab.conftest import everything


@pytest.fixture
def body(lab, connect):
    """What the node sends after its head, as text."""

    def read(url=None):
        received = everything(connect(url or f"{lab.node_url}/devices"))
        return received.split(b"\r\n\r\n", 1)[1].decode()

    return read


def promised(received):
    head, _, sent = received.partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return int(lines["Content-Length"]), len(sent)


def test_hung_accepts_and_never_answers(lab, connect):
    lab.faults.switch_on("hung")
    client = connect(f"{lab.node_url}/devices", timeout=0.3)
    with pytest.raises(TimeoutError):
        client.recv(1)


def test_trickling_sends_a_byte_at_a_time(lab, connect):
    lab.faults.switch_on("trickling", target="rsync")
    client = connect(f"{lab.rsync_service_url}/status")
    assert [client.recv(100), client.recv(100)] == [b"H", b"T"]


def test_cut_closes_in_the_middle_of_the_body(lab, connect):
    lab.faults.switch_on("cut", target="mysql")
    told, sent = promised(everything(connect(f"{lab.mysql_service_url}/status")))
    assert 0 < sent < told


def test_oversized_is_200_megabytes_of_json(lab, connect):
    lab.faults.switch_on("oversized")
    client = connect(f"{lab.node_url}/devices")
    received = 0
    while block := client.recv(1 << 20):
        received += len(block)
    assert received > OVERSIZED_BYTES


def test_refused_and_killed_are_refused_and_come_back(lab, get):
    lab.faults.switch_on("refused", target="rsync")
    lab.kill("mysql")
    for url in (lab.rsync_service_url, lab.mysql_service_url):
        parts = urlsplit(url)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((parts.hostname, parts.port), timeout=5)
    lab.faults.switch_off("refused")
    lab.revive("mysql")
    assert get(f"{lab.rsync_service_url}/status")["devices"]
    assert get(f"{lab.mysql_service_url}/status") == {}


def test_a_daemon_that_was_revived_begins_again(lab, get):
    lab.kill("rsync")
    lab.revive("rsync")
    assert get(f"{lab.rsync_service_url}/") == {"status": "running", "last_backup": ""}
    lab.tick(60)
    blocks = get(f"{lab.rsync_service_url}/status")["devices"].values()
    assert {block["count"] for block in blocks} == {1}


def test_error_200_says_ok_and_means_failure(lab, get):
    lab.faults.switch_on("error-200")
    assert list(get(f"{lab.node_url}/devices")) == ["error"]


def test_http_500_is_a_page(lab, connect):
    lab.faults.switch_on("http-500", target="any")
    assert everything(connect(f"{lab.rsync_service_url}/")).startswith(b"HTTP/1.0 500")


@pytest.mark.parametrize("fault", ["half-written", "non-json"])
def test_a_body_that_is_no_json(lab, body, fault):
    lab.faults.switch_on(fault)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Extra"):
        json.loads(body())


def test_half_written_promises_what_it_sends(lab, connect):
    lab.faults.switch_on("half-written")
    told, sent = promised(everything(connect(f"{lab.node_url}/devices")))
    assert told == sent


def test_nan_goes_out_bare(lab, body):
    lab.faults.switch_on("nan")
    assert '"time": NaN' in body()
    assert '"active": Infinity' in body()


def test_deep_nesting_is_a_hundred_thousand_deep(lab, body):
    lab.faults.switch_on("deep-nesting")
    assert "[" * 100_000 in body()


def test_wrong_types_strike_one_device_if_told_so(lab, get):
    struck, *others = lab.devices
    before = get(f"{lab.node_url}/devices")
    lab.faults.switch_on("wrong-types", device=struck)
    after = get(f"{lab.node_url}/devices")
    assert isinstance(after[struck.device_id]["name"], int)
    for device in others:
        assert after[device.device_id] == before[device.device_id]


def test_evil_ids_are_added_everywhere(lab, get):
    lab.faults.switch_on("evil-ids")
    for told in (
        get(f"{lab.node_url}/devices"),
        get(f"{lab.mysql_service_url}/status"),
        get(f"{lab.rsync_service_url}/status")["devices"],
    ):
        assert {"../../etc/passwd", "..", "nul\0inside"} < told.keys()
        assert {device.device_id for device in lab.devices} < told.keys()


def test_long_names_are_ten_thousand_characters(lab, get):
    lab.faults.switch_on("long-names")
    names = [entry["name"] for entry in get(f"{lab.node_url}/devices").values()]
    assert [len(name) for name in names].count(10_000) == 1


def test_future_times_are_ten_years_ahead(lab, get):
    lab.faults.switch_on("future-times")
    entry = get(f"{lab.node_url}/devices")[lab.devices[0].device_id]
    assert entry["current_timestamp"] > lab.now() + 9 * 365 * 86_400


def test_a_fault_stays_on_its_path_and_can_be_switched_off(lab, get):
    lab.faults.switch_on("error-200", target="rsync", path="/status")
    assert get(f"{lab.rsync_service_url}/")["status"] == "running"
    assert "error" in get(f"{lab.rsync_service_url}/status")
    lab.faults.switch_off("error-200")
    assert "devices" in get(f"{lab.rsync_service_url}/status")


def test_a_fault_of_one_device_leaves_the_others_alone(lab, ask_device):
    first, second = lab.devices[:2]
    lab.faults.switch_on("error-200", target="device", device=first)
    assert "error" in ask_device(first, "/data/{id}")
    assert "error" in ask_device(first, "/id")
    assert ask_device(second, "/id") == {"id": second.device_id}


@pytest.mark.parametrize(
    ("name", "where"), [("no-such", {}), ("hung", {"target": "moon"}), ("cut", {"device": "99"})]
)
def test_an_unknown_fault_or_place_is_an_error(lab, name, where):
    with pytest.raises(FaultError):
        lab.faults.switch_on(name, **where)
