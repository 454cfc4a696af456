"""The cache file: whatever is in its place, nothing runs, and what is wrong is said."""

import pickle
from pathlib import Path

import pytest

from backups.engine.videos.cache import VERSION, BadDeviceId, CacheFile
from backups.engine.videos.folder import VideoCache
from tests.engine.videos.conftest import DEVICE

MARK = b"ethonode video cache"


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


def test_what_an_earlier_version_wrote_is_not_said_to_be_damaged(cache_file):
    of_version_1 = (0, b"", b"", b"", b"", b"", b"", 0)
    files = {b"": (None, 1, (), of_version_1, of_version_1, SUMMARY)}
    sign(cache_file, pickle.dumps(content(version="1 little", files=files)))
    assert "is of another version ('1 little')" in cache_file.load().problem


def test_signed_and_of_the_right_types_is_taken(cache_file):
    files = {b"": (None, 1, (), EMPTY, EMPTY, SUMMARY)}
    sign(cache_file, pickle.dumps(content(files=files)))
    assert cache_file.load().folders == files


def test_signed_but_no_pickle_is_absent(cache_file):
    sign(cache_file, b"\x80\x05no pickle")
    assert "cannot be read" in cache_file.load().problem
