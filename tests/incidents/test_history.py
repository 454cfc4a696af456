"""The history of what people set: who, what, before, after and why; and what a deletion says."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backups.models import BackupPlan, BackupSnapshot, Policy
from devices.models import Device, DeviceGroup
from incidents.models import Channel, Delivery, Silence, Subscription

WHY = "the incubator is moved"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def rows(fleet, channel, admin_user):
    """One of each that people set."""
    device, *_ = fleet.grow(2)
    group = DeviceGroup.objects.create(name="incubator")
    channel.groups.add(group)
    return {
        "policy": Policy.objects.first(),
        "plan": BackupPlan.objects.create(group=group),
        "device": device,
        "group": group,
        "channel": channel,
        "silence": Silence.objects.create(
            device=device, starts_at=fleet.now, ends_at=fleet.now + timedelta(days=1), reason="x"
        ),
        "digest": Subscription.objects.create(person=admin_user, channel=channel),
    }


CHANGES = {
    "policy": ({"max_age": "3 h"}, ("Max age: 2 h", "3 h")),
    "plan": ({"pull_results_here": "on"}, ("Pull SQLite results here: no", "yes")),
    "device": ({"notes": "moved"}, ("notes: none → moved",)),
    "group": ({"name": "incubator 2"}, ("Name: incubator", "incubator 2")),
    "channel": ({"groups": [], "address": "json://lab.example/x"}, ("[incubator]", "nothing")),
    "silence": ({"reason": WHY}, ("Reason: x", WHY)),
    "digest": ({"time_zone": "Europe/London"}, ("Time zone: UTC", "Europe/London")),
}  # fmt: skip


def page_of(row, name, *words):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=words)


def changed(client, row, **values):
    """Type this into the form of the page, and save."""
    url = page_of(row, "change", row.pk)
    form = client.get(url).context["adminform"].form
    typed = {name: form[name].value() for name in form.fields}
    for name, field in form.fields.items():  # a date and a time are two
        if hasattr(field, "fields"):
            moment = timezone.localtime(typed.pop(name))
            typed |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}"}
    typed = {name: value for name, value in (typed | values).items() if value not in (None, False)}
    answer = client.post(url, typed)
    assert answer.status_code == 302, answer.context["errors"]


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_tells_who_before_after_and_why(admin_client, rows, what):
    row, (values, told) = rows[what], CHANGES[what]
    changed(admin_client, row, why=WHY, **values)
    page = admin_client.get(page_of(row, "history", row.pk), follow=True).content.decode()
    history = page.partition("Who changed what" if what == "device" else 'id="change-history"')[2]
    for words in (*told, "admin", WHY):
        assert words in history
    assert "json://" not in page


def test_who_may_only_look_is_asked_for_no_reason(person, rows):
    viewer = person("backups.view_policy", "devices.view_device", "incidents.view_channel")
    for what in ("policy", "device", "channel"):
        page = viewer.get(page_of(rows[what], "change", rows[what].pk))
        assert page.status_code == 200
        assert b'name="why"' not in page.content


GOES = {
    "device": (("backup snapshots", "1 silences"), "Its files on the disk stay"),
    "group": (("Backup plans: 1",), "Its devices stay, in no group"),
    "channel": (("Messages: 1", "Digests: 1"), "Problems stay"),
    "policy": ((), "judged anew by what is left"),
    "plan": ((), "No file is touched"),
    "silence": ((), "is told within a minute"),
    "digest": ((), ""),
}


@pytest.mark.parametrize("what", GOES)
def test_a_deletion_says_what_goes_and_what_stays_and_does_it(admin_client, rows, fleet, what):
    row, (gone, stays) = rows[what], GOES[what]
    Delivery.objects.create(
        channel=rows["channel"], key="k", created_at=fleet.now, not_before=fleet.now
    )
    url = page_of(row, "delete", row.pk)
    page = admin_client.get(url).content.decode()
    for words in (*gone, stays):
        assert words in page
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not type(row).objects.filter(pk=row.pk).exists()
    assert BackupSnapshot.objects.exists()


def test_it_costs_the_same_however_much_hangs_on_it(
    admin_client, rows, fleet, django_assert_max_num_queries
):
    fleet.pass_by(hours=5, step=5)
    with django_assert_max_num_queries(50):
        admin_client.get(page_of(rows["device"], "delete", rows["device"].pk))


def test_the_acts_of_people_are_kept_when_what_they_changed_is_gone(admin_client, rows, admin_user):
    group = rows["group"]
    admin_client.post(page_of(group, "delete", group.pk), {"post": "yes"})
    last = DeviceGroup.history.filter(id=group.pk).first()
    assert (last.history_type, last.history_user) == ("-", admin_user)
    assert Device.objects.count() == 2
    assert Channel.objects.exists()
