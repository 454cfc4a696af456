"""Senseless parameters: a clear answer in one shape, never a crash, never the whole table."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from backups.api.errors import QueueDown
from backups.api.queue import queued
from backups.tasks import check_daemons
from benchmarks.fleet_rows import make_fleet
from ethonode.celery import app
from tests.backups.api.shapes import keys

pytestmark = pytest.mark.django_db
LISTS = ["devices", "snapshots", "services", "experiments", "recordings"]
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
]
NOT_THERE = [
    "snapshots/?cursor=garbage",
    "snapshots/?cursor=cD1ub3RhbnVtYmVy",  # p=notanumber
    "snapshots/0/",
    "snapshots/99999999999999999999999/",
    "devices/%00/",
    "devices/a%0Ab/",
    "devices/..%2f..%2f/",
    "devices/" + "x" * 65 + "/",
    "services/other/",
    "nothing/",
    "nothing/at/all/",
]


@pytest.mark.parametrize("address", REFUSED, ids=lambda text: text[:40])
def test_a_filter_that_cannot_be_is_refused(viewer, address):
    answer = viewer.get(f"/api/v1/{address}")
    assert answer.status_code == 400
    assert keys(answer.json()) == ["error", "code", "fields"]
    assert answer.json()["code"] == "invalid"
    assert answer.json()["fields"]


@pytest.mark.parametrize("address", NOT_THERE, ids=lambda text: text[:40])
def test_what_is_not_there_is_not_found(viewer, device, take, address):
    take(device, "sqlite")
    answer = viewer.get(f"/api/v1/{address}")
    assert answer.status_code == 404
    assert keys(answer.json()) == ["error", "code", "fields"]


def test_a_page_of_videos_that_nobody_gave_is_refused(viewer):
    for query in ("after=garbage", "limit=0", "limit=9999999", "device=..", "search=%00"):
        answer = viewer.get(f"/api/v1/videos/?{query}")
        assert (answer.status_code, keys(answer.json())) == (400, ["error", "code", "fields"])


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "9" * 30, "many", "%00", "1e9"])
def test_a_senseless_page_size_is_an_ordinary_page(viewer, name, limit):
    assert viewer.get(f"/api/v1/{name}/?limit={limit}&offset={limit}").status_code == 200


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
    assert "/api/v1/devices/{device_id}/refresh/" in schema["paths"]
    assert not any(path.startswith(("/backup", "/device/")) for path in schema["paths"])


def test_the_page_of_the_schema_asks_no_other_site(viewer):
    page = viewer.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "//cdn" not in page
