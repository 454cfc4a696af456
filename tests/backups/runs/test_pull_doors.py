"""The doors of pulls and verifications: who may ask, what is asked for, and what is shown."""

import pytest
from django.core.management import call_command

from backups.models import BackupPlan, QuarantinedVideo, Recording, Run, RunKind
from backups.services.runs import KINDS as DECLARED
from devices.models import Experiment
from tests.backups.runs.doors import LOOK, SUBMIT, said
from tests.engine.pull.conftest import chunk, put
from tests.nodes import a_node

pytestmark = pytest.mark.django_db


KINDS = list(RunKind)
USUAL = [kind for kind in KINDS if not DECLARED[kind].seldom]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_asked_for_on_the_page_of_a_device(starter, device, queue, kind):
    starter.post(f"/admin/devices/device/{device.pk}/{kind}_now/", SUBMIT)
    assert Run.objects.get().kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_asked_for_over_the_api(starter, device, queue, kind):
    answer = starter.post(f"/api/v1/devices/{device.device_id}/{kind}/")
    assert (answer.status_code, answer.json()["kind"]) == (202, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_to_see_a_device_is_not_to_back_it_up(person, device, kind):
    for address in (
        f"/admin/devices/device/{device.pk}/{kind}_now/",
        f"/api/v1/devices/{device.device_id}/{kind}/",
    ):
        assert person(*LOOK).post(address, SUBMIT).status_code == 403
    assert not Run.objects.exists()


@pytest.fixture
def has_it_all(device, now):
    """A device for which each kind can work."""
    device.address = "127.0.0.1:9000"
    device.save()
    Recording.objects.create(device=device, folder="f", chunk_count=1, size_bytes=1)
    for writer in ("mysql", "sqlite"):
        Experiment.objects.create(
            device=device, writer=writer, filename=writer, first_seen_at=now, listed_at=now
        )


@pytest.mark.parametrize("kind", USUAL)
def test_each_kind_is_asked_for_of_those_selected_by_whoever_may(
    starter, person, has_it_all, device, kind
):
    chosen = {"action": f"{kind}_selected", "_selected_action": [device.pk]}
    person(*LOOK).post("/admin/devices/device/", chosen)
    assert not Run.objects.exists()
    starter.post("/admin/devices/device/", chosen)
    assert Run.objects.get().kind == kind


@pytest.mark.parametrize("numbers", [{}, {"tables": 3, "file_count": "x"}, {"unknown": [1]}])
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_run_shows_whatever_another_version_counted(
    admin_client, a_run, kind, numbers
):
    run = a_run(kind=kind, state="failed", numbers=numbers)
    assert admin_client.get(f"/admin/backups/run/{run.pk}/change/").status_code == 200


@pytest.fixture
def pulled_here(device, now):
    device.address = "127.0.0.1:9000"
    device.save()
    Experiment.objects.create(
        device=device, writer="sqlite", filename="run.db", first_seen_at=now, listed_at=now
    )
    BackupPlan.objects.create(pull_results_here=True, pull_videos_here=True)


@pytest.mark.parametrize(
    ("scope", "kinds"),
    [
        ({}, {"pull_results"}),
        ({"backup_databases": True, "backup_videos": True}, {"pull_results", "pull_videos"}),
        ({"backup_databases": False, "backup_videos": True}, {"pull_videos"}),
    ],
)
def test_the_old_route_starts_what_its_scope_asks_for(
    starter, device, pulled_here, queue, scope, kinds
):
    answer = starter.post(
        f"/device/{device.device_id}/backup", scope, content_type="application/json"
    )
    told = {"databases": "pull_results" in kinds, "videos": "pull_videos" in kinds}
    assert answer.json() == {"success": True, "backup_type": "rsync", "backup_scope": told}
    assert set(Run.objects.values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"backup_databases": false}', "No backup scope selected"),
        ('{"backup_videos": "yes"}', "true or false"),
        ("[1]", "no object"),
        ("{", "cannot be read"),
    ],
)
def test_the_old_route_says_what_is_wrong_with_a_request(starter, device, pulled_here, body, error):
    answer = starter.post(
        f"/device/{device.device_id}/backup", body, content_type="application/json"
    ).json()
    assert (answer["success"], answer["backup_type"]) == (False, "none")
    assert error in answer["error"]
    assert not Run.objects.exists()


@pytest.fixture
def old_page(client, device, settings):
    """A page of the node, in the browser of somebody who is logged in nowhere."""
    settings.NODES = [a_node("http://node:8000")]
    settings.OLD_PAGE_BACKUPS = True

    def post(**options):
        address = f"/device/{device.device_id}/backup"
        return client.post(address, {}, content_type="application/json", **options)

    return post


def test_the_old_page_starts_what_a_plan_makes_where_a_setting_says_so(
    old_page, pulled_here, queue
):
    assert old_page(headers={"Origin": "http://node:8000"}).json()["success"] is True
    run = Run.objects.get()
    assert (run.kind, run.requested_by) == ("pull_results", None)


def test_without_a_plan_it_starts_nothing(old_page, device):
    assert old_page().json()["success"] is False


@pytest.mark.parametrize(
    "options",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Origin": "http://elsewhere.example"}},
        {"headers": {"Origin": "null"}},
    ],
)
def test_others_start_nothing(old_page, pulled_here, options):
    assert old_page(**options).status_code in {401, 403}
    assert not Run.objects.exists()


def test_without_a_node_no_other_page_is_the_old_one(old_page, pulled_here, settings):
    settings.NODES = [a_node()]
    assert old_page(headers={"Origin": "null"}).status_code in {401, 403}


def test_off_by_default(old_page, pulled_here, settings):
    settings.OLD_PAGE_BACKUPS = False
    assert old_page().status_code in {401, 403}


def test_the_page_of_plans_shows_the_public_key_and_nothing_else(admin_client, settings, tmp_path):
    settings.SSH_KEY_FILE = tmp_path / "ssh" / "key"
    page = admin_client.get("/admin/backups/backupplan/").content.decode()
    assert "ssh-ed25519 " in page
    assert settings.SSH_KEY_FILE.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" not in page


def test_the_page_of_plans_says_why_there_is_no_key(admin_client, settings, tmp_path):
    (tmp_path / "key").write_text("no key")
    settings.SSH_KEY_FILE = tmp_path / "key"
    assert (
        "There is none to show" in admin_client.get("/admin/backups/backupplan/").content.decode()
    )


def test_a_devices_ssh_key_is_forgotten(admin_client, device, settings, tmp_path):
    settings.SSH_KNOWN_HOSTS = tmp_path / "known_hosts"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    settings.SSH_KNOWN_HOSTS.write_text(f"{device.device_id} {key}\nother {key}\n")
    answer = admin_client.post(f"/admin/devices/device/{device.pk}/forget_ssh_key/", SUBMIT)
    assert said(answer) == ["Its ssh key is forgotten."]
    assert settings.SSH_KNOWN_HOSTS.read_text() == f"other {key}\n"


@pytest.fixture
def apart(device, now):
    return QuarantinedVideo.objects.create(
        device=device, path="a.h264", kept_path="q/a.h264", first_seen_at=now, seen_at=now
    )


def test_a_person_decides_about_a_file_in_quarantine(person, apart):
    decider = person("backups.view_quarantinedvideo", "backups.change_quarantinedvideo")
    url = f"/admin/backups/quarantinedvideo/{apart.pk}"
    for action, accepted in (("keep_ours", True), ("take_back", False)):
        decider.post(f"{url}/{action}/", SUBMIT)
        apart.refresh_from_db()
        assert apart.accepted is accepted


def test_files_in_quarantine_are_decided_about_together(person, apart):
    decider = person("backups.view_quarantinedvideo", "backups.change_quarantinedvideo")
    chosen = {"action": "keep_ours_of_selected", "_selected_action": [apart.pk]}
    decider.post("/admin/backups/quarantinedvideo/", chosen)
    apart.refresh_from_db()
    assert apart.accepted


def test_the_command_pulls_and_shows_what_came(card, device, now, capsys):
    put(card / "videos" / device.device_id / chunk(1), b"video")
    call_command("pull", device.name)
    shown = capsys.readouterr().out
    assert "Files on the device" in shown
    assert "Pull of videos of ETHOSCOPE_019: succeeded" in shown


def test_the_command_pulls_only_what_it_is_told_to(card, device, now):
    call_command("pull", device.name, "--results")
    assert Run.objects.get().kind == "pull_results"


def test_the_command_verifies(card, device, capsys):
    call_command("verify", device.name)
    assert "0 of 0 databases are whole" in capsys.readouterr().out
