import pytest
from django.urls import reverse

from devices.models import DeviceGroup


@pytest.fixture
def group(device):
    group = DeviceGroup.objects.create(name="Incubator A")
    device.group = group
    device.save()
    return group


def test_a_group_says_how_many_devices_are_in_it(admin_client, group):
    DeviceGroup.objects.create(name="Incubator B")
    groups = admin_client.get(reverse("admin:devices_devicegroup_changelist")).context["cl"]
    assert [(g.name, g.device_count) for g in groups.result_list] == [
        ("Incubator A", 1),
        ("Incubator B", 0),
    ]


def test_a_group_is_renamed(admin_client, group):
    admin_client.post(reverse("admin:devices_devicegroup_change", args=[group.pk]), {"name": "Old"})
    group.refresh_from_db()
    assert group.name == "Old"


def test_a_device_outlives_its_group(admin_client, group, device):
    url = reverse("admin:devices_devicegroup_delete", args=[group.pk])
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    device.refresh_from_db()
    assert device.group is None
