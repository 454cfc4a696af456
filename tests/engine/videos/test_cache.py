"""The cache file: whatever is in its place, nothing runs, and what is wrong is said."""

import os
import pickle
import time
from pathlib import Path

import pytest

from backups.engine.videos.cache import (
    VERSION,
    BadDeviceId,
    CacheFile,
    CacheUnwritable,
)
from backups.engine.videos.folder import VideoCache
from tests.engine.videos.children import in_child, with_a_full_disk
from tests.engine.videos.conftest import DEVICE

MARK = b"ethonode video cache"


@pytest.fixture
def saved(tree, cache_file):
    """The cache of a scan of two recordings, on the disk."""
    for number in range(1, 200):
        tree.chunk(number)
    tree.chunk(1, recording="ETHOSCOPE_019/other")
    cache = tree.scan().cache
    cache_file.save(cache)
    return cache


def sign(file, data):
    file.directory.mkdir(exist_ok=True)
    file.path.write_bytes(data + MARK + file._signature(data))


def content(**changes):
    return {"version": VERSION, "timestamp": 1.0, "disk": 1, "files": {}} | changes


def test_what_was_saved_is_loaded(cache_file, saved):
    assert cache_file.load() == saved


def test_the_file_is_a_pickle_of_a_dict_with_files_and_timestamp(cache_file, saved):
    stored = pickle.loads(cache_file.path.read_bytes())  # noqa: S301 - written a line above
    assert stored["files"].keys() == saved.folders.keys()
    assert stored["timestamp"] == saved.timestamp


def test_its_place_and_name_are_those_of_the_old_node(tmp_path):
    file = CacheFile(directory=tmp_path / ".cache", device_id=DEVICE, secret=b"")
    assert file.path == tmp_path / ".cache" / f"video_cache_{DEVICE}.pkl"


def test_a_missing_cache_is_an_empty_one(cache_file):
    assert cache_file.load() == VideoCache()
    assert cache_file.raw() == {"files": {}, "timestamp": 0}


def test_the_raw_dict_of_a_saved_cache(cache_file, saved):
    assert cache_file.raw() == {"files": saved.folders, "timestamp": saved.timestamp}


@pytest.mark.parametrize(
    "device_id", ["", "..", "a/b", "a\0", "a\n", "é", "x" * 65, "/etc/passwd", ".hidden", "a b"]
)
def test_an_id_that_could_leave_the_folder_is_refused(tmp_path, device_id):
    with pytest.raises(BadDeviceId):
        CacheFile(directory=tmp_path, device_id=device_id, secret=b"")


@pytest.mark.parametrize("device_id", [DEVICE, "VIR0123456789ab", "NO_ID_AVAILABLE", "a-b"])
def test_ids_of_any_kind_of_device_are_accepted(tmp_path, device_id):
    assert CacheFile(directory=tmp_path, device_id=device_id, secret=b"").load() == VideoCache()


class Planted:
    """Unpickled freely, it would leave a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("signed", [True, False])
def test_a_pickle_that_would_run_code_runs_nothing(tree, cache_file, tmp_path, signed):
    tree.chunk(1)
    data = pickle.dumps(content(files={b"": Planted(tmp_path / "planted")}))
    sign(cache_file, data)
    if not signed:
        cache_file.path.write_bytes(data)
    cache = cache_file.load()
    assert cache.problem
    assert not (tmp_path / "planted").exists()
    assert tree.scan(cache).recordings == tree.scan().recordings


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        MARK,
        MARK + b"x" * 32,
        b"\0" * 5000,
        bytes(number * number % 251 for number in range(5000)),
        pickle.dumps([1, 2]),
    ],
    ids=["empty", "one byte", "mark", "mark and no signature", "zeros", "random", "unsigned list"],
)
def test_what_was_never_ours_is_absent_and_said_to_be_so(cache_file, data):
    cache_file.directory.mkdir()
    cache_file.path.write_bytes(data)
    cache = cache_file.load()
    assert (cache.folders, cache.timestamp) == ({}, 0)
    assert str(cache_file.path) in cache.problem


def test_a_file_cut_short_anywhere_is_absent(cache_file, saved):
    whole = cache_file.path.read_bytes()
    for length in range(0, len(whole), 37):
        cache_file.path.write_bytes(whole[:length])
        assert cache_file.load().problem


def test_a_file_with_one_bit_turned_is_absent(cache_file, saved):
    whole = bytearray(cache_file.path.read_bytes())
    for place in range(0, len(whole), 37):
        whole[place] ^= 1
        cache_file.path.write_bytes(whole)
        assert cache_file.load().problem
        whole[place] ^= 1


def test_another_devices_cache_is_absent(cache_file, saved):
    other = CacheFile(directory=cache_file.directory, device_id="other", secret=cache_file.secret)
    cache_file.path.rename(other.path)
    assert "not what this installation wrote for this device" in other.load().problem


def test_another_installations_cache_is_absent(cache_file, saved):
    other = CacheFile(directory=cache_file.directory, device_id=DEVICE, secret=b"another lab")
    assert "not what this installation wrote" in other.load().problem


def test_what_an_old_node_wrote_names_the_cure(cache_file, saved):
    old = {"files": {"a_00001.h264": {"size_bytes": 100, "path": "x"}}, "timestamp": 1.5}
    cache_file.path.write_bytes(pickle.dumps(old))
    assert "ETHONODE_CACHE_DIR" in cache_file.load().problem


EMPTY = (0, 0, b"\0\0")
SUMMARY = (0, 0, "", "", None, (), 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        {},
        content(version="0 little"),
        content(files=[]),
        content(timestamp="1"),
        content(files={"text": None}),
        content(files={b"": ()}),
        content(files={b"": (None, 1, (), EMPTY, EMPTY, "summary")}),
        content(files={b"": (None, 1, ("text",), EMPTY, EMPTY, SUMMARY)}),
        content(files={b"": (None, 1, (), (1, *EMPTY[1:]), EMPTY, SUMMARY)}),
        content(files={b"": (None, 1, (), (0, 0, b"\1\0"), EMPTY, SUMMARY)}),
    ],
)  # fmt: skip
def test_signed_but_of_the_wrong_types_or_an_older_form_is_absent(cache_file, wrong):
    sign(cache_file, pickle.dumps(wrong))
    assert cache_file.load().problem


def test_signed_and_of_the_right_types_is_taken(cache_file):
    files = {b"": (None, 1, (), EMPTY, EMPTY, SUMMARY)}
    sign(cache_file, pickle.dumps(content(files=files)))
    assert cache_file.load().folders == files


def test_signed_but_no_pickle_is_absent(cache_file):
    sign(cache_file, b"\x80\x05no pickle")
    assert "cannot be read" in cache_file.load().problem


def test_a_file_of_a_gigabyte_is_not_read(cache_file, saved):
    os.truncate(cache_file.path, 2**30)
    assert "larger than" in cache_file.load().problem


def make_link(path, target):
    target.mkdir()
    path.symlink_to(target)


@pytest.mark.parametrize("kind", ["file", "link", "no parent"])
def test_a_cache_folder_that_is_none_costs_the_cache_alone(tree, cache_file, tmp_path, kind):
    tree.chunk(1)
    directory = tmp_path / "missing" / "cache" if kind == "no parent" else tmp_path / "cache"
    file = CacheFile(directory=directory, device_id=DEVICE, secret=b"s")
    if kind == "file":
        directory.touch()
    if kind == "link":
        make_link(directory, tmp_path / "target")
    result = tree.scan(file.load())
    with pytest.raises(CacheUnwritable, match=f"video_cache_{DEVICE}.pkl: "):
        file.save(result.cache)
    assert result.chunk_count == 1
    assert not any(path.name.startswith("video_cache") for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_something_else_under_the_files_name_is_absent(cache_file, make):
    cache_file.directory.mkdir()
    make(cache_file.path)
    assert "is no file" in cache_file.load().problem


def test_a_link_under_the_files_name_is_not_followed_and_is_replaced(cache_file, saved, tmp_path):
    cache_file.path.rename(tmp_path / "elsewhere")
    cache_file.path.symlink_to(tmp_path / "elsewhere")
    assert "is a link" in cache_file.load().problem
    cache_file.save(saved)
    assert not cache_file.path.is_symlink()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tree, cache_file, saved):
    before = cache_file.path.read_bytes()
    more = tree.scan(now=tree.now + 5).cache

    def save():
        try:
            cache_file.save(more)
        except CacheUnwritable as problem:
            return str(problem)

    assert "File too large" in with_a_full_disk(save, most_bytes=1000)
    assert [path.name for path in cache_file.directory.iterdir()] == [cache_file.name]
    assert cache_file.path.read_bytes() == before


def test_a_cache_too_large_to_be_read_again_is_not_written(cache_file, saved, monkeypatch):
    monkeypatch.setattr("backups.engine.videos.cache.MOST_BYTES", 100)
    with pytest.raises(CacheUnwritable, match="larger than 100 bytes"):
        cache_file.save(saved)


def test_what_a_killed_writer_left_is_removed_later(cache_file, saved):
    left = cache_file.directory / f".{cache_file.name}.0123"
    mine = cache_file.directory / "notes.txt"
    for path in (left, mine):
        path.touch()
        os.utime(path, (1, 1))
    cache_file.save(saved)
    assert not left.exists()
    assert mine.exists()


def test_two_writers_and_a_reader_never_meet_half_a_file(tree, cache_file, saved):
    caches = [tree.scan(now=tree.now + number).cache for number in range(2)]
    end = time.monotonic() + 0.5

    def write(cache):
        while time.monotonic() < end:
            cache_file.save(cache)

    child = os.fork()
    if not child:
        write(caches[0])
        os._exit(0)
    reads = in_child(lambda: [cache_file.load().problem for _ in range(100)])
    write(caches[1])
    os.waitpid(child, 0)
    assert not any(reads)
    assert cache_file.load() in caches


def test_a_chunk_costs_few_bytes(tree, cache_file, saved):
    assert cache_file.path.stat().st_size < 60 * 200
