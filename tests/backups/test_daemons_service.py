"""Both daemons are asked once each, and what they say is kept as a claim."""

import json
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread

import pytest

from backups.models import Claim, DaemonStatus
from backups.services.daemons import check_daemons
from devices.models import Device
from tests.nodes import a_node, change_node

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Daemon:
    """A daemon on a socket of its own; `answer` is a body, or called to give one."""

    def __init__(self):
        self.answer, self.status, self.asked = {}, 200, []
        daemon = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                daemon.asked.append(self.path)
                answer = daemon.answer() if callable(daemon.answer) else daemon.answer
                self.send_response(daemon.status)
                self.end_headers()
                self.wfile.write(
                    answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                )

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # whoever asked has hung up
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def mysql():
    daemon = Daemon()
    yield daemon
    daemon.stop()


@pytest.fixture
def rsync():
    daemon = Daemon()
    daemon.answer = {"devices": {}}
    yield daemon
    daemon.stop()


@pytest.fixture(autouse=True)
def services(settings, mysql, rsync):
    settings.NODES = [a_node(mysql=mysql.url, rsync=rsync.url)]
    settings.SERVICE_TIMEOUT = timedelta(seconds=10)


def job(**others):
    running = {"name": "ETHOSCOPE_019", "started": 1767328101, "ended": 0, "processing": True}
    return running | {"progress": {"status": "info", "message": "Processing a.db"}} | others


def status(service):
    return DaemonStatus.objects.get(daemon=service)


def test_each_daemon_is_asked_once(now, mysql, rsync):
    statuses = check_daemons(now=now)
    assert [s.daemon for s in statuses if s.answered] == ["mysql", "rsync"]
    assert (mysql.asked, rsync.asked) == (["/status"], ["/status"])


def test_they_are_asked_at_the_same_time(now, mysql, rsync):
    both = Barrier(2, timeout=10)

    def answer():
        both.wait()
        return {}

    mysql.answer = rsync.answer = answer
    check_daemons(now=now)
    assert not both.broken


def test_a_claim_about_a_known_device_is_kept(now, device, rsync):
    rsync.answer = {"devices": {device.device_id: job(count=7)}}
    check_daemons(now=now)
    claim = Claim.objects.get()
    assert (claim.device, claim.daemon, claim.claimed_at) == (device, "rsync", now)
    assert (claim.state, claim.message, claim.processing) == ("info", "Processing a.db", True)
    assert (claim.job_count, claim.failed, claim.ended_at) == (7, False, None)
    assert status("rsync").current_device == "ETHOSCOPE_019"


def test_a_claim_about_a_stranger_is_ignored(now, device, mysql):
    mysql.answer = {"007aabbccddeeff00112233445566778": job()}
    check_daemons(now=now)
    assert not Claim.objects.exists()


def test_the_two_daemons_may_claim_differently_of_one_device(now, device, mysql, rsync):
    mysql.answer = {device.device_id: job(processing=False, ended=-1)}
    rsync.answer = {"devices": {device.device_id: job()}}
    check_daemons(now=now)
    assert list(device.claims.values_list("daemon", "failed")) == [
        ("mysql", True),
        ("rsync", False),
    ]


def test_a_newer_claim_takes_the_place_of_the_older(now, device, mysql):
    mysql.answer = {device.device_id: job()}
    check_daemons(now=now)
    mysql.answer = {device.device_id: job(processing=False, ended=1767328109)}
    check_daemons(now=now + MINUTE)
    claim = Claim.objects.get()
    assert (claim.processing, claim.claimed_at) == (False, now + MINUTE)
    assert claim.ended_at is not None


def test_a_device_no_longer_spoken_of_is_not_in_work(now, device, mysql):
    mysql.answer = {device.device_id: job()}
    check_daemons(now=now)
    mysql.answer = {}
    check_daemons(now=now + MINUTE)
    claim = Claim.objects.get()
    assert (claim.processing, claim.state, claim.claimed_at) == (False, "info", now)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": "Backup wrapper not initialized"}, "Backup wrapper not initialized"),
        (b"<html>", "not JSON"),
        (b'{"devices": {', "not JSON"),
        ([], "not the state of a daemon"),
        ({"status": "running", "last_backup": ""}, "no device in it can be read"),
    ],
)
def test_an_answer_that_is_none_leaves_what_is_known(now, device, mysql, answer, error):
    mysql.answer = {device.device_id: job()}
    check_daemons(now=now)
    mysql.answer = answer
    check_daemons(now=now + MINUTE)
    after = status("mysql")
    assert error in after.error
    assert not after.answered
    assert (after.answered_at, after.checked_at) == (now, now + MINUTE)
    assert (after.current_device, after.current_file) == ("", "")
    assert Claim.objects.get().processing


def test_a_daemon_that_answers_again_is_available_again(now, mysql):
    mysql.status = 500
    check_daemons(now=now)
    assert "HTTP 500" in status("mysql").error
    mysql.status = 200
    check_daemons(now=now + MINUTE)
    assert status("mysql").answered
    assert status("mysql").answered_at == now + MINUTE


def test_a_daemon_never_heard_of_was_never_available(now, settings, unused_port):
    change_node(settings, rsync=f"http://127.0.0.1:{unused_port}")
    check_daemons(now=now)
    assert status("rsync").answered_at is None
    assert "refused" in status("rsync").error
    assert status("mysql").answered


def test_a_hung_daemon_costs_only_itself(now, settings, mysql):
    settings.SERVICE_TIMEOUT = timedelta(seconds=0.5)
    end = Event()
    mysql.answer = lambda: end.wait(20) and {}
    try:
        check_daemons(now=now)
    finally:
        end.set()
    assert "no whole answer in 0.5 s" in status("mysql").error
    assert status("rsync").answered


def test_a_daemon_without_an_address_is_said_to_have_none(now, settings):
    change_node(settings, mysql="")
    check_daemons(now=now)
    assert status("mysql").error == "no address is set for it"


def test_one_bad_block_costs_no_other(now, device, rsync):
    rsync.answer = {"devices": {"../x": job(), device.device_id: job(count="many")}}
    check_daemons(now=now)
    assert Claim.objects.get().job_count == 0
    assert status("rsync").answered


def test_the_number_of_queries_does_not_grow_with_the_fleet(
    now, device, rsync, django_assert_num_queries
):
    fleet = [
        Device(device_id=f"d{n}", first_seen_at=now, told_at=now, told_by="node") for n in range(60)
    ]
    Device.objects.bulk_create(fleet)
    rsync.answer = {"devices": {d.device_id: job() for d in fleet}}
    with django_assert_num_queries(8):
        check_daemons(now=now)
    assert Claim.objects.count() == 60


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_service_names_the_devices_it_works_on_until_it_falls_silent(device, mysql, now):
    mysql.answer = {device.device_id: {"name": "x", "processing": True}}
    check_daemons(now=now)
    assert DaemonStatus.objects.get(daemon="mysql").processing == [device.device_id]
    mysql.status = 500
    check_daemons(now=now + MINUTE)
    assert DaemonStatus.objects.get(daemon="mysql").processing == []
