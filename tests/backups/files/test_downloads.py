"""The bytes of one file: whole, in parts, of one content, under its name, for who may."""

import io
import json
import os
import sqlite3
import zipfile
from contextlib import closing

import pytest
from django.test import RequestFactory
from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from backups.api.ranges import Unsatisfiable, asked_part
from backups.engine.copies.errors import LocalChanged
from backups.models import ResultCopy
from devices.models import Experiment
from tests.backups.files.conftest import START, b2

ZIP = "/api/v1/files/zip/"
NAMES = ["a.db", 'quo"te.h264', "back\\slash.db", "ümläut.db", "a;b=c.h264", "%2e%2e.h264"]


def address(file):
    return f"/api/v1/files/{file.id}/content/"


def body(answer):
    return b"".join(answer) if answer.streaming else answer.content


@pytest.fixture
def video(shelf):
    return shelf.file(kind="video")


def test_it_comes_whole_under_its_name_and_is_never_shown(reader, shelf, video):
    answer = reader.get(address(video), HTTP_ACCEPT="video/webm")
    content = shelf.paths[video.name].read_bytes()
    assert body(answer) == content
    assert answer["Content-Length"] == str(len(content))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    head = reader.head(address(video))
    assert (head["Content-Length"], head["ETag"]) == (answer["Content-Length"], answer["ETag"])


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3000-99999", 3000, None),
        ("bytes=-99999", 0, None),
    ],
)
def test_a_part_is_that_part_of_the_whole(reader, shelf, video, asked, first, last):
    content = shelf.paths[video.name].read_bytes()
    answer = reader.get(address(video), HTTP_RANGE=asked)
    got = body(answer)
    assert (answer.status_code, got) == (206, content[first:last])
    start = first % len(content)
    told = f"bytes {start}-{start + len(got) - 1}/{len(content)}"
    assert (answer["Content-Range"], answer["Content-Length"]) == (told, str(len(got)))
    beyond = reader.get(address(video), HTTP_RANGE=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(content)}")


NUMBER = st.integers(0, 40) | st.integers(0, 10**19) | st.none()


@settings(max_examples=500)
@given(st.integers(0, 30), NUMBER, NUMBER)
@example(0, None, 0)
@example(0, 0, None)
def test_a_part_is_what_slices_say_it_is(size, first, last):
    words = ("" if one is None else str(one) for one in (first, last))
    request = RequestFactory().get("/", HTTP_RANGE=f"bytes={'-'.join(words)}")
    content = bytes(range(size))
    expected = content[first or 0 : None if last is None else last + 1]
    if first is None and last is not None:
        expected = content[max(size - last, 0) :]
    read_as_all = (first is None and last is None) or (None not in (first, last) and last < first)
    too_long = any(one is not None and one > 10**19 - 1 for one in (first, last))
    try:
        part = asked_part(request, size=size, etag='"x"', modified=1)
    except Unsatisfiable:
        assert not expected
        assert not read_as_all
        return
    if read_as_all or too_long:
        assert part == (0, size, True)
    else:
        assert content[part.start : part.start + part.length] == expected
        assert part.length == len(expected) > 0


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "chunks=0-1", "bytes=a-b", "bytes=-", "x"])
def test_what_is_no_single_part_is_the_whole(reader, video, asked):
    answer = reader.get(address(video), HTTP_RANGE=asked)
    assert (answer.status_code, len(body(answer))) == (200, video.size_bytes)


def test_a_part_is_of_the_content_that_was_begun_or_all_of_the_new_one(reader, shelf, video):
    first = reader.get(address(video))
    body(first)
    both = {"HTTP_RANGE": "bytes=10-", "HTTP_IF_RANGE": first["ETag"]}
    assert reader.get(address(video), **both).status_code == 206
    assert reader.get(address(video), HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    assert reader.get(address(video), HTTP_IF_MATCH='"x"').status_code == 412
    date = {"HTTP_RANGE": "bytes=10-", "HTTP_IF_RANGE": first["Last-Modified"]}
    assert reader.get(address(video), **date).status_code == 206
    path = shelf.paths[video.name]
    path.write_bytes(path.read_bytes()[::-1])
    again = reader.get(address(video), **both)
    assert (again.status_code, body(again)) == (200, path.read_bytes())


def test_what_changes_while_it_is_sent_ends_short(reader, shelf, video):
    path = shelf.paths[video.name]
    path.write_bytes(os.urandom(3 << 20))
    answer = reader.get(address(video))
    pieces = iter(answer)
    next(pieces)
    with path.open("r+b") as file:
        file.write(b"another")
    with pytest.raises(LocalChanged):
        list(pieces)


def test_a_database_that_is_written_comes_as_one_moment(reader, shelf):
    Experiment.objects.create(
        device=shelf.device,
        filename=shelf.database.name,
        growing=True,
        first_seen_at="2026-11-20T10:00Z",
        listed_at="2026-11-20T10:00Z",
    )
    file = shelf.file(kind="database")
    assert file.growing
    with closing(sqlite3.connect(shelf.database)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("INSERT INTO ROI_1 (t, x) VALUES (1, 1)")
        writer.commit()
        writer.execute("INSERT INTO ROI_1 (t, x) VALUES (1, 1)")  # not there yet
        got = body(reader.get(address(file)))
    (shelf.root / "got.db").write_bytes(got)
    with closing(sqlite3.connect(shelf.root / "got.db")) as there:
        assert there.execute("SELECT COUNT(*) FROM ROI_1").fetchone() == (51,)
    assert list((shelf.root / "moments").iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name_and_nothing_else(reader, shelf, name):
    copy = ResultCopy.objects.get()
    lies_at = shelf.database.with_name(name)
    lies_at.write_bytes(b"x")
    ResultCopy.objects.filter(pk=copy.pk).update(
        path=str(lies_at.relative_to(shelf.root / "results"))
    )
    answer = reader.get(f"/api/v1/files/r{copy.pk}/content/")
    assert body(answer) == b"x"
    told = answer["Content-Disposition"]
    assert "\n" not in told
    assert "\r" not in told
    assert told.startswith(("attachment; filename=", "attachment; filename*=utf-8''"))


def test_who_may_not_gets_no_byte_and_each_download_is_told(person, reader, shelf, video):
    looker = person("devices.view_device")
    assert looker.get(address(video)).status_code == 403
    assert looker.get(ZIP, {"recording": START}).status_code == 403
    with capture_logs() as lines:
        answer = reader.get(address(video))
        body(answer)
        answer.close()
    [line] = [line for line in lines if line["event"] == "file downloaded"]
    assert line["file"] == video.name
    assert (line["bytes"], line["whole"]) == (video.size_bytes, True)
    assert line["user"].startswith("someone")


def test_what_is_gone_or_something_else_is_said(reader, shelf, video):
    path = shelf.paths[video.name]
    path.unlink()
    assert reader.get(address(video)).status_code == 404
    path.symlink_to("/etc/passwd")
    answer = reader.get(address(video))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_served")
    assert str(shelf.root) not in answer.json()["detail"]


@pytest.mark.parametrize(
    ("setting", "header"), [("x-accel-redirect", "X-Accel-Redirect"), ("x-sendfile", "X-Sendfile")]
)
def test_a_web_server_in_front_sends_videos_itself(reader, shelf, video, settings, setting, header):
    settings.SENDFILE = setting
    answer = reader.get(address(video))
    before = {"x-accel-redirect": "/saved/", "x-sendfile": f"{shelf.root}/"}[setting]
    assert answer[header].replace("%40", "@") == before + video.name
    assert body(answer) == b""
    database = reader.get(address(shelf.file(kind="database")))
    assert header not in database
    assert body(database) == shelf.database.read_bytes()


def test_a_zip_has_the_same_bytes_and_sums_that_hold(reader, shelf):
    answer = reader.get(ZIP, {"device": shelf.device.device_id})
    content = body(answer)
    assert answer["Content-Length"] == str(len(content))
    assert (answer["X-Files"], answer["X-Files-Left-Out"]) == ("5", "0")
    assert f'filename="{shelf.device.device_id}.zip"' in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        assert read.testzip() is None
        sums = read.read("B2SUMS").decode()
        for name, path in shelf.paths.items():
            assert read.read(name) == path.read_bytes()
            assert f"{b2(path.read_bytes())}  {name}\n" in sums
        assert len(read.namelist()) == len(shelf.paths) + 1


def test_a_zip_names_what_is_not_there_and_breaks_off_at_what_changes(reader, shelf):
    _first, second, third = sorted(shelf.videos.iterdir())
    second.unlink()
    answer = reader.get(ZIP, {"recording": START})
    assert answer["X-Files-Left-Out"] == "1"
    with zipfile.ZipFile(io.BytesIO(body(answer))) as read:
        assert second.name in read.read("LEFT-OUT.txt").decode()
        assert len(read.namelist()) == 4
    answer = reader.get(ZIP, {"recording": START})
    third.write_bytes(third.read_bytes()[::-1])
    with pytest.raises(LocalChanged):
        body(answer)


def test_a_zip_of_a_selection_and_never_of_everything(reader, shelf, video):
    ids = f"{video.id},{shelf.file(kind='database').id}"
    with zipfile.ZipFile(io.BytesIO(body(reader.get(ZIP, {"ids": ids})))) as read:
        assert len(read.namelist()) == 3
    assert reader.get(ZIP).status_code == 400
    assert reader.get(ZIP, {"ids": "r999999"}).status_code == 404
    assert reader.get(ZIP, {"ids": ",".join(["r1"] * 1001)}).status_code == 400
    assert json.loads(reader.get(ZIP, {"kind": "cake"}).content)["errors"]
