"""The list of experiments and the page of one: device, copy, proof and recording joined."""

from datetime import timedelta

import pytest

from backups.models import ExperimentState, RecordingLedger, ResultCopy
from devices.models import Experiment

LIST = "/admin/devices/experiment/"


@pytest.fixture
def make_copy(device, now):
    def make_copy(filename, **facts):
        words = {
            "path": f"{device.device_id}/E/r/{filename}",
            "writer": "sqlite",
            "size_bytes": 4096,
            "modified_at": now,
            "fingerprint": "f",
            "first_seen_at": now,
            "state": "usable",
            "row_count": 300,
            "rows": {"ROI_1": [200, None], "ROI_2": [100, None], "METADATA": [9, 9]},
            "rowless_rois": [3],
            "user": "jdoe",
            "location": "Incubator_2",
            "code": "pilot",
            "about": {"options": {"roi_builder": "TargetGridROIBuilder"}, "unread": {}},
            "inspected_at": now,
        }
        return ResultCopy.objects.create(device=device, filename=filename, **words | facts)

    return make_copy


@pytest.fixture
def experiment(device, now, make_copy):
    begun = now.replace(microsecond=0) - timedelta(days=3)
    name = f"{begun:%Y-%m-%d_%H-%M-%S}_{device.device_id}.db"
    one = Experiment.objects.create(
        device=device, writer="sqlite", filename=name, started_at=begun, first_seen_at=begun,
        listed_at=now, told_rows={"ROI_1": [250, None], "ROI_2": [100, None]}, rows_told_at=now,
        rows_told_by="card",
    )  # fmt: skip
    ended = begun + timedelta(days=1)
    copy = make_copy(name, holes=12, about={"stopped": f"{ended.timestamp():.0f}"})
    ExperimentState.objects.create(
        experiment=one, copy=copy, proof="named", kind="behind", reason="ROI_1 lacks 50 rows",
        looked_at=now,
    )  # fmt: skip
    return one


def text(client, url):
    return " ".join(client.get(url).content.decode().split())


@pytest.mark.parametrize(
    ("search", "found"),
    [("jdoe", 1), ("incubator_2", 1), ("pilot", 1), ("ETHOSCOPE_019", 1), ("somebody", 0)],
)
def test_experiments_are_found_by_who_where_and_code(admin_client, experiment, search, found):
    answer = admin_client.get(LIST, {"q": search})
    assert answer.context["cl"].result_count == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "jdoe 3 days ago"}, 1),
        ({"q": "jdoe yesterday"}, 0),
        ({"q": "3 days ago"}, 1),
        ({"started_at_from": "4 days ago", "started_at_to": "3 days ago"}, 1),
        ({"started_at_to": "4 days ago"}, 0),
        ({"started_at_from": "someday"}, 0),
        ({"standing": "lacks"}, 1),
        ({"standing": "behind"}, 1),
        ({"standing": "saved"}, 0),
        ({"standing": "off"}, 0),
        ({"standing": "unseen"}, 0),
        ({"proof": "named"}, 1),
        ({"proof": "equal"}, 0),
        ({"proof": "none"}, 0),
        ({"gaps": "yes"}, 1),
    ],
)
def test_experiments_are_found_by_date_standing_proof_and_gaps(
    admin_client, experiment, asked, found
):
    assert admin_client.get(LIST, asked).context["cl"].result_count == found


def test_a_filter_that_is_no_date_says_so(admin_client, experiment):
    assert "“someday” is no date" in text(admin_client, f"{LIST}?started_at_from=someday")


def test_an_empty_list_says_what_it_means_and_what_to_do(admin_client, db):
    assert "as soon as its device, or the node, tells" in text(admin_client, LIST)
    assert "matches “x”. Ask for less" in text(admin_client, f"{LIST}?q=x")


@pytest.mark.parametrize(
    ("kind", "written_off", "offered"),
    [
        ("behind", False, {"write_off"}),
        ("missing", False, {"write_off"}),
        ("lagging", False, set()),
        ("", False, set()),
        ("behind", True, {"take_back"}),
    ],
)
def test_a_write_off_is_offered_only_where_something_lacks(
    admin_client, experiment, kind, written_off, offered
):
    ExperimentState.objects.update(kind=kind)
    Experiment.objects.update(written_off=written_off)
    page = text(admin_client, f"{LIST}{experiment.pk}/change/")
    assert {act for act in ("write_off", "take_back") if f"/{act}/" in page} == offered


def test_what_is_whole_is_not_written_off_by_a_post_either(admin_client, experiment):
    ExperimentState.objects.update(kind="")
    told = {"_form_submitted": "on", "confirmation": "write off", "reason": "no"}
    admin_client.post(f"{LIST}{experiment.pk}/write_off/", told)
    experiment.refresh_from_db()
    assert not experiment.written_off


def test_who_wrote_it_off_and_why_is_on_its_page(admin_client, experiment):
    told = {"_form_submitted": "on", "confirmation": "write off", "reason": "the card burnt"}
    admin_client.post(f"{LIST}{experiment.pk}/write_off/", told)
    page = text(admin_client, f"{LIST}{experiment.pk}/change/")
    assert "Written off: the card burnt" in page


def test_the_list_shows_whose_each_is_and_where_it_stands(admin_client, experiment):
    page = text(admin_client, LIST)
    for shown in ("jdoe", "pilot", "Incubator_2", "behind", "named", "12 row numbers lacking"):
        assert shown in page
    assert 'aria-label="3 regions, 0 to 200 rows; wrong: 1, 3"' in page


@pytest.mark.parametrize("count", [1, 60])
def test_the_list_costs_as_many_queries_for_many_and_is_no_larger_than_a_page(
    admin_client, experiment, device, now, django_assert_max_num_queries, count
):
    for number in range(count):
        Experiment.objects.create(
            device=device,
            writer="sqlite",
            filename=f"{number}.db",
            first_seen_at=now,
            listed_at=now,
            told_rows={f"ROI_{roi}": [10_000 + roi * 777, None] for roi in range(1, 21)},
        )
    with django_assert_max_num_queries(14):
        page = admin_client.get(LIST)
    assert len(page.content) < 200_000


def test_what_no_look_or_copy_speaks_for_is_not_called_saved(admin_client, device, now):
    Experiment.objects.create(
        device=device, writer="sqlite", filename="a.db", first_seen_at=now, listed_at=now
    )
    page = text(admin_client, LIST)
    assert "not looked at" in page
    assert 'label-plain">saved<' not in page


def test_a_page_joins_device_copy_proof_and_regions(admin_client, experiment):
    page = text(admin_client, f"{LIST}{experiment.pk}/change/")
    for shown in ("jdoe", "Incubator_2", "Behind: ROI_1 lacks 50 rows", "50 rows lack", "no row"):
        assert shown in page
    assert "12 row numbers lack" in page
    assert f"{experiment.started_at + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in page


@pytest.mark.parametrize(
    ("begins", "chunks", "is_beside"),
    [(1, 10, True), (-2, 30, True), (-2, 20, False), (23, 1, True), (25, 10, False)],
)
def test_recordings_that_overlap_are_beside_it(
    admin_client, experiment, device, now, begins, chunks, is_beside
):
    name = f"{experiment.started_at + timedelta(hours=begins):%Y-%m-%d_%H-%M-%S}"
    RecordingLedger.objects.create(
        device=device, recording=name, newest_number=chunks, known_count=chunks, first_known_at=now
    )
    page = admin_client.get(f"{LIST}{experiment.pk}/change/").content.decode()
    assert (name in page) is is_beside


def test_a_name_that_is_no_time_is_beside_nothing(admin_client, experiment, device, now):
    RecordingLedger.objects.create(
        device=device, recording="0001", newest_number=10**9, first_known_at=now
    )
    assert "None of this device overlaps" in text(admin_client, f"{LIST}{experiment.pk}/change/")


def test_an_experiment_without_a_copy_has_a_page(admin_client, device, now):
    one = Experiment.objects.create(
        device=device, writer="sqlite", filename="a.db", first_seen_at=now, listed_at=now
    )
    page = text(admin_client, f"{LIST}{one.pk}/change/")
    assert "Not looked at yet" in page
    assert "No copy is here that says whose it is" in page


@pytest.mark.parametrize("stopped", ["unknown", "", "1e400", "nan", "-1e18", "9" * 90])
def test_a_stop_that_is_no_time_is_none(admin_client, experiment, stopped):
    ResultCopy.objects.update(about={"stopped": stopped})
    assert admin_client.get(f"{LIST}{experiment.pk}/change/").status_code == 200


def test_those_that_only_the_disk_knows_are_counted_and_shown(admin_client, experiment, make_copy):
    make_copy("2025-01-01_00-00-00_old.db", user="asmith")
    page = text(admin_client, LIST)
    assert (
        "<strong>1 copy</strong> on the disk is of an experiment that no device ever listed" in page
    )
    only = admin_client.get("/admin/backups/resultcopy/", {"listed": "no"}).context["cl"]
    assert [copy.user for copy in only.result_list] == ["asmith"]


def test_what_a_device_wrote_is_never_markup(admin_client, experiment):
    bad = "<script>alert(1)</script>"
    ResultCopy.objects.update(user=bad, about={"options": {bad: bad}, "unread": {"x": bad}})
    for url in (LIST, f"{LIST}{experiment.pk}/change/"):
        assert bad not in admin_client.get(url).content.decode()


def test_the_api_tells_it_and_finds_by_it(admin_client, experiment):
    (row,) = admin_client.get("/api/v1/experiments/", {"user": "JDOE"}).json()["results"]
    assert (row["copy"]["user"], row["copy"]["code"]) == ("jdoe", "pilot")
    assert admin_client.get("/api/v1/experiments/", {"code": "x"}).json()["results"] == []
