"""Lists that grow: pages that keep their place, and the whole list as a table."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.db import connection

from backups.api.copies import attach_copies
from backups.models import RecordingLedger, ResultCopy, Run
from benchmarks.measures import counted_steps
from devices.models import Experiment

pytestmark = pytest.mark.django_db


def rows_of(viewer, address, between=lambda: None):
    """All pages, with something that happens between each and the next."""
    rows = []
    while address:
        page = viewer.get(address).json()
        assert set(page) == {"next", "results"}
        rows += page["results"]
        address = page["next"]
        between()
    return rows


def table(answer):
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(StringIO(text)))


@pytest.fixture
def experiment(device, now):
    return lambda name, at=None: Experiment.objects.create(
        device=device, writer="sqlite", filename=name, first_seen_at=now, listed_at=now,
        started_at=at,
    )  # fmt: skip


@pytest.mark.parametrize("ordering", ["started_at", "-started_at", "filename", "-id"])
def test_pages_skip_nothing_and_repeat_nothing_while_rows_come_in(
    viewer, experiment, now, ordering
):
    """Equal times, none at all, and rows before and behind the place."""
    for number in range(12):
        experiment(f"{number:02}.db", None if number % 3 == 0 else now - timedelta(number // 6))
    before = set(Experiment.objects.values_list("pk", flat=True))
    came = iter(range(100))

    def between():
        experiment(f"a{next(came)}.db", now + timedelta(1))
        experiment(f"z{next(came)}.db", now - timedelta(9))

    address = f"/api/v1/experiments/?limit=2&ordering={ordering}"
    keys = [row["id"] for row in rows_of(viewer, address, between)]
    assert len(keys) == len(set(keys))
    assert before <= set(keys)


def test_a_thousand_equal_times_come_to_an_end(viewer, device, now):
    same = {"device": device, "kind": "verify", "trigger": "api", "state": "failed"}
    Run.objects.bulk_create(Run(**same, queued_at=now, not_before=now) for _ in range(1100))
    rows = rows_of(viewer, "/api/v1/runs/?ordering=-queued_at&limit=500&fields=id")
    assert len({row["id"] for row in rows}) == len(rows) == 1100


def test_a_place_is_of_one_list_in_one_order(viewer, experiment):
    for number in range(3):
        experiment(f"{number}.db")
    following = viewer.get("/api/v1/experiments/?limit=1&ordering=filename").json()["next"]
    query = following.partition("?")[2]
    assert viewer.get(following).status_code == 200
    assert viewer.get(f"/api/v1/copies/?{query}").status_code == 400
    other = following.replace("ordering=filename", "ordering=id")
    assert viewer.get(other).status_code == 400


def test_items_of_every_kind_are_one_list(viewer, one_of_each):
    rows = rows_of(viewer, "/api/v1/items/?limit=1")
    assert [row["kind"] for row in rows] == ["experiment", "file", "recording"]
    assert [row["standing"] for row in rows] == ["not looked at", "missing", "lost"]
    lacking = viewer.get("/api/v1/items/?lacking=true").json()["results"]
    assert [row["kind"] for row in lacking] == ["file", "recording"]
    for row in rows:
        assert viewer.get(f"/api/v1/items/{row['id']}/").json() == row


@pytest.mark.parametrize(
    "name",
    ["devices", "findings", "experiments", "recordings", "items", "copies", "snapshots",
     "certificates", "runs", "plans", "policies", "daemons", "incidents", "timeline",
     "storages"],
)  # fmt: skip
def test_a_table_has_the_flat_fields_of_the_json(viewer, one_of_each, name):
    answer = viewer.get(f"/api/v1/{name}/?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = table(answer)
    results = viewer.get(f"/api/v1/{name}/").json()["results"]
    assert len(rows) == len(results) > 0
    nested = {key for key, value in results[0].items() if isinstance(value, dict | list)}
    assert set(rows[0]) <= set(results[0])
    assert not nested & set(rows[0])


def test_no_cell_is_a_formula(viewer, one_of_each):
    (row,) = table(viewer.get("/api/v1/copies/?format=csv&fields=user,path"))
    assert row == {"path": "a.db", "user": "'=1+1"}


def test_a_table_is_the_whole_list_narrowed_and_ordered(viewer, experiment):
    for number in range(2000):
        experiment(f"{number:04}.db")
    address = "/api/v1/experiments/?format=csv&ordering=filename&search=7"
    names = [row["filename"] for row in table(viewer.get(address))]
    assert names == sorted(name for name in names if "7" in name)
    assert 500 < len(names) == Experiment.objects.filter(filename__contains="7").count()


def test_a_table_that_would_be_too_long_is_refused_at_once(viewer, experiment, monkeypatch):
    monkeypatch.setattr("backups.api.viewsets.MOST_IN_CSV", 1)
    for number in range(2):
        experiment(f"{number}.db")
    answer = viewer.get("/api/v1/experiments/?format=csv")
    assert answer.status_code == 400
    assert "narrow it" in answer.json()["errors"]["format"][0]


def test_what_is_refused_is_said_in_json_also_of_a_table(viewer):
    answer = viewer.get("/api/v1/runs/?format=csv&state=banana")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_an_old_address_says_what_follows_it(viewer, services):
    answer = viewer.get("/api/v1/services/")
    assert answer["Deprecation"].startswith("@17")
    assert answer["Link"] == '</api/v1/daemons/>; rel="successor-version"'
    assert answer.json() == viewer.get("/api/v1/daemons/").json()


def test_one_writes_off_what_lacks_and_takes_it_back(person, one_of_each):
    decides = person("backups.change_recordingledger")
    address = f"/api/v1/items/{one_of_each['items']}"
    assert decides.post(f"{address}/write_off/", {}, format="json").status_code == 400
    told = decides.post(f"{address}/write_off/", {"reason": "card burnt"}, format="json")
    assert (told.status_code, told.json()["standing"]) == (200, "written off")
    assert decides.post(f"{address}/take_back/").json()["standing"] == "lost"
    assert decides.post(f"{address}/take_back/").status_code == 409


def test_what_is_whole_cannot_be_written_off(person, one_of_each):
    RecordingLedger.objects.update(kind="")
    address = f"/api/v1/items/{one_of_each['items']}/write_off/"
    answer = person("backups.change_recordingledger").post(address, {"reason": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


def test_a_device_is_parked_and_taken_back(person, device):
    boss = person("devices.change_device", "devices.view_device")
    address = f"/api/v1/devices/{device.device_id}"
    for act, state in (("park", "parked"), ("retire", "retired"), ("take_back", "active")):
        assert boss.post(f"{address}/{act}/").json()["lifecycle"] == state
    assert device.history.first().history_user is not None


def test_back_up_asks_for_all_that_can_work(person, device, one_of_each, queue):
    device.address = "10.0.0.1"
    device.save()
    answer = person("backups.start_run").post(f"/api/v1/devices/{device.device_id}/backup/")
    assert answer.status_code == 202, answer.content
    assert {run["state"] for run in answer.json()["runs"]} == {"queued"}


def test_a_device_without_an_address_cannot_be_backed_up(person, device):
    answer = person("backups.start_run").post(f"/api/v1/devices/{device.device_id}/backup/")
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite counts its steps")
def test_the_copies_of_a_page_are_found_by_name_whatever_else_their_devices_ever_had(device, now):
    def steps():
        with counted_steps() as counted:
            assert attach_copies([one])[0].copy
        return counted.hundreds

    one = device.experiments.create(filename="0.db", first_seen_at=now, listed_at=now)
    facts = {"size_bytes": 1, "modified_at": now, "first_seen_at": now, "inspected_at": now}
    facts["state"] = "usable"
    ResultCopy.objects.create(device=device, filename="0.db", path="0.db", **facts)
    few = steps()
    ResultCopy.objects.bulk_create(
        ResultCopy(device=device, filename=f"{n}.db", path=f"{n}.db", **facts)
        for n in range(1, 2000)
    )
    assert steps() <= few + 1
