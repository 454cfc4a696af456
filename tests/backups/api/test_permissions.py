"""Who may do what: every address of the API, for everyone."""

import base64

import pytest
from django.test import Client

from backups.api.urls import router
from incidents.api.urls import router as problems
from tests.backups.api.shapes import PROBLEM

pytestmark = pytest.mark.django_db
LISTS = {
    "devices": "devices.view_device",
    "snapshots": "backups.view_backupsnapshot",
    "daemons": "backups.view_daemonstatus",
    "services": "backups.view_daemonstatus",
    "findings": "backups.view_backup",
    "items": "devices.view_experiment backups.view_recordingledger backups.view_otherfile",
    "copies": "backups.view_resultcopy",
    "certificates": "backups.view_wipecertificate",
    "plans": "backups.view_backupplan",
    "policies": "backups.view_policy",
    "videos": "devices.view_device",
    "files": "devices.view_device",
    "experiments": "devices.view_experiment",
    "recordings": "backups.view_recording",
    "runs": "backups.view_run",
    "incidents": "incidents.view_incident",
    "storages": "devices.view_storage",
    "timeline": "devices.view_device",
}
ACTIONS = {
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/refresh": "devices.refresh_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/mirror": "backups.start_run",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/backup": "backups.start_run",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/move": "devices.move_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/park": "devices.change_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/retire": "devices.change_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/take_back": "devices.change_device",
    "devices/0192c3d4e5f60718293a4b5c6d7e8f90/keep_left": "devices.delete_left",
    "items/experiment-1/write_off": "devices.write_off_experiment",
    "items/recording-1/write_off": "backups.change_recordingledger",
    "items/file-1/take_back": "backups.change_otherfile",
    "daemons/mysql/check": "backups.check_daemonstatus",
    "services/mysql/check": "backups.check_daemonstatus",
    "runs/1/cancel": "backups.cancel_run",
}
ALL = " ".join(LISTS.values()).split()
FOR_ALL_WHO_ARE_LOGGED_IN = ["schema", "docs"]


def test_every_list_is_named_here():
    assert {prefix for prefix, _, _ in (*router.registry, *problems.registry)} == set(LISTS)


@pytest.mark.parametrize("name", [*LISTS, *FOR_ALL_WHO_ARE_LOGGED_IN])
def test_nobody_reads_without_a_login(client, name):
    answer = client.get(f"/api/v1/{name}/")
    assert answer.status_code == 401
    assert name in FOR_ALL_WHO_ARE_LOGGED_IN or list(answer.json()) == PROBLEM


@pytest.mark.parametrize("name", LISTS)
def test_staff_without_the_permission_reads_nothing(person, one_of_each, name):
    others = set(" ".join(LISTS.values()).split()) - set(LISTS[name].split())
    for client in (person(), person(*others)):
        assert client.get(f"/api/v1/{name}/").status_code == 403
        assert client.options(f"/api/v1/{name}/").status_code == 403
        if name in one_of_each:
            assert client.get(f"/api/v1/{name}/{one_of_each[name]}/").status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_the_permission_to_view_is_enough_to_read(person, one_of_each, name):
    client = person(*LISTS[name].split())
    assert client.get(f"/api/v1/{name}/").status_code == 200
    if name in one_of_each:
        assert client.get(f"/api/v1/{name}/{one_of_each[name]}/").status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_to_take_a_list_along_is_a_right_of_its_own(person, one_of_each, name):
    needed = LISTS[name].split()
    assert person(*needed).get(f"/api/v1/{name}/?format=csv").status_code == 403
    allowed = person(*needed, "devices.export_lists")
    never_scanned = name in {"videos", "files"}  # of what cannot be listed there is no table
    answer = allowed.get(f"/api/v1/{name}/?format=csv")
    assert answer.status_code == (409 if never_scanned else 200)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("name", LISTS)
def test_nothing_can_be_written(django_user_model, one_of_each, name, method):
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("boss"))
    assert getattr(client, method)(f"/api/v1/{name}/").status_code == 405
    if name in one_of_each:
        address = f"/api/v1/{name}/{one_of_each[name]}/"
        assert getattr(client, method)(address).status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_needs_its_own_permission(client, person, device, action):
    assert client.post(f"/api/v1/{action}/").status_code == 401
    assert person(*ALL).post(f"/api/v1/{action}/").status_code == 403


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_no_get(person, device, action):
    allowed = person(ACTIONS[action], *ALL)
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
    assert answer.json()["device_id"] == device.device_id
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


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff", "Token " + "x" * 5000])
def test_a_senseless_token_is_refused(client, header):
    answer = client.get("/api/v1/devices/", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


def _basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
