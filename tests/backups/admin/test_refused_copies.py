"""A person lets what a device has take the place of a copy that holds more, and takes that back."""

import pytest

from backups.models import ResultCopy

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}
PERMISSIONS = ("backups.view_resultcopy", "backups.change_resultcopy")


@pytest.fixture
def copy(device, now):
    return ResultCopy.objects.create(
        device=device, path="a/a.db", filename="a.db", size_bytes=1, modified_at=now,
        first_seen_at=now, inspected_at=now, state="usable", refused="fewer rows than here",
    )  # fmt: skip


def act(client, copy, name):
    return client.post(f"/admin/backups/resultcopy/{copy.pk}/{name}/", SUBMIT)


@pytest.mark.parametrize(("name", "asked"), [("take_the_devices", False), ("keep_ours", True)])
def test_who_may_decide_does(person, copy, now, name, asked):
    ResultCopy.objects.update(gives_way_at=now if asked else None)
    act(person(*PERMISSIONS), copy, name)
    assert (ResultCopy.objects.get().gives_way_at is not None) is not asked


@pytest.mark.parametrize("name", ["take_the_devices", "keep_ours"])
def test_who_may_only_look_does_not(person, copy, now, name):
    ResultCopy.objects.update(gives_way_at=now if name == "keep_ours" else None)
    before = ResultCopy.objects.get().gives_way_at
    assert act(person(PERMISSIONS[0]), copy, name).status_code == 403
    assert ResultCopy.objects.get().gives_way_at == before


def test_to_ask_by_a_link_changes_nothing(admin_client, copy):
    admin_client.get(f"/admin/backups/resultcopy/{copy.pk}/take_the_devices/")
    assert ResultCopy.objects.get().gives_way_at is None


def test_a_copy_that_no_pull_refused_is_left_alone(admin_client, copy):
    ResultCopy.objects.update(refused="")
    act(admin_client, copy, "take_the_devices")
    assert ResultCopy.objects.get().gives_way_at is None


@pytest.mark.parametrize(
    ("refused", "asked", "offered"),
    [("", False, None), ("why", False, "take_the_devices"), ("why", True, "keep_ours")],
)
def test_the_page_offers_what_makes_sense(admin_client, copy, now, refused, asked, offered):
    ResultCopy.objects.update(refused=refused, gives_way_at=now if asked else None)
    page = admin_client.get(f"/admin/backups/resultcopy/{copy.pk}/change/").content.decode()
    shown = [name for name in ("take_the_devices", "keep_ours") if f"/{name}/" in page]
    assert shown == ([offered] if offered else [])


def test_a_list_tells_how_many_rows_there_are_and_not_what_is_stored_of_them(admin_client, copy):
    ResultCopy.objects.update(row_count=1234567, rows={"ROI_1": [7, 7]})
    page = admin_client.get("/admin/backups/resultcopy/").content.decode()
    assert "1,234,567" in page
    assert "ROI_1" not in page
