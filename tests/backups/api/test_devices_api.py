"""The new API: what it shows of devices, snapshots, services, runs and recordings."""

from datetime import UTC, datetime, timedelta

import pytest

from backups.api.serializers import BackupRowSerializer, DeviceSerializer
from backups.engine.facts import Problem, ProblemKind, risk_of
from backups.models import CardReading, DaemonStatus, Recording, ResultCopy
from benchmarks.fleet_rows import make_fleet
from devices.models import Device, Experiment
from tests.backups.api.shapes import PROBLEM, keys

pytestmark = pytest.mark.django_db
LOGIN_QUERIES = 4  # session, person, own permissions, those of groups


@pytest.fixture
def ids(viewer):
    def ids(query=""):
        answer = viewer.get(f"/api/v1/devices/{query}")
        assert answer.status_code == 200, answer.content
        return [row["device_id"][:3] for row in answer.json()["results"]]

    return ids


@pytest.mark.parametrize("count", [1, 100])
def test_three_queries_list_any_number_of_devices(viewer, now, django_assert_num_queries, count):
    make_fleet(count, now=now)
    with django_assert_num_queries(3 + LOGIN_QUERIES):
        assert viewer.get("/api/v1/devices/").json()["count"] == count


def test_the_worst_device_comes_first(viewer, now):
    make_fleet(10, now=now)
    rows = viewer.get("/api/v1/devices/").json()["results"]
    assert [row["verdict"] for row in rows] == ["missing"] + ["protected"] * 9


def test_a_row_of_the_list_has_the_shape_of_the_schema(viewer, device, take):
    take(device, "sqlite")
    (row,) = viewer.get("/api/v1/devices/").json()["results"]
    assert keys(row) == list(DeviceSerializer().fields)
    assert keys(row["backups"]["sqlite"]) == list(BackupRowSerializer().fields)


def test_a_row_says_the_same_as_the_detail(viewer, device, take):
    take(device, "sqlite")
    (row,) = viewer.get("/api/v1/devices/").json()["results"]
    detail = viewer.get(f"/api/v1/devices/{device.device_id}/").json()
    sqlite = {key: detail["backups"]["sqlite"][key] for key in row["backups"]["sqlite"]}
    same = {key: detail[key] for key in row if key != "backups"}
    assert same | {"backups": {"sqlite": sqlite}} == row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?verdict=missing", ["003"]),
        ("?verdict=late", []),
        ("?group=incubator 1&search=ethoscope_00", ["001", "004", "002"]),
        ("?search=000000000000000004", ["004"]),
        ("?lifecycle=parked", ["002"]),
        ("?lifecycle=retired", ["000"]),
        ("?ordering=name", ["001", "002", "003", "004"]),
        ("?ordering=-name", ["004", "003", "002", "001"]),
        ("?ordering=-size_bytes&limit=1", ["003"]),
        ("?ordering=name&limit=2&offset=1", ["002", "003"]),
    ],
)
def test_the_list_can_be_narrowed_and_ordered(ids, now, query, found):
    make_fleet(5, now=now)
    Device.objects.filter(name="ETHOSCOPE_000").update(lifecycle="retired")
    Device.objects.filter(name="ETHOSCOPE_002").update(lifecycle="parked")
    assert ids(query) == found


def test_what_is_not_known_is_ordered_last_both_ways(ids, device, take, now):
    make_fleet(1, now=now)
    assert ids("?ordering=newest_copy_at") == ["000", "019"]
    assert ids("?ordering=-newest_copy_at") == ["000", "019"]


def test_a_device_without_any_backup_is_listed_as_unknown(viewer, device):
    (row,) = viewer.get("/api/v1/devices/").json()["results"]
    assert (row["verdict"], row["backups"]) == ("unknown", {})


def test_the_detail_defends_its_verdict(viewer, device, take, long_ago):
    lost = Problem("a.db", long_ago, "the disk holds no copy")
    take(device, "sqlite", missing=(lost,), findings=("the service says completed",))
    backup = viewer.get(f"/api/v1/devices/{device.device_id}/").json()["backups"]["sqlite"]
    assert backup["verdict"] == "missing"
    assert backup["evidence"][-1] == "a.db: the disk holds no copy"
    assert backup["clears"] == "a copy of each"
    assert backup["findings"] == ["the service says completed"]
    assert backup["facts"]["missing"][0]["name"] == "a.db"
    assert backup["limits"]["max_age_seconds"] == 7200.0


def test_an_unknown_device_is_not_found(viewer):
    answer = viewer.get("/api/v1/devices/nobody/")
    assert answer.status_code == 404
    assert keys(answer.json()) == PROBLEM


def test_snapshots_show_their_facts_newest_first(viewer, device, take, long_ago):
    take(device, "sqlite", taken_at=long_ago, copy_count=1)
    take(device, "sqlite", copy_count=2)
    rows = viewer.get("/api/v1/snapshots/").json()["results"]
    assert [row["copy_count"] for row in rows] == [2, 1]
    assert (rows[0]["device"], rows[0]["backup_type"]) == (device.device_id, "sqlite")


def test_snapshots_can_be_narrowed(viewer, device, take, now, long_ago):
    take(device, "sqlite", taken_at=long_ago)
    take(device, "video")
    yesterday = (now - timedelta(days=1)).isoformat().replace("+", "%2B")

    def types(query):
        rows = viewer.get(f"/api/v1/snapshots/?{query}").json()["results"]
        return [row["backup_type"] for row in rows]

    assert types(f"taken_after={yesterday}") == ["video"]
    assert types(f"taken_before={yesterday}") == ["sqlite"]
    assert types("backup_type=sqlite") == ["sqlite"]
    assert types(f"device={device.device_id}") == ["video", "sqlite"]
    assert types("device=nobody") == []


def test_snapshots_come_in_pages_that_miss_nothing(viewer, device, take):
    taken = [take(device, "sqlite").pk for _ in range(5)]
    found, address = [], "/api/v1/snapshots/?limit=2"
    while address:
        page = viewer.get(address).json()
        found += [row["id"] for row in page["results"]]
        address = page["next"]
    assert found == taken[::-1]


@pytest.mark.parametrize("count", [1, 30])
def test_one_query_reads_a_page_of_snapshots(
    viewer, device, take, django_assert_num_queries, count
):
    for _ in range(count):
        take(device, "sqlite")
    with django_assert_num_queries(1 + LOGIN_QUERIES):
        viewer.get("/api/v1/snapshots/")


@pytest.mark.parametrize(
    ("facts", "available"),
    [
        ({}, True),
        ({"error": "refused"}, False),
        ({"checked_at": datetime(2020, 1, 1, tzinfo=UTC)}, False),
    ],
)
def test_a_service_is_available_that_answered_lately(viewer, services, facts, available):
    DaemonStatus.objects.filter(daemon="mysql").update(**facts)
    assert viewer.get("/api/v1/services/mysql/").json()["is_available"] is available
    assert len(viewer.get("/api/v1/services/").json()["results"]) == 2


@pytest.mark.parametrize("count", [1, 30])
def test_experiments_come_with_their_copies_in_two_more_queries(
    viewer, device, now, django_assert_num_queries, count
):
    for number in range(count):
        _run(device, now, f"{number}.db")
    with django_assert_num_queries(3 + LOGIN_QUERIES):
        rows = viewer.get("/api/v1/experiments/").json()["results"]
    assert {row["copy"]["state"] for row in rows} == {"usable"}


def test_a_run_without_a_copy_says_so(viewer, device, now):
    run = _run(device, now, "a.db")
    ResultCopy.objects.all().delete()
    assert viewer.get(f"/api/v1/experiments/{run.pk}/").json()["copy"] is None


@pytest.mark.parametrize("is_written_since", [False, True])
def test_a_proof_is_told_for_as_long_as_it_holds(viewer, device, now, is_written_since):
    run = _run(device, now, "a.db")
    fingerprint = "another" if is_written_since else "this"
    ResultCopy.objects.update(
        fingerprint="this", proven_fingerprint=fingerprint, proven_at=now, doubt="ROI_1 differs"
    )
    copy = viewer.get(f"/api/v1/experiments/{run.pk}/").json()["copy"]
    assert bool(copy["whole_as_of"]) is not is_written_since
    assert copy["doubt"] == ("" if is_written_since else "ROI_1 differs")


def test_recordings_can_be_found_by_device(viewer, device):
    Recording.objects.create(device=device, folder="E/ts", chunk_count=3, size_bytes=9)
    (row,) = viewer.get(f"/api/v1/recordings/?device={device.device_id}").json()["results"]
    assert (row["folder"], row["chunk_count"]) == ("E/ts", 3)
    assert viewer.get("/api/v1/recordings/?device=x").json()["results"] == []


def _run(device, now, filename):
    ResultCopy.objects.create(
        device=device, filename=filename, path=filename, size_bytes=1, modified_at=now,
        first_seen_at=now, inspected_at=now, state="usable",
    )  # fmt: skip
    return Experiment.objects.create(
        device=device, writer="sqlite", filename=filename, first_seen_at=now, listed_at=now
    )


def test_list_and_page_say_the_same_words_as_the_admin(viewer, device, take, now):
    problem = Problem("a.db", now - timedelta(days=1), "why", 12, 34)
    take(device, "sqlite", missing=(problem,), risk=risk_of({ProblemKind.MISSING: [problem]}))
    listed = viewer.get("/api/v1/devices/").json()["results"][0]
    shown = viewer.get(f"/api/v1/devices/{device.device_id}/").json()
    for told in (listed, shown):
        assert told["sentence"].startswith("SQLite: on the device for 6 h or more")
        assert told["sentence"].endswith("at risk: 1 experiment, 12 rows, 34 Bytes, for 24 h")
        risk = told["backups"]["sqlite"]["at_risk"]
        assert (risk["items"], risk["rows"], risk["bytes"]) == (1, 12, 34)
        assert (risk["seconds"], risk["timeless"], risk["at_least"]) == (None, 1, False)
        assert (told["at_risk"]["rows"], told["at_risk"]["items"]) == (12, 1)


def test_a_device_tells_how_its_card_is_and_what_to_do(viewer, device, now):
    address = f"/api/v1/devices/{device.device_id}/"
    before = viewer.get(address).json()
    assert before["card"] is None
    assert [concern["level"] for concern in before["card_concerns"]] == ["not told"]
    CardReading.objects.create(
        device=device, read_at=now, since=now, size_bytes=1000, free_bytes=500, errors=7,
        read_only=False,
    )  # fmt: skip
    told = viewer.get(address).json()
    assert (told["card"]["errors"], told["card"]["kernel_errors"]) == (7, None)
    assert (told["card"]["full_at"], told["card"]["serial"]) == (None, "")
    assert told["card_concerns"][0]["level"] == "bad"
    assert "replace the card" in told["card_concerns"][0]["do"]
