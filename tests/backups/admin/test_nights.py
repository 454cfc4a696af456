"""Last night at a glance: a line a device, failures by cause, and what the services claim."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backups.admin.run_night import night_of
from backups.models import Claim, Run
from devices.dates import Period, last_night

NIGHT = "/admin/backups/run/night/"


@pytest.fixture
def at(now):
    """A moment of last night."""
    return last_night(timezone.localtime(now)).start + timedelta(hours=1)


@pytest.fixture
def a_run(device, at):
    def a_run(state="succeeded", kind="mirror", of=device, **facts):
        moments = {"queued_at": at, "not_before": at, "started_at": at, "ended_at": at}
        words = {"trigger": "schedule", "state": state}
        return Run.objects.create(device=of, kind=kind, **(moments | words | facts))

    return a_run


def text(client, url=NIGHT):
    return " ".join(client.get(url).content.decode().split())


def test_a_quiet_night_says_so(admin_client, device):
    page = text(admin_client)
    assert "Nothing ran in this time" in page
    assert "Nothing ran here for 1 active device" in page


def test_each_device_has_a_line_and_the_whole_a_sentence(admin_client, a_run, device):
    for _ in range(3):
        a_run()
    a_run(kind="pull_videos")
    page = text(admin_client)
    assert "4 runs of 1 device: 4 succeeded." in page
    assert page.count('class="device"') == 1
    assert "What failed last" not in page


def test_failures_of_one_cause_are_one_thing_to_do(admin_client, a_run, make_devices):
    for one in make_devices(3):  # beside the first
        a_run("failed", of=one, error=f"it is silent: {one}", failure="HostUnreachable")
    page = text(admin_client)
    assert page.count("4 devices:</strong>") == 1
    assert "See whether the device is on and in the network" in page


def test_what_failed_and_came_through_later_is_no_failure_any_more(admin_client, a_run):
    a_run("failed", error="x")
    a_run()
    page = text(admin_client)
    assert "1 of those that failed came through later" in page
    assert "What failed last" not in page


def test_what_came_through_and_failed_later_is_one(admin_client, a_run):
    a_run()
    a_run("failed", error="x")
    assert "What failed last" in text(admin_client)


def test_what_the_services_say_is_shown_as_a_claim(admin_client, a_run, device, now):
    a_run()
    Claim.objects.create(
        device=device, daemon="rsync", claimed_at=now, state="success", ended_at=now
    )
    page = text(admin_client)
    assert "rsync: “success”" in page
    assert "is a claim, and proves nothing" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [("run_from=2026-01-01&run_to=2026-01-02", 0), ("run_from=3 days ago", 1)],
)
def test_another_span_may_be_asked_for(admin_client, a_run, asked, found):
    a_run()
    assert ("Nothing ran in this time" in text(admin_client, f"{NIGHT}?{asked}")) is not found


def test_what_is_no_date_is_said(admin_client, a_run):
    page = text(admin_client, f"{NIGHT}?run_from=someday")
    assert "“someday” is no date" in page


def test_too_long_a_span_is_cut_and_that_is_said(admin_client, device):
    assert "At most 31 days" in text(admin_client, f"{NIGHT}?run_from=2020-01-01")


def test_who_may_not_see_runs_sees_no_night(person):
    assert person("devices.view_device").get(NIGHT).status_code == 403


@pytest.mark.parametrize("count", [2, 60])
def test_the_cost_is_the_same_for_many(
    admin_client, a_run, make_devices, count, django_assert_num_queries, at
):
    for one in make_devices(count):
        for kind in ("mirror", "pull_results", "pull_videos", "verify"):
            a_run("failed", of=one, kind=kind, error="x" * 200)
    with django_assert_num_queries(4):
        night_of(Period(at - timedelta(hours=1), at + timedelta(hours=1)))
    assert len(admin_client.get(NIGHT).content) < 200_000
