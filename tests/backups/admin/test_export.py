"""Lists as files: what is filtered, searched for or selected; by right; and harmless."""

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest
from django.utils.html import format_html
from hypothesis import given
from hypothesis import strategies as st

from backups.models import ExperimentState, ResultCopy, Run
from devices.admin import export
from devices.admin.export_columns import plain
from devices.cells import harmless
from devices.models import Experiment
from ethonode.urls import admin  # which has loaded every page

LIST = "/admin/devices/experiment/"
MAY = ("devices.view_experiment", "devices.export_lists")
EXPORTED = [
    model for model, page in admin.site._registry.items() if isinstance(page, export.ExportedList)
]
FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "a;=1+1", "\uff1d1+1"]


@pytest.fixture
def begun():
    return datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def make(device, now, begun):
    def make(name, user="jdoe", **facts):
        one = Experiment.objects.create(
            device=device, writer="sqlite", filename=f"{name}_{device.device_id}.db",
            started_at=begun, first_seen_at=now, listed_at=now, **facts,
        )  # fmt: skip
        copy = ResultCopy.objects.create(
            device=device, path=name, filename=one.filename, size_bytes=4096, modified_at=now,
            fingerprint="f", first_seen_at=now, state="usable", row_count=300, inspected_at=now,
            rows={"ROI_1": [200, None]}, user=user,
        )  # fmt: skip
        ExperimentState.objects.create(
            experiment=one, copy=copy, proof="counted", proven_at=begun, looked_at=now
        )
        return one

    return make


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def sheet(answer):
    return openpyxl.load_workbook(io.BytesIO(answer.content)).active


def test_most_lists_are_exported():
    assert len(EXPORTED) >= 13


def test_a_picture_is_given_in_its_words():
    shown = format_html('<b>{}</b> <svg aria-label="2 &amp; 3"><path/></svg>', "a")
    assert plain(shown) == "a 2 & 3"


@pytest.mark.parametrize("model", EXPORTED, ids=lambda model: model.__name__)
def test_every_such_list_is_a_file_and_offers_it(admin_client, device, model):
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    page = admin_client.get(address).content.decode()
    for extension in ("csv", "xlsx"):
        assert f"{address}export/{extension}/" in page
        answer = admin_client.get(f"{address}export/{extension}/")
        assert f'.{extension}"' in answer["Content-Disposition"]


def test_it_has_the_columns_of_the_list_with_values_and_not_looks(admin_client, make):
    make("2026-11-20_10-00-00")
    (row,) = rows(admin_client.get(f"{LIST}export/csv/"))
    assert row["Began (UTC)"] == row["Proven (UTC)"] == "2026-11-20T10:00:00Z"
    assert (row["Person"], row["Rows here"], row["Is it safe?"]) == ("jdoe", "300", "saved")
    assert row["Machine id"] == Experiment.objects.get().device.device_id


def test_numbers_of_a_sheet_are_numbers(admin_client, make):
    make("2026-11-20_10-00-00")
    heading, row = sheet(admin_client.get(f"{LIST}export/xlsx/")).iter_rows(values_only=True)
    assert dict(zip(heading, row, strict=True))["Rows here"] == 300


@pytest.mark.parametrize(
    ("query", "found"),
    [("?q=jdoe", 1), ("?standing=off", 1), ("?started_at_to=2026-11-19", 0), ("", 2)],
)
def test_filter_and_search_are_respected(admin_client, make, query, found):
    make("2026-11-20_10-00-00")
    make("2026-11-20_12-00-00", user="asmith", written_off=True)
    assert len(rows(admin_client.get(f"{LIST}export/csv/{query}"))) == found


def test_so_is_a_selection(admin_client, make):
    one, _ = make("2026-11-20_10-00-00"), make("2026-11-20_12-00-00")
    chosen = {"action": "export_csv", "_selected_action": [one.pk]}
    (row,) = rows(admin_client.post(LIST, chosen))
    assert row["File"] == one.filename


@pytest.mark.parametrize("rights", [MAY[:1], MAY[1:], ()])
def test_who_may_not_see_or_not_export_gets_no_file(person, make, rights):
    one = make("2026-11-20_10-00-00")
    client = person(*rights)
    assert client.get(f"{LIST}export/csv/").status_code == 403
    answer = client.post(LIST, {"action": "export_csv", "_selected_action": [one.pk]})
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert b"export/csv" not in client.get(LIST).content


def test_who_may_does(person, make):
    make("2026-11-20_10-00-00")
    assert len(rows(person(*MAY).get(f"{LIST}export/csv/"))) == 1


def test_another_kind_of_file_is_none(admin_client, device):
    assert admin_client.get(f"{LIST}export/exe/").status_code == 404


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_would_be_a_formula_is_none(admin_client, make, text):
    make("2026-11-20_10-00-00", user=text)
    (row,) = rows(admin_client.get(f"{LIST}export/csv/"))
    assert row["Person"].strip()[0] not in "=+-@\uff1d"
    assert ";=" not in row["Person"]
    cells = sheet(admin_client.get(f"{LIST}export/xlsx/"))
    kinds = {cell.data_type for line in cells.iter_rows() for cell in line if cell.value}
    assert "f" not in kinds


@given(st.text())
def test_no_text_begins_as_a_formula(text):
    assert (
        harmless(text).lstrip()[:1] not in set("=+-@")
        or text.lstrip("+-").replace(".", "", 1).replace(",", "", 1).isdigit()
    )


@pytest.mark.parametrize("value", ["-2.5", "+3", -4, "a-b", "1+1", "jdoe@lab", None])
def test_what_is_no_formula_stays(value):
    assert harmless(value) == value


def test_what_no_sheet_can_hold_breaks_none(admin_client, make):
    make("2026-11-20_10-00-00", user="a\x07b")
    assert admin_client.get(f"{LIST}export/xlsx/").status_code == 200


def test_a_list_that_is_too_long_is_not_cut_but_said(admin_client, make, monkeypatch):
    monkeypatch.setattr(export, "MOST_ROWS", 1)
    make("2026-11-20_10-00-00")
    make("2026-11-20_12-00-00")
    answer = admin_client.get(f"{LIST}export/csv/?q=jdoe", follow=True)
    assert answer.redirect_chain == [(f"{LIST}?q=jdoe", 302)]
    assert "more than 1 rows" in answer.content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_it_takes_as_many_queries_for_many(
    admin_client, make, count, django_assert_max_num_queries
):
    for number in range(count):
        make(f"2026-11-20_10-00-{number:02}")
    with django_assert_max_num_queries(5):
        admin_client.get(f"{LIST}export/csv/")


def test_durations_are_seconds_and_states_are_words(admin_client, device, now):
    Run.objects.create(
        device=device, kind="mirror", trigger="person", queued_at=now, not_before=now,
        state="failed", error="it broke off",
    )  # fmt: skip
    (row,) = rows(admin_client.get("/admin/backups/run/export/csv/"))
    assert (row["State"], row["Kind"]) == ("failed", "MySQL mirror")
    assert row["How it went"].startswith("it broke off")


def test_a_heading_names_the_unit_of_its_values(admin_client, device):
    headings = admin_client.get("/admin/backups/daemonstatus/export/csv/").content.decode()
    assert "Answered in (seconds)" in headings
    policies = admin_client.get("/admin/backups/policy/export/csv/").content.decode()
    assert "Late after (seconds)" in policies


def test_devices_are_exported_with_their_verdicts(admin_client, make_devices):
    make_devices(2)
    found = rows(admin_client.get("/admin/devices/device/export/csv/"))
    assert {row["Verdict"] for row in found} == {"protected"}
    assert all(len(row["Machine id"]) == 32 for row in found)
