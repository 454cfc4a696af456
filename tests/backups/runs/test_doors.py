"""Through which doors a mirror is asked for, and who may."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from backups import tasks
from backups.models import BackupPlan, DaemonStatus, Run, RunState
from tests.backups.runs.doors import LOOK, SUBMIT, said
from tests.engine.mirror.device import differing_tables

pytestmark = pytest.mark.django_db


@pytest.fixture
def backed_up_here(experiment):
    BackupPlan.objects.create(mirror_here=True)


def test_mirror_now_queues_a_run_in_the_persons_name(starter, device, queue):
    answer = starter.post(f"/admin/devices/device/{device.pk}/mirror_now/", SUBMIT)
    run = Run.objects.get()
    assert answer["HX-Redirect"] == f"/admin/backups/run/{run.pk}/change/"
    assert (run.trigger, run.requested_by.username) == ("person", "someone0")
    assert queue() == ["backups.tasks.start_due_runs"]


def test_selected_devices_are_mirrored(starter, device, experiment, queue):
    chosen = {"action": "mirror_selected", "_selected_action": [device.pk]}
    starter.post("/admin/devices/device/", chosen)
    assert Run.objects.get().device == device


def test_without_redis_a_run_waits_and_the_person_is_told(starter, device, broker):
    broker("redis://127.0.0.1:1/0")
    answer = starter.post(f"/admin/devices/device/{device.pk}/mirror_now/", SUBMIT)
    assert "Redis" in said(answer)[0]
    assert Run.objects.get().state == "queued"


def test_a_run_is_cancelled_on_its_page(person, a_run):
    run = a_run()
    person(*LOOK, "backups.cancel_run").post(f"/admin/backups/run/{run.pk}/cancel/", SUBMIT)
    run.refresh_from_db()
    assert run.state == "cancelled"


@pytest.mark.parametrize(
    ("state", "offered"), [("running", "cancel"), ("queued", "cancel"), ("failed", "retry")]
)
def test_only_what_makes_sense_is_offered(admin_client, a_run, state, offered):
    run = a_run(state=state)
    page = admin_client.get(f"/admin/backups/run/{run.pk}/change/").content.decode()
    found = {name for name in ("cancel", "retry") if f"/admin/backups/run/{run.pk}/{name}" in page}
    assert found == {offered}


@pytest.mark.parametrize(("state", "is_over"), [("running", False), ("succeeded", True)])
def test_a_live_page_is_asked_for_anew_as_its_run_ends(admin_client, a_run, state, is_over):
    part = admin_client.get(f"/admin/backups/run/{a_run(state=state).pk}/part/")
    assert ("HX-Refresh" in part) is is_over


def test_whoever_would_stop_a_run_reads_what_each_button_does(admin_client, a_run):
    run = a_run(state="running")
    page = admin_client.get(f"/admin/backups/run/{run.pk}/cancel/").content.decode()
    assert "Keep running" in page
    assert "Stop it" in page


def test_a_failed_run_says_what_to_do_and_that_it_is_tried_again(admin_client, a_run):
    run = a_run(state="failed", error="no route to host", failure="HostUnreachable")
    again = a_run(attempt=2)
    page = admin_client.get(f"/admin/backups/run/{run.pk}/change/").content.decode()
    assert "See whether the device is on and in the network" in page
    assert f'run/{again.pk}/change/">It is tried again by itself' in page


def test_what_the_services_say_that_they_do_is_shown_as_a_claim(admin_client, device, now):
    DaemonStatus.objects.create(
        daemon="rsync", checked_at=now, answered_at=now, processing=[device.device_id]
    )
    page = admin_client.get("/admin/backups/run/open/").content.decode()
    assert "a claim, which proves nothing" in page
    assert str(device) in page


def test_what_waits_for_one_reason_is_one_line(admin_client, a_run, make_device):
    why = "the device is tracking or recording"
    one = a_run(kind="prove", state="waiting", error=why)
    other = a_run(kind="prove", state="waiting", error=why, device=make_device(20))
    another = a_run(kind="wipe", state="waiting", error="its card could not be listed")
    page = admin_client.get("/admin/backups/run/").content.decode()
    rows = page.partition('class="panel open-runs"')[2].partition("</section>")[0]
    assert rows.count('class="open-run"') == 2
    assert rows.count(why) == 1
    assert all(f'id="run-{run.pk}"' in rows for run in (one, other, another))


def test_tables_are_shown_in_the_order_of_their_numbers(admin_client, a_run):
    tables = [{"table": name, "equal": True} for name in ("ROI_10", "ROI_2", "METADATA")]
    run = a_run(state="succeeded", numbers={"tables": tables})
    page = admin_client.get(f"/admin/backups/run/{run.pk}/change/").content.decode()
    places = [page.index(f"<td>{name}</td>") for name in ("METADATA", "ROI_2", "ROI_10")]
    assert places == sorted(places)


def test_selected_runs_are_cancelled(person, a_run):
    run = a_run()
    chosen = {"action": "cancel_selected", "_selected_action": [run.pk]}
    person(*LOOK, "backups.cancel_run").post("/admin/backups/run/", chosen)
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_failed_run_is_done_again_as_a_new_one(starter, a_run, queue):
    failed = a_run(state=RunState.FAILED)
    starter.post(f"/admin/backups/run/{failed.pk}/retry/", SUBMIT)
    assert Run.objects.exclude(pk=failed.pk).get().state == "queued"


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_to_look_is_not_to_act(person, a_run, action):
    run = a_run()
    answer = person(*LOOK).post(f"/admin/backups/run/{run.pk}/{action}/", SUBMIT)
    assert answer.status_code == 403
    assert Run.objects.get().state == "queued"


def test_what_renews_itself_is_for_those_who_may_look(person, a_run):
    run = a_run(state=RunState.RUNNING, rows_done=5, rows_total=10, log="copying ROI_1")
    for url in ("/admin/backups/run/open/", f"/admin/backups/run/{run.pk}/part/"):
        assert "50 %" in person(*LOOK).get(url).content.decode()
        assert person("devices.view_device").get(url).status_code == 403
        assert Client().get(url).status_code == 302


def test_names_from_devices_are_only_text_on_the_page(person, a_run, device):
    run = a_run(log="<script>alert(1)</script>", error="<b>x</b>", phase="<i>y</i>")
    for url in ("/admin/backups/run/", f"/admin/backups/run/{run.pk}/change/"):
        page = person(*LOOK).get(url).content.decode()
        assert "<script>alert(1)" not in page
        assert "<b>x</b>" not in page


def test_the_api_starts_a_mirror(starter, device, queue):
    answer = starter.post(f"/api/v1/devices/{device.device_id}/mirror/")
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    assert Run.objects.get().trigger == "api"


def test_the_api_gives_back_the_mirror_that_is_open(starter, device, queue):
    address = f"/api/v1/devices/{device.device_id}/mirror/"
    assert starter.post(address).json()["id"] == starter.post(address).json()["id"]


def test_the_api_cancels_and_says_when_it_is_too_late(person, a_run):
    client, run = person(*LOOK, "backups.cancel_run"), a_run()
    address = f"/api/v1/runs/{run.pk}/cancel/"
    assert client.post(address).json()["state"] == "cancelled"
    answer = client.post(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")


@pytest.mark.parametrize("path", ["devices/{id}/mirror", "runs/1/cancel"])
def test_the_api_acts_only_for_those_who_may(client, person, device, path):
    address = f"/api/v1/{path.format(id=device.device_id)}/"
    assert client.post(address).status_code == 401
    assert person(*LOOK).post(address).status_code == 403


@pytest.mark.parametrize("query", ["state=odd", "kind=odd", "queued_after=soon"])
def test_a_senseless_filter_is_refused(person, query):
    assert person(*LOOK).get(f"/api/v1/runs/?{query}").status_code == 400


def test_runs_are_filtered_by_device(person, a_run, device):
    a_run()
    client = person(*LOOK)
    assert client.get(f"/api/v1/runs/?device={device.device_id}").json()["results"]
    assert client.get("/api/v1/runs/?device=other").json()["results"] == []


def test_the_old_route_starts_a_mirror_and_answers_at_once(starter, device, backed_up_here, queue):
    answer = starter.post(f"/device/{device.device_id}/backup")
    assert answer.json() == {"success": True, "backup_type": "mysql"}
    assert Run.objects.get().state == "queued"


def test_the_old_route_starts_nothing_where_it_only_watches(starter, device, experiment):
    assert starter.post(f"/device/{device.device_id}/backup").json()["success"] is False
    assert not Run.objects.exists()


def test_a_task_does_the_run_and_asks_for_the_next(ask, database, queue):
    assert "succeeded" in tasks.run_backup(ask().pk)
    assert queue() == ["backups.tasks.take_snapshot", "backups.tasks.start_due_runs"]


def test_a_task_that_comes_twice_works_once(a_run, queue):
    run = a_run(state=RunState.RUNNING)
    assert "not to be done" in tasks.run_backup(run.pk)
    assert queue() == []


def test_the_clock_plans_and_starts_what_is_due(backed_up_here, device, queue):
    assert tasks.start_due_runs() == "1 planned, 1 started"
    assert queue() == ["backups.tasks.run_backup"]


def test_a_run_whose_worker_died_gives_its_place_to_what_is_due(
    backed_up_here, a_run, settings, queue
):
    settings.PARALLEL_RUNS = 1
    dead = a_run(kind="list_card", state=RunState.RUNNING)
    assert tasks.start_due_runs() == "1 planned, 1 started"
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "its worker died")


def test_the_command_mirrors_and_shows_the_tables(database, device, copy, capsys):
    call_command("mirror", device.name)
    shown = capsys.readouterr().out
    assert "ROI_1" in shown
    assert "whole, as of" in shown
    assert differing_tables(database, copy) == []


def test_the_command_asks_another_server_when_told_to(database, device, mariadb, settings):
    settings.MYSQL_PORT = 1
    call_command("mirror", device.device_id, "--host", "127.0.0.1", "--port", str(mariadb.port))
    assert Run.objects.get().state == "succeeded"


def test_the_command_fails_with_the_reason(database, device, settings):
    settings.MYSQL_PASSWORD = "wrong"
    with pytest.raises(CommandError, match="refused user name or password"):
        call_command("mirror", device.name)


def test_the_command_does_not_work_beside_another(a_run, device):
    a_run(state=RunState.RUNNING, heartbeat_at=timezone.now())
    with pytest.raises(CommandError, match="in another process"):
        call_command("mirror", device.name)


def test_the_command_does_not_guess_whom_was_meant(db):
    with pytest.raises(CommandError, match="no device"):
        call_command("mirror", "nobody")


@pytest.mark.parametrize("count", [1, 20])
def test_the_pages_of_runs_take_the_same_queries_for_many(
    admin_client, a_run, django_assert_max_num_queries, count
):
    for _ in range(count):
        a_run(state=RunState.FAILED)
    with django_assert_max_num_queries(14):
        admin_client.get("/admin/backups/run/")
