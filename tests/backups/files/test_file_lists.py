"""`/api/v1/files/`: every saved file, once, with the digest of the content that was read."""

import csv
import subprocess
import zipfile
from io import BytesIO

import pytest

from backups.models import ResultCopy
from backups.services.videos import cache_file
from tests.backups.files.conftest import START, b2

FILES = "/api/v1/files/"


def names(answer):
    return [file["name"] for file in answer.json()["results"]]


def test_every_saved_file_is_there_once_with_its_digest(reader, shelf):
    answer = reader.get(FILES).json()
    assert answer["next"] is None
    assert answer["problems"] == []
    assert {file["name"] for file in answer["results"]} == set(shelf.paths)
    for file in answer["results"]:
        content = shelf.paths[file["name"]].read_bytes()
        assert file["size_bytes"] == len(content)
        assert file["blake2b"] == ("" if file["kind"] == "other" else b2(content))
        assert b"".join(reader.get(file["content"])) == content


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_follow_one_another_to_the_last(reader, shelf, limit):
    found, following = [], f"{FILES}?limit={limit}"
    while following:
        page = reader.get(following)
        found += names(page)
        following = page.json()["next"]
    assert len(found) == len(set(found)) == 5


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"kind": "database"}, 1),
        ({"kind": "video"}, 3),
        ({"kind": "other"}, 1),
        ({"recording": START}, 3),
        ({"recording": f"ETHOSCOPE_019/{START}"}, 3),
        ({"recording": "another"}, 0),
        ({"search": "_00002.H264"}, 1),
        ({"search": "ethoscope_019/2026"}, 4),
        ({"search": "dump"}, 1),
        ({"search": f"{START}/{START}"}, 4),
        ({"search": f"019/{START}/{START}_0192c3d4e5f60718293a4b5c6d7e8f90_1"}, 3),
        ({"search": f"{START}/another"}, 0),
        ({"device": "f" * 32}, 0),
    ],
)
def test_what_is_asked_for_is_given(reader, shelf, asked, count):
    assert len(names(reader.get(FILES, asked))) == count


def test_an_experiment_is_its_database(reader, shelf):
    assert names(reader.get(FILES, {"experiment": shelf.database.name})) == [
        str(shelf.database.relative_to(shelf.root))
    ]


def test_what_was_written_since_it_was_read_has_no_digest(reader, shelf):
    ResultCopy.objects.update(fingerprint="another")
    [file] = reader.get(FILES, {"kind": "database"}).json()["results"]
    assert file["blake2b"] == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"cursor": "x"},
        {"cursor": "WyIiLCIiLCIiLCIiXQ=="},
        {"limit": 0},
        {"kind": "cake"},
        {"devise": "x"},
        {"fields": "name,cake"},
        {"format": "xml"},
        {"format": "csv", "limit": 1},
        {"device": "../x"},
    ],
)
def test_what_cannot_be_is_refused(reader, shelf, asked):
    assert reader.get(FILES, asked).status_code == 400


def test_a_device_whose_names_are_lost_is_a_problem_and_not_an_empty_list(reader, shelf):
    cache_file(shelf.device.device_id).path.write_bytes(b"planted")
    answer = reader.get(FILES, {"kind": "video"}).json()
    assert answer["results"] == []
    assert "not written by this installation" in answer["problems"][0]
    for whole in (f"{FILES}b2sums/?kind=video", f"{FILES}?kind=video&format=csv"):
        refused = reader.get(whole)
        assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    packed = reader.get(f"{FILES}zip/", {"device": shelf.device.device_id})
    with zipfile.ZipFile(BytesIO(b"".join(packed))) as read:
        assert "not written by this installation" in read.read("LEFT-OUT.txt").decode()


def test_the_digests_are_a_list_that_b2sum_takes(reader, shelf):
    answer = reader.get(f"{FILES}b2sums/", {"device": shelf.device.device_id})
    sums = b"".join(answer)
    checked = subprocess.run(
        ["b2sum", "-c"], input=sums, cwd=shelf.root, capture_output=True, check=True
    )
    assert checked.stdout.count(b": OK") == 4


def test_a_table_has_every_file_and_of_each_what_is_asked_for(reader, shelf):
    answer = reader.get(FILES, {"format": "csv", "fields": "name,size_bytes,growing"})
    first, *rows = csv.reader(b"".join(answer).decode().splitlines())
    assert first == ["name", "size_bytes", "growing"]
    assert {name: int(size) for name, size, _ in rows} == {
        name: path.stat().st_size for name, path in shelf.paths.items()
    }


def test_who_has_the_list_is_told_that_nothing_changed(reader, shelf):
    asked = {"fields": "name,blake2b"}
    etag = reader.get(FILES, asked)["ETag"]
    assert reader.get(FILES, asked, headers={"If-None-Match": etag}).status_code == 304
    ResultCopy.objects.update(fingerprint="another")  # written: it has a digest no more
    assert reader.get(FILES, asked, headers={"If-None-Match": etag}).status_code == 200
