"""Every action asks for a permission and for a POST; it queues, and says so."""

import pytest

from backups.models import ExperimentState
from devices.models import Device, Experiment
from ethonode.urls import admin  # which has loaded every page

UNFOLD_ACTIONS = ("actions_list", "actions_row", "actions_detail", "actions_submit_line")
SUBMIT = {"_form_submitted": "on"}


def every_action():
    for model_admin in admin.site._registry.values():
        for place in UNFOLD_ACTIONS:
            for name in model_admin._extract_action_names(getattr(model_admin, place, ())):
                yield pytest.param(model_admin, place, name, id=f"{model_admin}.{name}")


ALL_ACTIONS = list(every_action())


def url_of(model_admin, place, name, key):
    path = model_admin.get_unfold_action(name).path
    opts = model_admin.opts
    middle = "" if place == "actions_list" else f"{key}/"
    return f"/admin/{opts.app_label}/{opts.model_name}/{middle}{path}/"


@pytest.fixture
def experiment(device, now):
    return Experiment.objects.create(
        device=device, writer="sqlite", filename="run.db", first_seen_at=now, listed_at=now
    )


@pytest.fixture
def refresher(person):
    return person(
        "devices.view_device", "devices.refresh_device", "backups.view_daemonstatus",
        "backups.check_daemonstatus",
    )  # fmt: skip


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


def test_the_walk_finds_the_actions():
    assert len(ALL_ACTIONS) >= 6


@pytest.mark.parametrize(("model_admin", "place", "name"), ALL_ACTIONS)
def test_every_action_has_a_permission_and_a_dialog(model_admin, place, name):
    method = model_admin.get_unfold_action(name).method
    assert method.allowed_permissions
    assert method.dialog


@pytest.mark.parametrize(("model_admin", "place", "name"), ALL_ACTIONS)
def test_a_get_of_an_action_only_asks(admin_client, experiment, queue, model_admin, place, name):
    before = (list(Device.objects.values()), list(Experiment.objects.values()))
    key = model_admin.model.objects.first()
    response = admin_client.get(url_of(model_admin, place, name, key.pk if key else 1))
    assert b'id="dialog"' in response.content
    assert (list(Device.objects.values()), list(Experiment.objects.values())) == before
    assert queue() == []


@pytest.mark.parametrize(("model_admin", "place", "name"), ALL_ACTIONS)
def test_an_action_is_refused_to_the_staff_without_its_permission(
    person, experiment, model_admin, place, name
):
    key = model_admin.model.objects.first()
    url = url_of(model_admin, place, name, key.pk if key else 1)
    assert person("devices.view_device").post(url, SUBMIT).status_code == 403


@pytest.mark.parametrize(("model_admin", "place", "name"), ALL_ACTIONS)
def test_an_action_is_refused_without_a_csrf_token(
    admin_user, experiment, model_admin, place, name, client
):
    client.handler.enforce_csrf_checks = True
    client.force_login(admin_user)
    assert client.post(url_of(model_admin, place, name, 1), SUBMIT).status_code == 403


@pytest.mark.parametrize("name", ["enable_tasks", "disable_tasks", "run_tasks", "look_again"])
def test_every_list_action_of_ours_asks_for_a_permission(name):
    found = [m for m in admin.site._registry.values() if name in (m.actions or ())]
    assert all(getattr(m, name).allowed_permissions for m in found)
    assert found


@pytest.mark.parametrize(
    ("url", "tasks"),
    [
        ("/admin/devices/device/refresh-all/", ["backups.tasks.refresh_all"]),
        (
            "/admin/devices/device/{key}/refresh/",
            ["devices.tasks.refresh_devices", "backups.tasks.take_snapshot"],
        ),
        (
            "/admin/devices/device/{key}/refresh-now/",
            ["devices.tasks.refresh_devices", "backups.tasks.take_snapshot"],
        ),
        ("/admin/backups/daemonstatus/check-now/", ["backups.tasks.check_daemons"]),
    ],
)
def test_an_action_queues_and_says_so(refresher, device, queue, url, tasks):
    response = refresher.post(url.format(key=device.pk), SUBMIT)
    assert response["HX-Redirect"].startswith("/admin/")
    assert queue() == tasks
    assert "queued" in said(response)[0].lower()


def test_selected_devices_are_looked_at_again(refresher, make_devices, queue):
    keys = [device.pk for device in make_devices(3)][:2]
    chosen = {"action": "look_again", "_selected_action": keys}
    response = refresher.post("/admin/devices/device/", chosen)
    assert queue().count("backups.tasks.take_snapshot") == 2
    assert said(response) == ["Queued: 2 looks at the disk."]


@pytest.mark.parametrize(
    "url", ["/admin/devices/device/refresh-all/", "/admin/backups/daemonstatus/check-now/"]
)
def test_without_redis_an_action_says_that_nothing_is_queued(refresher, broker, url):
    broker("redis://127.0.0.1:1/0")
    response = refresher.post(url, SUBMIT)
    assert response.status_code == 200
    assert "Redis" in said(response)[0]


def test_without_redis_a_scheduled_task_cannot_be_run_now(admin_client, broker):
    broker("redis://127.0.0.1:1/0")
    chosen = {"action": "run_tasks", "_selected_action": [1]}
    response = admin_client.post("/admin/django_celery_beat/periodictask/", chosen)
    assert any("Redis" in message for message in said(response))


def test_a_run_is_written_off_with_a_reason(person, experiment, now):
    ExperimentState.objects.create(experiment=experiment, kind="missing", looked_at=now)
    someone = person("devices.view_experiment", "devices.write_off_experiment")
    url = f"/admin/devices/experiment/{experiment.pk}/write_off/"
    words = {"confirmation": "write off", "reason": "the card died"}
    assert someone.post(url, SUBMIT | words)["HX-Redirect"]
    experiment.refresh_from_db()
    assert experiment.written_off
    history = someone.get(f"/admin/devices/experiment/{experiment.pk}/history/").content.decode()
    assert "Written off: the card died" in history


@pytest.mark.parametrize(
    "words",
    [{}, {"confirmation": "yes", "reason": "x"}, {"confirmation": "write off", "reason": ""}],
)
def test_a_run_is_not_written_off_by_a_slip(admin_client, experiment, words):
    admin_client.post(f"/admin/devices/experiment/{experiment.pk}/write_off/", SUBMIT | words)
    experiment.refresh_from_db()
    assert not experiment.written_off


def test_a_write_off_can_be_taken_back(admin_client, experiment):
    Experiment.objects.update(written_off=True)
    admin_client.post(f"/admin/devices/experiment/{experiment.pk}/take_back/", SUBMIT)
    experiment.refresh_from_db()
    assert not experiment.written_off


def test_a_run_that_is_gone_is_no_error(admin_client, experiment):
    url = f"/admin/devices/experiment/{experiment.pk}/take_back/"
    experiment.delete()
    assert admin_client.post(url, SUBMIT).status_code == 200
