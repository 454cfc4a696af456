"""Where copies lie, and that they are to lie elsewhere, by the API."""

import pytest

from backups.engine.copies.digests import FileStamp
from backups.models import Run
from backups.services.second_copies import SecondFile, store_seconds
from devices.models import Storage

AT = 1_790_000_000


@pytest.fixture
def page(on_nas):
    return f"/api/v1/devices/{on_nas.device_id}/"


@pytest.fixture
def second(nas):
    return Storage.objects.create(name="nas2", is_second=True, second_of=nas)


def test_a_device_tells_where_its_copies_are(person, on_nas, second, page):
    stamp = FileStamp(7, AT, AT, 1)
    file = SecondFile("digest", stamp, FileStamp(7, AT, AT, 2), AT)
    store_seconds(on_nas, second, {b"videos/a/1.h264": file, b"videos/b/2.h264": file})
    told = person("devices.view_device").get(page).json()
    assert (told["goes_to"], told["left"]) == (None, None)
    first, other = told["places"]
    assert first == dict.fromkeys(first, None) | {"storage": "nas1", "is_second": False}
    assert other["newest_proof_at"] == other["oldest_proof_at"] == "2026-09-21T14:13:20Z"
    assert (other["storage"], other["is_second"]) == ("nas2", True)
    assert (other["proven_files"], other["proven_bytes"]) == (2, 14)


def test_one_of_the_host_of_ethonode_says_so(person, device):
    told = person("devices.view_device").get(f"/api/v1/devices/{device.device_id}/").json()
    assert [place["storage"] for place in told["places"]] == [None]


def test_a_move_says_where_to(person, on_nas, page, queue):
    Storage.objects.create(name="nas3")
    answer = person("devices.move_device").post(f"{page}move/", {"to": "nas3"}, format="json")
    assert (answer.status_code, answer.json()["kind"]) == (202, "move")
    on_nas.refresh_from_db()
    assert on_nas.goes_to.name == Run.objects.get().storage.name == "nas3"
    assert on_nas.history.first().history_user.get_username() == "someone0"


def test_without_a_word_it_goes_where_it_was_set_to_go(person, on_nas, page, queue):
    on_nas.goes_to = Storage.objects.create(name="nas3")
    on_nas.save()
    assert person("devices.move_device").post(f"{page}move/").status_code == 202
    assert Run.objects.get().storage.name == "nas3"


@pytest.mark.parametrize("name", ["nowhere", "nas2", ""])
def test_no_place_and_a_second_place_are_nowhere_to_go(person, on_nas, second, page, name):
    answer = person("devices.move_device").post(f"{page}move/", {"to": name}, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["to"])
    on_nas.refresh_from_db()
    assert (on_nas.goes_to, Run.objects.count()) == (None, 0)
