"""Senseless parameters: a clear answer in one shape, never a crash, never the whole table."""

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from backups.api.errors import QueueDown
from backups.api.queue import queued
from backups.tasks import check_daemons
from benchmarks.fleet_rows import make_fleet
from ethonode.celery import app
from tests.backups.api.shapes import PROBLEM, keys

pytestmark = pytest.mark.django_db
LISTS = [
    "devices", "snapshots", "daemons", "experiments", "recordings", "items", "copies", "runs",
    "plans", "policies", "certificates", "incidents", "videos", "files", "findings",
    "storages",
]  # fmt: skip
REFUSED = [
    "devices/?verdict=green",
    "devices/?verdict=%00",
    "devices/?lifecycle=gone",
    "devices/?ordering=password",
    "devices/?search=%00",
    "devices/?search=" + "x" * 101,
    "devices/?group=" + "x" * 10_000,
    "snapshots/?backup_type=tape",
    "snapshots/?device=%00",
    "snapshots/?device=" + "x" * 65,
    "snapshots/?taken_after=yesterday",
    "snapshots/?taken_after=0001-01-01T00:00:00%2B14:00",
    "snapshots/?taken_before=9999-12-31T23:59:59-14:00",
    "snapshots/?taken_after=%00",
    "experiments/?writer=pen",
    "experiments/?filename=%00",
    "experiments/?filename=" + "x" * 201,
    "experiments/?started_after=0001-01-01T00:00:00%2B14:00",
    "recordings/?folder=%00",
    "snapshots/?cursor=garbage",
    "snapshots/?cursor=cD1ub3RhbnVtYmVy",  # p=notanumber
    "experiments/?written_off=banana",
    "experiments/?growing=1",
    "experiments/?ordering=banana",
    "experiments/?ordering=filename,-size",
    "experiments/?devise=x",
    "devices/?devise=x",
    "devices/?cursor=x",
    "videos/?devise=x",
    "videos/?cursor=" + "x" * 2001,
    "services/?written_off=true",
    "devices/?fields=name,password",
    "recordings/?fields=banana",
    "incidents/?state=banana",
    "incidents/?banana=1",
    "runs/?kind=banana",
    "runs/?format=banana",
    "runs/1/?format=csv",
    "runs/?offset=1",
    "runs/?search=%00",
    "devices/?format=csv&limit=1",
    "runs/?format=csv&cursor=x",
    "copies/?state=banana",
    "copies/?format=csv&fields=about",
    "items/?kind=banana",
    "items/?lacking=1",
    "items/?cursor=banana",
    "certificates/?stands=yes",
    "plans/?group=%00",
    "policies/?backup_type=tape",
    "findings/?banana=1",
    "timeline/?days=367",
    "timeline/?days=banana",
    "timeline/?cursor=1",
]
NOT_THERE = [
    "snapshots/0/",
    "snapshots/99999999999999999999999/",
    "devices/%00/",
    "devices/a%0Ab/",
    "devices/..%2f..%2f/",
    "devices/" + "x" * 65 + "/",
    "services/other/",
    "items/experiment-1/",
    "items/tape-1/",
    "items/file-" + "9" * 19 + "/",
    "certificates/1/",
    "timeline/?device=nobody",
    "nothing/",
    "nothing/at/all/",
]


@pytest.mark.parametrize("address", REFUSED, ids=lambda text: text[:40])
def test_a_filter_that_cannot_be_is_refused(viewer, address):
    answer = viewer.get(f"/api/v1/{address}")
    assert answer.status_code == 400
    assert keys(answer.json()) == [*PROBLEM, "errors"]
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"]


@pytest.mark.parametrize("address", NOT_THERE, ids=lambda text: text[:40])
def test_what_is_not_there_is_not_found(viewer, device, take, address):
    take(device, "sqlite")
    answer = viewer.get(f"/api/v1/{address}")
    assert answer.status_code == 404
    assert keys(answer.json()) == PROBLEM


def test_a_page_of_videos_that_nobody_gave_is_refused(viewer):
    for query in ("cursor=garbage", "limit=0", "device=..", "search=%00"):
        answer = viewer.get(f"/api/v1/videos/?{query}")
        assert (answer.status_code, keys(answer.json())) == (400, [*PROBLEM, "errors"])


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "9" * 30, "many", "%00", "1e9", "\u0661"])
def test_a_senseless_page_size_is_refused(viewer, name, limit):
    answer = viewer.get(f"/api/v1/{name}/", {"limit": limit})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["limit"]


def test_so_is_a_senseless_place_in_a_list(viewer):
    assert viewer.get("/api/v1/devices/?offset=-1").status_code == 400
    assert viewer.get("/api/v1/devices/?offset=1000000").json()["results"] == []


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("devices/", "name,verdict"),
        ("devices/0192c3d4e5f60718293a4b5c6d7e8f90/", "notes,name"),
        ("snapshots/", "id"),
        ("services/", "service,error"),
    ],
)
def test_of_each_row_only_what_is_asked_for(viewer, device, take, services, address, fields):
    take(device, "sqlite")
    told = viewer.get(f"/api/v1/{address}?fields={fields}").json()
    rows = told.get("results", [told])
    assert rows
    assert all(set(row) == set(fields.split(",")) for row in rows)


@pytest.mark.parametrize("name", LISTS)
def test_who_has_the_answer_gets_it_not_again(viewer, device, take, services, name):
    take(device, "sqlite")
    first = viewer.get(f"/api/v1/{name}/?fields=")
    again = viewer.get(f"/api/v1/{name}/?fields=", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_page_is_larger_than_the_largest(viewer, now):
    make_fleet(501, now=now)
    assert len(viewer.get("/api/v1/devices/?limit=100000").json()["results"]) == 500
    assert len(viewer.get("/api/v1/snapshots/?limit=100000").json()["results"]) == 500


def test_an_address_without_its_slash_is_sent_on(viewer):
    assert viewer.get("/api/v1/devices").status_code == 301


def test_a_queue_that_cannot_be_reached_is_said(person):
    before = app.conf.broker_url, app.conf.broker_transport_options
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    app.conf.broker_transport_options = {"max_retries": 0}
    app.amqp._producer_pool = None
    try:
        with pytest.raises(QueueDown):
            queued(check_daemons.si())
    finally:
        app.conf.broker_url, app.conf.broker_transport_options = before
        app.amqp._producer_pool = None


def test_the_schema_is_made_without_a_warning():
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(public=True)
    assert not GENERATOR_STATS
    validate_schema(schema)
    operations = [
        operation
        for path in schema["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    ]
    assert all("default" in operation["responses"] for operation in operations)
    assert "/api/v1/devices/{device_id}/refresh/" in schema["paths"]
    assert not any(path.startswith(("/backup", "/device/")) for path in schema["paths"])


def test_the_page_of_the_schema_asks_no_other_site(viewer):
    page = viewer.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "//cdn" not in page


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("path", ["nothing/", "daemons/%00/check/", "daemons/a%0Ab/check/"])
def test_an_address_that_is_none_is_one_in_our_shape(django_user_model, method, path):
    """Also from a browser's session, whose forms have to bring a token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("boss"))
    answer = getattr(client, method)(f"/api/v1/{path}")
    assert (answer.status_code, list(answer.json())) == (404, PROBLEM)
