"""Which database files a device has on the disk; could-not-look is never "none"."""

import os
import resource
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from backups.engine.copies import ResultsUnreadable, find_copies, folders

ID = "0192c3d4e5f60718293a4b5c6d7e8f90"
RUN = f"{ID}/ETHOSCOPE_019/2026-01-02_03-04-05"
NAME = f"2026-01-02_03-04-05_{ID}.db"


@pytest.fixture
def put(tmp_path):
    def make(path, content=b"x"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
        return tmp_path / path

    return make


def paths(root):
    return [copy.path for copy in find_copies(root, ID)]


def test_a_copy_is_told_by_path_size_and_age(tmp_path, put):
    os.utime(put(f"{RUN}/{NAME}", b"12345"), (0, 1767323045))
    [copy] = find_copies(tmp_path, ID)
    assert (copy.path, copy.filename, copy.size_bytes) == (f"{RUN}/{NAME}", NAME, 5)
    assert copy.modified_at == datetime.fromtimestamp(1767323045, UTC)
    assert (copy.wal_bytes, copy.has_journal) == (None, False)


def test_what_sqlite_keeps_beside_it_is_told(tmp_path, put):
    for suffix in ("", "-wal", "-shm", "-journal", ".lock", ".completed"):
        put(f"{RUN}/{NAME}{suffix}", b"123")
    [copy] = find_copies(tmp_path, ID)
    assert (copy.wal_bytes, copy.has_journal) == (3, True)


@pytest.mark.parametrize(
    "path",
    [
        f"{RUN}/.{NAME}.Xy12ab",
        f"{RUN}/.{NAME}",
        f"{RUN}/x.h264",
        f"{RUN}/x.txt",
        f"{ID}/.cache/a.db",
        f"{ID}/1/2/3/4/5/too_deep.db",
        f"{ID}/bell\a.db",
        f"{ID}/{'n' * 220}.db",
        f"other/E/r/{NAME}",
    ],
)
def test_what_is_no_copy_of_this_device_is_not_counted(tmp_path, put, path):
    (tmp_path / ID).mkdir()
    put(path)
    assert paths(tmp_path) == []


def test_a_renamed_device_has_the_same_file_twice(tmp_path, put):
    put(f"{ID}/OLD/r/{NAME}")
    put(f"{ID}/NEW/r/{NAME}")
    assert paths(tmp_path) == [f"{ID}/NEW/r/{NAME}", f"{ID}/OLD/r/{NAME}"]


@pytest.mark.parametrize("depth", range(5))
def test_copies_are_found_at_any_depth_down_to_the_fifth(tmp_path, put, depth):
    path = "/".join([ID, *"abcd"[:depth], NAME])
    put(path)
    assert paths(tmp_path) == [path]


def test_links_are_not_followed(tmp_path, put):
    outside = put(f"elsewhere/{NAME}")
    (tmp_path / ID).mkdir()
    (tmp_path / ID / "folder").symlink_to(outside.parent)
    (tmp_path / ID / "file.db").symlink_to(outside)
    assert paths(tmp_path) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_only_files_are_copies(tmp_path, make):
    (tmp_path / ID).mkdir()
    make(tmp_path / ID / "a.db")
    assert paths(tmp_path) == []


def test_a_device_without_a_folder_has_no_copies(tmp_path):
    (tmp_path / "other").mkdir()
    assert find_copies(tmp_path, ID, known=True) == []
    assert find_copies(tmp_path, ID) == []


def test_an_empty_root_that_held_copies_is_a_lost_mount(tmp_path):
    with pytest.raises(ResultsUnreadable, match="not mounted"):
        find_copies(tmp_path, ID, known=True)


def test_a_root_that_is_not_there_cannot_be_read(tmp_path):
    with pytest.raises(ResultsUnreadable, match="No such file"):
        find_copies(tmp_path / "none", ID)


def test_a_root_that_is_no_folder_cannot_be_read(put):
    with pytest.raises(ResultsUnreadable, match="Not a directory"):
        find_copies(put("file"), ID)


@pytest.mark.parametrize("make", ["file", "link"])
def test_a_device_folder_that_is_none_cannot_be_read(tmp_path, put, make):
    if make == "file":
        put(ID)
    else:
        put(f"elsewhere/{NAME}")
        (tmp_path / ID).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ResultsUnreadable, match=ID):
        find_copies(tmp_path, ID)


@pytest.mark.parametrize("device_id", ["..", ".", "", "a/b", "a\0", "x" * 65])
def test_an_impossible_device_is_not_looked_for(tmp_path, device_id):
    with pytest.raises(ResultsUnreadable, match="cannot be the name"):
        find_copies(tmp_path, device_id)


@contextmanager
def only_one_more_file_may_be_opened():
    """Stands in for a missing permission, which would not stop root."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_one = os.dup(0)
    os.close(next_one)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one + 1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_folder_that_cannot_be_opened_is_an_error(tmp_path, put):
    put(f"{RUN}/{NAME}")
    with only_one_more_file_may_be_opened(), pytest.raises(ResultsUnreadable) as caught:
        find_copies(tmp_path, ID)
    assert str(caught.value) == f"{ID}: Too many open files"


def test_a_root_replaced_while_it_is_read_is_an_error(tmp_path, put):
    put(f"root/{RUN}/{NAME}")
    (tmp_path / "other").mkdir()
    with folders._opened(tmp_path / "other") as other, pytest.raises(ResultsUnreadable):
        folders._refuse_if_replaced(tmp_path / "root", other)


def test_an_absurd_time_is_still_a_time(tmp_path, put):
    os.utime(put(f"{RUN}/{NAME}"), (0, -1e10))
    assert find_copies(tmp_path, ID)[0].modified_at == datetime.fromtimestamp(0, UTC)


def test_the_fingerprint_changes_with_the_file_and_with_its_wal(tmp_path, put):
    path = put(f"{RUN}/{NAME}")
    seen = [find_copies(tmp_path, ID)[0].fingerprint]
    for change in (
        lambda: path.write_bytes(b"xy"),
        lambda: os.utime(path, (0, 5)),
        lambda: put(f"{RUN}/{NAME}-wal"),
        lambda: put(f"{RUN}/{NAME}-wal", b"more"),
    ):
        change()
        seen.append(find_copies(tmp_path, ID)[0].fingerprint)
    assert len(set(seen)) == 5
    assert find_copies(tmp_path, ID)[0].fingerprint == seen[-1]
