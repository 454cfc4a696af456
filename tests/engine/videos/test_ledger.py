"""What is remembered of a recording: packed, and given back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.videos.held import (
    files_of,
    foreign_names,
    mark_of,
    parts_by_name,
    parts_of,
)
from backups.engine.videos.ledger import Here, KnownFile, pack_items, unpack_items
from backups.engine.videos.names import is_of, is_recorded, is_video, numbered, recording_key
from backups.engine.videos.spans import spans
from tests.engine.videos.chunks import STAMP, chunk
from tests.engine.videos.conftest import DEVICE

file_names = st.binary(min_size=1, max_size=60).filter(lambda name: b"/" not in name)
numbers = st.integers(0, 2**32 - 1)
files = st.builds(
    KnownFile,
    told=st.integers(0, 2**64 - 1),
    held=st.integers(0, 2**64 - 1),
    known=numbers,
    seen=numbers,
    flags=st.integers(0, 255),
)


@given(st.dictionaries(file_names | st.integers(1, 10**6).map(chunk), files, max_size=20))
def test_what_is_packed_comes_back(items):
    assert unpack_items(pack_items(items)) == items


def test_a_chunk_costs_thirty_bytes():
    items = {chunk(number): KnownFile() for number in range(1, 301)}
    assert len(pack_items(items)) <= 30 * len(items)


def test_content_is_told_apart_by_size_time_and_last_touch():
    contents = {
        Here(b"", size, modified, touched).content
        for size in (1, 2) for modified in (1, 2) for touched in (1, 2)
    }  # fmt: skip
    assert len(contents) == 8


@pytest.mark.parametrize(
    ("folder", "name", "key"),
    [
        (b"E/2026-01-04_00-00-00", chunk(1), STAMP.encode()),
        (b"E/2026-01-04_00-00-00", b"notes.txt", b"2026-01-04_00-00-00"),
        (b"E", chunk(1, suffix="avi"), STAMP.encode()),
        (b"E", b"old.h264", b"E"),
        (b"", b"index.html", b"."),
    ],
)
def test_a_recording_is_known_by_its_start(folder, name, key):
    assert recording_key(folder, name) == key


def test_the_number_is_read_from_the_right():
    place = numbered(chunk(12))
    assert (place.number, place.digits, place.after) == (12, 5, b".h264")
    assert numbered(b"2026_merged.mp4") is None


@pytest.mark.parametrize(
    ("name", "video", "recorded"),
    [
        (b"a_1.h264", True, True),
        (b"a_1.avi", True, True),
        (b"a_1.mp4", True, False),
        (b"a_merged.mp4", False, False),
        (b".a_1.h264", False, False),
        (b"a_1.h264.md5", False, False),
    ],
)
def test_what_only_a_device_makes_is_told_from_what_may_be_made_here(name, video, recorded):
    assert (is_video(name), is_recorded(name)) == (video, recorded)


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        (chunk(1), True),
        (chunk(1, device="0" * 32), False),
        (chunk(1, device=DEVICE + "x"), False),
        (b"whatever.h264", True),
    ],
)
def test_a_name_says_whose_chunk_it_is(name, is_ours):
    assert is_of(name, DEVICE.encode()) is is_ours


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([chunk(5)], "chunk 5"),
        ([chunk(n) for n in (1, 2, 3, 7)], "chunks 1-3, 7 (4)"),
        ([chunk(n) for n in range(1, 40, 2)], "chunks 1, 3, 5, 7, 9, 11, 13, 15, … (20)"),
        ([b"a.txt", chunk(1)], "chunk 1 and a.txt"),
        ([b"a", b"b", b"c", b"d"], "a, b, c and 1 more"),
    ],
)
def test_many_chunks_are_named_in_few_words(names, text):
    assert spans(names) == text


def test_of_a_renamed_device_the_better_file_counts(tree):
    tree.chunk(1, recording=f"ETHOSCOPE_001/{STAMP}", size=10)
    tree.chunk(1, recording=f"ETHOSCOPE_002/{STAMP}", size=20)
    (parts,) = parts_of(tree.scan().cache).values()
    assert [file.size for file in files_of(parts).values()] == [20]


def test_a_folder_with_chunks_of_two_recordings_is_parted(tree):
    tree.chunk(1)
    tree.file(chunk(1, stamp="2026-02-02_00-00-00").decode())
    assert set(parts_by_name(tree.scan().cache)) == {STAMP, "2026-02-02_00-00-00"}


def test_what_rsync_hides_is_no_part_of_a_recording(tree):
    tree.chunk(1, recording=f"E/.~tmp~/{STAMP}")
    assert parts_of(tree.scan().cache) == {}


def test_chunks_of_another_device_are_named(tree):
    tree.chunk(1)
    name = chunk(1, device="0" * 32)
    tree.file(name.decode())
    assert foreign_names(tree.scan().cache, DEVICE.encode()) == [name]


@pytest.mark.parametrize("change", ["size", "name", "none"])
def test_a_mark_is_another_one_when_anything_changed(tree, change):
    path = tree.chunk(1)
    ((_, before),) = parts_of(tree.scan().cache).items()
    if change == "size":
        path.write_bytes(b"more")
        tree.age(path, days=40)
    elif change == "name":
        path.rename(path.with_name(chunk(2).decode()))
    ((_, after),) = parts_of(tree.scan().cache).items()
    assert (mark_of(before) == mark_of(after)) is (change == "none")
