"""Where a device was told to be: only the networks that are allowed are ever connected to."""

import socket
from datetime import timedelta

import pytest

from backups.engine.errors import BackupError
from backups.services.hosts import NoAddress, host_of
from devices.addresses import INNER_NETWORKS, AddressRefused, is_within, places_of
from devices.client import AskFailed, get_json
from devices.services.asking import ask_one

LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "localhost",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0",
    "::",
]
OTHERS = [
    "169.254.169.254",
    "0xa9fea9fe",
    "8.8.8.8",
    "224.0.0.1",
    "255.255.255.255",
    "64:ff9b::7f00:1",
]


@pytest.fixture
def lab_only(settings):
    settings.DEVICE_NETWORKS = list(INNER_NETWORKS)


@pytest.fixture
def never_connected(monkeypatch):
    def connect(*_):
        raise AssertionError("it was connected to")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.usefixtures("lab_only", "never_connected")
@pytest.mark.parametrize("host", [*LOOPBACK, *OTHERS])
class TestNoSpellingLeadsElsewhere:
    def test_by_http(self, host):
        where = f"[{host}]" if ":" in host else host
        with pytest.raises(AskFailed, match="ETHONODE_DEVICE_NETWORKS"):
            get_json(
                f"http://{where}:9000/id",
                type=dict,
                timeout=timedelta(seconds=2),
                max_bytes=100,
                networks=INNER_NETWORKS,
            )

    def test_as_a_device(self, host):
        with pytest.raises(AskFailed):
            ask_one(host, "/id", type=dict)

    def test_by_ssh_or_as_a_database(self, host):
        with pytest.raises(NoAddress, match="ETHONODE_DEVICE_NETWORKS"):
            host_of(host)


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.123.7", "172.31.0.1", "fd00::1", "fe80::1"])
def test_a_lab_s_own_are_allowed(lab_only, host):
    assert host_of(host) == host


def test_a_name_is_looked_up_once_and_its_number_is_used(settings):
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    assert host_of("localhost:9000") == "127.0.0.1"  # and not ::1


def test_of_several_only_the_allowed_are_left():
    found = {place[4][0] for place in places_of("localhost", 80, ["127.0.0.0/8"])}
    assert found == {"127.0.0.1"}


def test_what_a_person_set_goes_anywhere():
    assert places_of("127.0.0.1", 80, None)


def test_a_name_that_leads_nowhere_is_said(lab_only):
    with pytest.raises(BackupError, match="leads nowhere"):
        host_of("no-such-host.invalid")


def test_a_refusal_names_the_number_behind_the_name():
    with pytest.raises(AddressRefused, match=r"0x7f000001 \(127\.0\.0\.1\)"):
        places_of("0x7f000001", 80, INNER_NETWORKS)


@pytest.mark.parametrize("text", ["", "x", "127.0.0.1.", " 127.0.0.1", "127.1", "0x7f000001"])
def test_what_is_no_number_is_in_no_network(text):
    assert not is_within(text, ["0.0.0.0/0", "::/0"])
