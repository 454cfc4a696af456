"""Who may do what: every address of the API, for everyone."""

import base64

import pytest
from django.test import Client

from backups.api.urls import router
from backups.models import Recording, Run
from devices.models import Experiment

pytestmark = pytest.mark.django_db
LISTS = {
    "devices": "devices.view_device",
    "snapshots": "backups.view_backupsnapshot",
    "services": "backups.view_daemonstatus",
    "experiments": "devices.view_experiment",
    "recordings": "backups.view_recording",
    "runs": "backups.view_run",
}
ACTIONS = {
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/refresh": "devices.refresh_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/mirror": "backups.start_run",
    "services/mysql/check": "backups.check_daemonstatus",
    "runs/1/cancel": "backups.cancel_run",
}
FOR_ALL_WHO_ARE_LOGGED_IN = ["schema", "docs"]


@pytest.fixture
def one_of_each(device, services, take, now):
    """The address of one thing in each list."""
    run = Experiment.objects.create(
        device=device, writer="sqlite", filename="a.db", first_seen_at=now, listed_at=now
    )
    recording = Recording.objects.create(device=device, folder="f", chunk_count=1, size_bytes=1)
    made_here = Run.objects.create(
        device=device, kind="mirror", trigger="person", queued_at=now, not_before=now
    )
    return {
        "devices": device.device_id,
        "snapshots": take(device, "sqlite").pk,
        "services": "mysql",
        "experiments": run.pk,
        "recordings": recording.pk,
        "runs": made_here.pk,
    }


def test_every_list_is_named_here():
    assert {prefix for prefix, _, _ in router.registry} >= set(LISTS)


@pytest.mark.parametrize("name", [*LISTS, *FOR_ALL_WHO_ARE_LOGGED_IN])
def test_nobody_reads_without_a_login(client, name):
    answer = client.get(f"/api/v1/{name}/")
    assert answer.status_code == 401
    assert name in FOR_ALL_WHO_ARE_LOGGED_IN or "error" in answer.json()


@pytest.mark.parametrize("name", LISTS)
def test_staff_without_the_permission_reads_nothing(person, one_of_each, name):
    for client in (person(), person(*(LISTS[other] for other in LISTS if other != name))):
        assert client.get(f"/api/v1/{name}/").status_code == 403
        assert client.get(f"/api/v1/{name}/{one_of_each[name]}/").status_code == 403
        assert client.options(f"/api/v1/{name}/").status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_the_permission_to_view_is_enough_to_read(person, one_of_each, name):
    client = person(LISTS[name])
    assert client.get(f"/api/v1/{name}/").status_code == 200
    assert client.get(f"/api/v1/{name}/{one_of_each[name]}/").status_code == 200


def test_videos_are_for_those_who_may_view_devices(client, person):
    assert client.get("/api/v1/videos/").status_code == 401
    assert person().get("/api/v1/videos/").status_code == 403
    assert person("devices.view_device").get("/api/v1/videos/").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("name", LISTS)
def test_nothing_can_be_written(django_user_model, one_of_each, name, method):
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("boss"))
    assert getattr(client, method)(f"/api/v1/{name}/").status_code == 405
    assert getattr(client, method)(f"/api/v1/{name}/{one_of_each[name]}/").status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_needs_its_own_permission(client, person, device, action):
    assert client.post(f"/api/v1/{action}/").status_code == 401
    assert person(*LISTS.values()).post(f"/api/v1/{action}/").status_code == 403


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_no_get(person, device, action):
    allowed = person(ACTIONS[action], *LISTS.values())
    assert allowed.get(f"/api/v1/{action}/").status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_needs_the_csrf_token_of_the_session(django_user_model, device, action):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("boss"))
    assert client.post(f"/api/v1/{action}/").status_code == 403


def test_refresh_asks_for_the_devices_and_then_looks(person, device, queue):
    client = person("devices.refresh_device")
    answer = client.post(f"/api/v1/devices/{device.device_id}/refresh/")
    assert answer.status_code == 202
    assert answer.json()["task_id"]
    assert queue() == ["devices.tasks.refresh_devices"]  # the look follows when that is done


def test_check_asks_the_services(person, queue):
    assert (
        person("backups.check_daemonstatus").post("/api/v1/services/rsync/check/").status_code
        == 202
    )
    assert queue() == ["backups.tasks.check_daemons"]


def test_what_does_not_exist_is_not_asked(person, queue):
    client = person("backups.check_daemonstatus", "devices.refresh_device")
    assert client.post("/api/v1/services/other/check/").status_code == 404
    assert client.post("/api/v1/devices/other/refresh/").status_code == 404
    assert queue() == []


def test_a_person_cannot_queue_without_end(person, queue):
    client = person("backups.check_daemonstatus")
    codes = [client.post("/api/v1/services/rsync/check/").status_code for _ in range(61)]
    assert codes == [202] * 60 + [429]


def test_a_token_is_given_for_a_password_and_taken_back(client, django_user_model, services):
    django_user_model.objects.create_superuser("boss", password="secret-enough")
    token = client.post("/api/v1/auth/login/", headers=_basic("boss", "secret-enough")).json()
    headers = {"Authorization": f"Token {token['token']}"}
    assert client.get("/api/v1/services/", headers=headers).status_code == 200
    assert client.post("/api/v1/auth/logout/", headers=headers).status_code == 204
    assert client.get("/api/v1/services/", headers=headers).status_code == 401


def test_a_token_needs_no_csrf(django_user_model, device, queue):
    django_user_model.objects.create_superuser("boss", password="secret-enough")
    client = Client(enforce_csrf_checks=True)
    token = client.post("/api/v1/auth/login/", headers=_basic("boss", "secret-enough")).json()
    headers = {"Authorization": f"Token {token['token']}"}
    assert client.post("/api/v1/services/mysql/check/", headers=headers).status_code == 202


def test_passwords_cannot_be_tried_without_end(client, django_user_model):
    django_user_model.objects.create_superuser("boss", password="secret-enough")
    codes = [
        client.post(
            "/api/v1/auth/login/",
            headers=_basic("boss", "wrong") | {"X-Forwarded-For": f"10.0.0.{number}"},
        ).status_code
        for number in range(11)
    ]
    assert codes == [401] * 10 + [429]


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff", "Token " + "x" * 5000])
def test_a_senseless_token_is_refused(client, header):
    answer = client.get("/api/v1/devices/", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


def _basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
