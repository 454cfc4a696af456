from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from backups.admin.device_page import TABS
from backups.engine.facts import Problem, ProblemKind
from backups.models import Claim, ExperimentState, RecordingLedger
from backups.words import CLEARED_BY
from devices.models import Device, DeviceGroup, Experiment, Lifecycle

LIST = "/admin/devices/device/"


@pytest.fixture
def page_of(admin_client, device):
    return lambda query="": admin_client.get(f"{LIST}{device.pk}/change/{query}").content.decode()


def queries_of(client, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize(("days", "is_new"), [(5, True), (0, False)])
def test_what_came_lately_to_a_fleet_is_marked(admin_client, make_devices, now, days, is_new):
    """All that the first look finds came at once, and is not new among others."""
    make_devices(2)
    Device.objects.filter(name="ETHOSCOPE_000").update(first_seen_at=now - timedelta(days=days))
    page = admin_client.get("/admin/devices/device/").content.decode()
    assert page.count(">New</span>") == is_new


def test_the_list_takes_as_many_queries_for_100_devices_as_for_one(admin_client, make_devices):
    make_devices(1)
    one = queries_of(admin_client, LIST)
    Device.objects.all().delete()
    make_devices(100)
    assert queries_of(admin_client, LIST) == one
    assert one <= 12 + 7  # those of the banner, where some never began


def test_a_device_page_takes_as_many_queries_for_many_runs_as_for_one(
    admin_client, device, take, now
):
    def add_runs(numbers):
        for number in numbers:
            Experiment.objects.create(
                device=device,
                writer="sqlite",
                filename=f"{number}.db",
                first_seen_at=now,
                listed_at=now,
            )

    take(device)
    add_runs([0])
    one = queries_of(admin_client, f"{LIST}{device.pk}/change/?tab=experiments")
    add_runs(range(1, 12))
    assert queries_of(admin_client, f"{LIST}{device.pk}/change/?tab=experiments") <= one


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?verdict=corrupt", True),
        ("?verdict=protected", False),
        ("?verdict=nonsense", True),
        ("?q=ETHOSCOPE_019", True),
        ("?q=0192c3d4", True),
        ("?q=elsewhere", False),
        ("?reported_status=stopped", True),
        ("?reported_status=running", False),
        ("?reported_status=-", False),
        ("?lifecycle__exact=parked", False),
        ("?o=1", True),
        ("?o=-1.2", True),
    ],
)
def test_the_list_is_filtered_searched_and_ordered(admin_client, device, take, now, query, found):
    take(device, corrupt=(Problem("run.db", now, "malformed"),))
    page = admin_client.get(f"{LIST}{query}")
    assert (device in page.context["cl"].result_list) is found


def test_the_list_shows_the_worst_first(admin_client, make_devices, device, take, now):
    make_devices(2)
    take(device, corrupt=(Problem("run.db", now, "malformed"),))
    assert admin_client.get(LIST).context["cl"].result_list[0] == device


def test_a_retired_device_has_no_verdict_in_the_list(admin_client, device, take):
    take(device)
    Device.objects.update(lifecycle=Lifecycle.RETIRED)
    page = admin_client.get(LIST).content.decode()
    assert "ETHOSCOPE_019" in page
    assert "verdict-protected" not in page


def test_a_page_gives_the_rule_the_evidence_and_what_clears_it(page_of, device, take, now):
    take(device, missing=(Problem("run.db", now - timedelta(days=1), "the disk holds no copy"),))
    page = page_of()
    assert "On the device for 6 h or more without a usable copy here" in page
    assert "<strong>run.db</strong>" in page
    assert "the disk holds no copy</td>" in page
    assert "<li>the disk was read 0 s ago, at" in page
    assert "<strong>What clears it:</strong> a copy of each" in page


def test_a_page_shows_claims_as_claims_and_what_contradicts_them(page_of, device, take, now):
    Claim.objects.create(device=device, daemon="rsync", claimed_at=now, state="completed")
    take(device, findings=("the rsync service says “completed”, but 1 are not safely here",))
    assert "What the services claim" in page_of("?tab=runs")
    page = page_of()
    assert "<li>the rsync service says “completed”, but 1 are not safely here</li>" in page


def test_an_experiment_is_shown_with_its_proof_and_where_it_stands(page_of, device, now):
    name = f"2026-11-20_10-00-00_{device.device_id}.db"
    experiment = Experiment.objects.create(
        device=device, writer="sqlite", filename=name, listed_at=now, first_seen_at=now
    )
    assert "not looked at yet" in page_of("?tab=experiments")
    ExperimentState.objects.create(
        experiment=experiment, looked_at=now, proof="counted", how="all tables reach it",
        proven_at=now, kind="corrupt", reason="database disk image is malformed", since=now,
    )  # fmt: skip
    page = page_of("?tab=experiments")
    assert ">2026-11-20_10-00-00</a>" in page
    assert ">counted</td>" in page
    assert "all tables reach it" in page
    assert "<strong>corrupt</strong>: database disk image is malformed" in page


@pytest.mark.parametrize("kind", ProblemKind)
def test_what_is_not_safe_is_shown_item_by_item(page_of, device, take, now, kind):
    problem = Problem("run.db", now - timedelta(days=2), f"why {kind}", 1203, 4_194_304)
    take(device, **{kind: (problem,) * 41})
    page = page_of()
    for said in (
        "run.db",
        f"why {kind}",
        "2 days ago",
        "1,203 rows",
        "4.0 MiB",
        escape(CLEARED_BY[kind]),
    ):
        assert said in page
    assert "and 21 more of SQLite" in page


def test_recordings_come_in_pages(page_of, device, now):
    RecordingLedger.objects.bulk_create(
        RecordingLedger(device=device, recording=f"f{number:02d}", first_known_at=now)
        for number in range(20)
    )
    assert "<strong>f19</strong>" in page_of("?tab=recordings")
    assert "<strong>f19</strong>" not in page_of("?recordings=2")
    assert "<strong>f00</strong>" in page_of("?recordings=2")


def test_a_recording_is_shown_with_the_proofs_of_its_files_and_where_it_stands(
    page_of, device, now
):
    RecordingLedger.objects.create(
        device=device, recording="f", first_known_at=now, known_count=9, counted_count=5,
        equal_count=2, named_count=1, kind="missing", reason="chunk 4 is not here", since=now,
    )  # fmt: skip
    page = page_of("?tab=recordings")
    assert "2 equal, 5 counted, 1 named" in page
    assert "<strong>missing</strong>: chunk 4 is not here" in page


def test_growth_over_the_last_looks_is_drawn(page_of, device, take, now):
    for minutes in (10, 5, 0):
        take(device, disk_read_at=now - timedelta(minutes=minutes), size_bytes=4096 - minutes)
    page = page_of("?tab=timeline")
    assert page.count("<polyline") == 2
    assert "4.0 KiB → 4.0 KiB" in page


def test_a_device_without_any_snapshot_has_a_page(page_of):
    assert "nobody looked at the disk for this device yet" in page_of()


def test_nothing_told_by_a_device_is_markup(page_of, device, take, now):
    bad = "<script>alert(1)</script>"
    Device.objects.update(
        name=bad, reported_status=bad[:32], card_error=bad, partitions=[{bad: bad}]
    )
    Claim.objects.create(device=device, daemon="rsync", claimed_at=now, state="x", message=bad)
    take(device, findings=(bad,), corrupt=(Problem(bad, now, bad),), source_error=bad)
    for tab in TABS:
        assert bad not in page_of(f"?tab={tab}")


def test_people_set_only_group_and_notes_in_the_form(admin_client, device):
    group = DeviceGroup.objects.create(name="Incubator A")
    admin_client.post(
        f"{LIST}{device.pk}/change/",
        {
            "group": group.pk,
            "lifecycle": "parked",
            "notes": "moved",
            "name": "other",
            "device_id": "x",
        },
    )
    device.refresh_from_db()
    assert (device.group, device.lifecycle, device.notes) == (group, "active", "moved")
    assert (device.name, device.device_id) == ("ETHOSCOPE_019", "0192c3d4e5f60718293a4b5c6d7e8f90")
    assert device.history.count() == 2


def test_no_one_adds_a_device(admin_client):
    assert admin_client.get(f"{LIST}add/").status_code == 403


def test_only_a_superuser_deletes_a_device(admin_client, person, device, take):
    take(device)
    url = f"{LIST}{device.pk}/delete/"
    assert person("devices.view_device", "devices.delete_device").get(url).status_code == 403
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not Device.objects.exists()


def test_an_unknown_device_leads_home(admin_client):
    assert admin_client.get(f"{LIST}12345/change/").status_code == 302


def test_the_palette_finds_a_device(admin_client, device):
    page = admin_client.get("/admin/search/?s=scope_019&extended=1").content.decode()
    assert f"/admin/devices/device/{device.pk}/change/" in page
