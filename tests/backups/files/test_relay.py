"""Files of another storage come from the web server there, through this one."""

import json
import re
import threading
import time
import zipfile
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.core import signing

from devices.models import Device, Storage
from ethonode.relay import HEADER, SALT
from tests.served import served
from tests.servers import free_port

FILES = "/api/v1/files/"


@pytest.fixture
def nas(shelf, now):
    """The host of the files is the thread of the server; who asks in this one is another host."""
    with served() as url:
        storage = Storage.objects.create(name="nas1", url=url, heard_at=now)
        Device.objects.filter(pk=shelf.device.pk).update(storage=storage)
        yield storage


class ByThread(str):
    """The name of the storage that a thread is on; settings remember what they were asked for."""

    def __new__(cls):
        return super().__new__(cls, "nas1")

    def __init__(self):
        self.here = threading.current_thread()

    def __bool__(self):
        return threading.current_thread() is not self.here

    def __eq__(self, other):
        return str(other) == ("nas1" if self else "")

    __hash__ = str.__hash__


@pytest.fixture
def two_hosts(settings, nas):
    settings.STORAGE = ByThread()
    return nas


@pytest.fixture
def viewer(person):
    return person("backups.download_files", "devices.view_device", "backups.view_resultcopy")


def body(answer):
    return b"".join(answer.streaming_content)


def listed(viewer, device):
    answer = viewer.get(f"{FILES}?device={device.device_id}")
    return json.loads(body(answer))["results"]


def test_files_of_a_storage_are_listed_and_come_from_there(two_hosts, shelf, viewer):
    rows = listed(viewer, shelf.device)
    assert {row["name"] for row in rows} == set(shelf.paths)
    for row in rows:
        assert row["content"].startswith("http://testserver/")
        answer = viewer.get(row["content"].removeprefix("http://testserver"))
        assert body(answer) == shelf.paths[row["name"]].read_bytes()


def test_the_address_of_a_storage_is_in_nobodys_list_of_names(two_hosts, shelf, viewer, settings):
    """All hosts have the same, and it names this one."""
    settings.ALLOWED_HOSTS = ["testserver"]
    assert len(listed(viewer, shelf.device)) == len(shelf.paths)


def test_a_part_is_a_part_there_too(two_hosts, shelf, viewer):
    row = next(row for row in listed(viewer, shelf.device) if row["kind"] == "video")
    address = f"{FILES}{row['id']}/content/"
    answer = viewer.get(address, headers={"Range": "bytes=1000-1999"})
    whole = shelf.paths[row["name"]].read_bytes()
    assert (answer.status_code, answer["Content-Range"]) == (
        206, f"bytes 1000-1999/{len(whole)}"
    )  # fmt: skip
    assert body(answer) == whole[1000:2000]
    assert viewer.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_zip_comes_whole(two_hosts, shelf, viewer):
    answer = viewer.get(f"{FILES}zip/?device={shelf.device.device_id}")
    content = body(answer)
    assert len(content) == int(answer["Content-Length"])
    names = set(zipfile.ZipFile(BytesIO(content)).namelist())
    assert names == {*shelf.paths, "B2SUMS"}


def test_a_page_that_looks_into_a_copy_is_made_there(two_hosts, shelf, viewer):
    copy = shelf.device.copies.get()
    page = body(viewer.get(f"/admin/backups/resultcopy/{copy.pk}/preview/")).decode()
    assert "METADATA" in page


def test_a_form_on_a_page_from_there_can_be_sent_here(two_hosts, shelf, person):
    someone = person("backups.view_resultcopy", enforce_csrf_checks=True)
    someone.get("/admin/password_change/")  # a page of this host, with a form
    copy = shelf.device.copies.get()
    page = body(someone.get(f"/admin/backups/resultcopy/{copy.pk}/preview/")).decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    assert someone.post("/admin/logout/").status_code == 403
    assert someone.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 200


def test_who_may_not_is_refused_here_and_asks_nobody(two_hosts, shelf, person):
    copy = shelf.device.copies.get()
    assert person().get(f"{FILES}r{copy.pk}/content/").status_code == 403


def test_a_storage_that_does_not_answer_is_named(two_hosts, shelf, viewer):
    Storage.objects.update(url=f"http://127.0.0.1:{free_port()}")
    answer = viewer.get(f"{FILES}?device={shelf.device.device_id}")
    assert answer.status_code == 503
    assert "the web server of the storage “nas1” does not answer" in answer.content.decode()
    Storage.objects.update(url="")
    answer = viewer.get(f"{FILES}?device={shelf.device.device_id}")
    assert (answer.status_code, "no web server of it" in answer.content.decode()) == (503, True)


def test_all_devices_are_listed_but_for_what_lies_elsewhere(two_hosts, shelf, viewer):
    page = viewer.get(FILES).json()
    assert {row["kind"] for row in page["results"]} == {"database", "other"}
    assert ["ask for this device alone" in problem for problem in page["problems"]] == [True]


@pytest.mark.parametrize("wrong", ["path", "ended", "person", "foreign"])
def test_no_other_token_opens_a_door(shelf, client, settings, nas, wrong):
    settings.STORAGE = "nas1"
    address = f"{FILES}?device={shelf.device.device_id}"
    user = User.objects.create_user("boss", is_superuser=True, is_staff=True)
    told = {
        "path": "/admin/" if wrong == "path" else address,
        "user": 0 if wrong == "person" else user.pk,
        "until": time.time() - 400 if wrong == "ended" else time.time() + 60,
        "host": "testserver",
        "scheme": "http",
    }
    key = "another" if wrong == "foreign" else None
    token = signing.dumps(told, salt=SALT, key=key)
    assert client.get(address, headers={HEADER: token}).status_code == 403


def test_a_token_is_nothing_where_no_storage_is(shelf, client):
    told = {"path": FILES, "user": 1, "until": 9e9, "host": "testserver", "scheme": "http"}
    token = signing.dumps(told, salt=SALT)
    assert client.get(FILES, headers={HEADER: token}).status_code in {401, 403}
