"""Pages of chunk names out of memory: in order, none twice, none left out."""

import pytest

from backups.engine.videos.folder import VideoCache, iter_chunks
from backups.engine.videos.pages import Position, find_chunks

FIRST, SECOND = "ETHOSCOPE_019/2026-01-03_10-00-00", "ETHOSCOPE_019/2026-01-04_10-00-00"


@pytest.fixture
def cache(tree):
    for number in range(1, 6):
        tree.chunk(number, recording=FIRST, size=100 + number)
    for number in range(1, 4):
        tree.chunk(number, recording=SECOND, size=200 + number)
    tree.file("Other_Video.h264", recording=SECOND)
    tree.file("notes.txt", recording=SECOND)
    (tree.device_dir / "EMPTY").mkdir()
    return tree.scan().cache


def sizes(found):
    return [one.chunk.size_bytes for one in found]


def test_all_chunks_come_in_the_order_of_folder_and_name(cache):
    found = [one.chunk for one in find_chunks(cache, limit=100)]
    assert found == list(iter_chunks(cache))
    assert [chunk.folder for chunk in found] == [FIRST] * 5 + [SECOND] * 4


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_pages_of_any_size_name_each_chunk_once(cache, limit):
    found, after = [], None
    for _ in range(9):
        page = find_chunks(cache, limit=limit, after=after)
        assert len(page) <= limit
        found += page
        after = page[-1].position if page else after
    assert found == find_chunks(cache, limit=100)


def test_a_page_goes_on_after_a_chunk_that_was_deleted_since(cache):
    third = find_chunks(cache, limit=3)[-1]
    before_it = Position(third.position.folder, third.position.name[:-5])
    assert find_chunks(cache, limit=1, after=before_it) == [third]


def test_a_page_goes_on_after_a_folder_that_is_gone(cache):
    gone = Position(f"{FIRST}-gone".encode(), b"z")
    assert [one.chunk.folder for one in find_chunks(cache, limit=9, after=gone)] == [SECOND] * 4


def test_one_recording_alone(cache):
    assert sizes(find_chunks(cache, limit=100, recording=FIRST)) == [101, 102, 103, 104, 105]
    assert find_chunks(cache, limit=100, recording="ETHOSCOPE_019") == []


@pytest.mark.parametrize("text", ["other_video", "OTHER", "_Video.h"])
def test_a_search_takes_any_case(cache, text):
    (found,) = find_chunks(cache, limit=100, search=text)
    assert found.chunk.name == "Other_Video.h264"


@pytest.mark.parametrize("text", ["nothing", "notes", "/", "h264/2026"])
def test_a_search_that_fits_no_chunk_finds_none(cache, text):
    assert find_chunks(cache, limit=100, search=text) == []


def test_a_search_finds_what_fits_and_no_more(cache):
    assert sizes(find_chunks(cache, limit=100, search="00002.h264")) == [102, 202]


def test_a_chunk_has_its_size_and_time(tree, cache):
    chunk = find_chunks(cache, limit=1)[0].chunk
    path = tree.device_dir / FIRST / chunk.name
    assert chunk.size_bytes == path.stat().st_size
    assert chunk.modified_at.timestamp() == pytest.approx(path.stat().st_mtime)


def test_nothing_remembered_is_no_page():
    assert find_chunks(VideoCache(), limit=10) == []
