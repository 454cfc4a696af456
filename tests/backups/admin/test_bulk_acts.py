"""What is asked for of all devices that are selected in the list."""

import pytest

from backups.models import Run
from devices.models import Device, DeviceGroup, Experiment
from tests.backups.admin.test_actions import said

LIST = "/admin/devices/device/"
CHANGING = ("devices.view_device", "devices.change_device")
STARTING = ("devices.view_device", "backups.start_run")


def chosen(action, devices):
    return {"action": action, "_selected_action": [device.pk for device in devices]}


@pytest.mark.parametrize(
    ("action", "lifecycle", "words"),
    [
        ("parked_selected", "parked", "2 devices parked: no alarm, and no backups by plan."),
        ("retired_selected", "retired", "2 devices retired: left out of the lists, no alarm."),
        ("active_selected", "active", "1 device watched and backed up again."),
    ],
)
def test_lifecycles_of_many_are_set_and_counted(person, make_devices, action, lifecycle, words):
    first, *others = make_devices(3)
    Device.objects.filter(pk=first.pk).update(
        lifecycle="parked" if lifecycle == "active" else lifecycle
    )
    answer = person(*CHANGING).post(LIST, chosen(action, [first, *others]))
    assert said(answer)[0].startswith(words)
    assert "before" in said(answer)[0]
    assert set(Device.objects.values_list("lifecycle", flat=True)) == {lifecycle}


def test_many_are_put_into_a_group_and_out_again(person, make_devices):
    devices = make_devices(3)
    group = DeviceGroup.objects.create(name="Incubator A")
    client = person(*CHANGING)
    answer = client.post(LIST, chosen(f"group_{group.pk}", devices[:2]))
    assert said(answer) == ["2 devices put into Incubator A."]
    assert group.devices.count() == 2
    assert devices[0].history.first().history_user.username == "someone0"
    client.post(LIST, chosen("no_group", devices))
    assert group.devices.count() == 0


def test_each_is_backed_up_as_it_can_be_and_the_rest_is_named(person, make_devices, queue, now):
    mysql, video, neither = make_devices(3)
    times = {"first_seen_at": now, "listed_at": now}
    Experiment.objects.create(device=mysql, writer="mysql", filename="a.db", **times)
    Device.objects.filter(pk=video.pk).update(address="10.0.0.5")
    answer = person(*STARTING).post(LIST, chosen("back_up_selected", [mysql, video, neither]))
    assert set(Run.objects.values_list("device", "kind")) == {
        (mysql.pk, "mirror"),
        (video.pk, "pull_videos"),
    }
    asked, left = said(answer)
    assert asked == "Asked for: 2 runs of 2 devices."
    assert left.startswith(f"Not for {neither.name}: ")
    assert queue() == ["backups.tasks.start_due_runs"]


@pytest.mark.parametrize("action", ["back_up_selected", "parked_selected", "no_group"])
def test_who_may_only_look_is_offered_none_of_it(person, make_devices, action):
    devices = make_devices(1)
    person("devices.view_device").post(LIST, chosen(action, devices))
    assert not Run.objects.exists()
    assert Device.objects.get().lifecycle == "active"


@pytest.mark.parametrize("count", [1, 30])
def test_backing_up_many_says_it_once(person, make_devices, queue, count):
    devices = make_devices(count)
    Device.objects.update(address="10.0.0.5")
    answer = person(*STARTING).post(LIST, chosen("list_card_selected", devices))
    assert len(said(answer)) == 1
    assert Run.objects.count() == count
