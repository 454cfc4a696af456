"""GET /backup/status: the recorded shape, from stored facts, cheaply, for those who may."""

import json
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone
from knox.models import AuthToken

from backups.api import freshness
from backups.engine.facts import BackupType
from backups.models import DaemonStatus, Policy
from benchmarks.fleet_rows import make_fleet
from devices.models import Device
from tests.backups.api.shapes import PROBLEM, shape

pytestmark = pytest.mark.django_db
RECORDED = [
    "t00_backup_status_no_daemons",
    "t1_backup_status_daemons_not_started",
    "t1_backup_status_after_first_cycle",
    "t1_backup_status_after_success",
    "t3_backup_status_before_failed_cycle",
    "t3_backup_status_after_failed_cycle",
    "t4_backup_status_mysql_up_rsync_down",
    "t5_backup_status_processing12",
]
STRANGER = {"REMOTE_ADDR": "192.168.1.77"}


@pytest.fixture
def same_device(take, nothing, now):
    """Make a device with what a recorded answer tells of it."""

    def same_device(device_id, told):
        device = Device.objects.create(
            device_id=device_id, first_seen_at=now, told_at=now, told_by="node"
        )
        for kind, block in told["backup_types"].items():
            take(device, kind, **({} if block["available"] else nothing))

    return same_device


@pytest.fixture
def same_lab(services, same_device):
    """Make the devices and services of a recorded answer."""

    def same_lab(answer):
        for device_id, told in answer["devices"].items():
            same_device(device_id, told)
        for busy in answer["processing_devices"]:
            services[busy["service"]].processing = [next(iter(answer["devices"]))]
        for name, service in services.items():
            service.error = "" if answer["summary"][f"{name}_backup_available"] else "down"
            service.save()

    return same_lab


@pytest.mark.parametrize("name", RECORDED)
def test_the_answer_has_the_shape_of_the_recorded_one(client, recorded, same_lab, name):
    answer = recorded(name)
    same_lab(answer)
    ours = client.get("/backup/status").json()
    order = {device_id: ours["devices"][device_id] for device_id in answer["devices"]}
    assert shape(ours | {"devices": order}) == shape(answer)
    assert ours["summary"] == answer["summary"]


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_status_is_read_as_available_where_a_copy_is(
    client, recorded, same_lab, name
):
    answer = recorded(name)
    same_lab(answer)
    ours = client.get("/backup/status").json()["devices"]
    for device_id, kind in product(answer["devices"], BackupType):
        then = answer["devices"][device_id]["backup_types"][kind]["available"]
        assert ours[device_id]["backup_types"][kind]["available"] is then


def test_only_the_old_words_and_error_are_said(client, now):
    make_fleet(60, now=now)
    devices = client.get("/backup/status").json()["devices"].values()
    blocks = [block for device in devices for block in device["backup_types"].values()]
    words = {"success", "not_available", "offline", "unknown", "error"}
    assert {block["status"] for block in blocks} <= words
    overall = {"success", "partial", "no_backups", "unknown", "error"}
    assert {device["overall_status"] for device in devices} <= overall
    assert all(type(block["last_backup"]) is int for block in blocks)


@pytest.mark.parametrize("count", [1, 100])
def test_three_queries_answer_for_any_number_of_devices(
    client, now, django_assert_num_queries, count
):
    make_fleet(count, now=now)
    with django_assert_num_queries(3):
        assert len(client.get("/backup/status").json()["devices"]) == count


def test_fifty_devices_fit_in_28_kilobytes(client, now):
    make_fleet(50, now=now)
    assert len(client.get("/backup/status").content) <= 28 * 1024


def test_an_unchanged_answer_costs_one_query_and_no_body(client, now, django_assert_num_queries):
    make_fleet(3, now=now)
    etag = _tag(client)
    with django_assert_num_queries(1):
        again = client.get("/backup/status", headers={"If-None-Match": etag})
    if again.status_code == 200:  # the clock went on to the next ten seconds
        again = client.get("/backup/status", headers={"If-None-Match": again["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "no-cache"


def test_whoever_asks_next_costs_one_query_until_something_changes(
    client, now, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(freshness, "BUCKET_SECONDS", 10**9)  # the clock may go on meanwhile
    make_fleet(5, now=now)
    first = client.get("/backup/status")
    with django_assert_num_queries(1):
        assert client.get("/backup/status").content == first.content
    DaemonStatus.objects.filter(daemon="mysql").update(error="down")
    answer = client.get("/backup/status")
    assert answer.json() != first.json()
    assert answer["ETag"] != first["ETag"]


def test_a_browser_must_ask_whether_the_answer_still_holds(client, services):
    assert client.get("/backup/status")["Cache-Control"] == "no-cache"


def test_no_other_site_may_read_the_answer(client, services):
    answer = client.get("/backup/status", headers={"Origin": "http://elsewhere"})
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("seconds", [10, 11, 60])
def test_a_key_holds_for_ten_seconds_at_the_most(services, now, seconds):
    then = freshness.etag(freshness.daemons_with_news(), now=now)
    later = now + timedelta(seconds=seconds)
    assert freshness.etag(freshness.daemons_with_news(), now=later) != then


def test_a_key_does_not_change_by_itself(services, now):
    keys = {freshness.etag(freshness.daemons_with_news(), now=now) for _ in range(2)}
    assert len(keys) == 1


def test_there_is_no_key_before_the_first_fact(client, db):
    assert "ETag" not in client.get("/backup/status")


def _new_snapshot(device, take):
    take(device, "sqlite")


def _news_of_a_device(device, take):
    Device.objects.update(told_at=timezone.now() + timedelta(seconds=1))


def _parked(device, take):
    device.lifecycle = "parked"
    device.save()


def _other_limits(device, take):
    policy = Policy.objects.first()
    policy.max_age *= 2
    policy.save()


def _service_answered(device, take):
    DaemonStatus.objects.filter(daemon="rsync").update(checked_at=timezone.now())


def _service_failed(device, take):
    DaemonStatus.objects.filter(daemon="rsync").update(error="down")


def _service_took_a_device(device, take):
    DaemonStatus.objects.filter(daemon="rsync").update(processing=[device.device_id])


@pytest.mark.parametrize(
    "change",
    [
        _new_snapshot,
        _news_of_a_device,
        _parked,
        _other_limits,
        _service_answered,
        _service_failed,
        _service_took_a_device,
    ],
)
def test_every_change_gives_a_new_key(device, services, take, now, change):
    then = freshness.etag(freshness.daemons_with_news(), now=now)
    change(device, take)
    assert freshness.etag(freshness.daemons_with_news(), now=now) != then


def test_a_stranger_is_told_nothing(client, services):
    answer = client.get("/backup/status", **STRANGER)
    assert answer.status_code in {401, 403}
    assert list(answer.json()) == PROBLEM


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-Ip", "Forwarded", "Client-Ip"])
def test_a_header_makes_no_one_a_friend(client, services, header):
    answer = client.get("/backup/status", headers={header: "127.0.0.1"}, **STRANGER)
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1.evil", "::ffff:192.168.1.77"])
def test_what_is_no_address_of_a_named_network_is_a_stranger(client, services, address):
    answer = client.get("/backup/status", REMOTE_ADDR=address)
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_reads_without_a_login(client, services, address):
    assert client.get("/backup/status", REMOTE_ADDR=address).status_code == 200


def test_a_network_can_be_named(client, services, settings):
    settings.STATUS_NETWORKS = ["192.168.1.0/24"]
    assert client.get("/backup/status", **STRANGER).status_code == 200
    assert client.get("/backup/status", REMOTE_ADDR="192.168.2.1").status_code in {401, 403}


def test_who_may_view_devices_reads_from_anywhere(person, services):
    assert person("devices.view_device").get("/backup/status", **STRANGER).status_code == 200
    assert person().get("/backup/status", **STRANGER).status_code == 403


def test_a_token_reads_from_anywhere(client, services, django_user_model):
    admin = django_user_model.objects.create_superuser("boss")
    _, token = AuthToken.objects.create(admin)
    headers = {"Authorization": f"Token {token}"}
    assert client.get("/backup/status", headers=headers, **STRANGER).status_code == 200


@pytest.mark.parametrize("accept", ["text/csv", "text/html", "application/xml", "*/*", "nonsense"])
def test_the_answer_is_json_whatever_is_asked_for(client, services, accept):
    answer = client.get("/backup/status", headers={"Accept": accept})
    assert answer["Content-Type"] == "application/json"
    assert json.loads(answer.content)["devices"] == {}


def test_a_post_is_no_way_to_ask(client, services):
    assert client.post("/backup/status").status_code == 405


def _tag(client):
    return client.get("/backup/status")["ETag"]
