"""What may not be read is an error, never nothing; what may not be written is a warning."""

import shutil
import tempfile
from pathlib import Path

import pytest

from backups.engine.videos.cache import CacheFile, CacheUnwritable
from backups.engine.videos.facts import VideosUnreadable
from tests.engine.videos.children import as_nobody
from tests.engine.videos.conftest import DEVICE, RECORDING, Tree

OTHER = "ETHOSCOPE_019/other"


@pytest.fixture
def tree():
    """Videos that everyone may read: pytest's own folders are closed to others."""
    root = Path(tempfile.mkdtemp(prefix="ethonode-videos-"))
    root.chmod(0o755)
    (root / "videos").mkdir()
    tree = Tree(root / "videos")
    tree.chunk(1)
    tree.chunk(1, recording=OTHER)
    yield tree
    for path in (tree.root, tree.device_dir, tree.folder(), tree.folder(OTHER)):
        path.chmod(0o755)
    shutil.rmtree(root)


@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_a_closed_recording_is_an_error_beside_the_rest(tree, mode):
    tree.folder().chmod(mode)
    result = as_nobody(tree.scan)
    assert result.errors == (f"{RECORDING}: Permission denied",)
    assert [recording.folder for recording in result.recordings] == [OTHER]


def test_a_recording_closed_since_is_remembered_but_not_as_read(tree):
    seen = tree.scan(tree.scan().cache)
    tree.folder().chmod(0o000)
    tree.chunk(2)
    result = as_nobody(lambda: tree.scan(seen.cache))
    assert result.errors == (f"{RECORDING}: Permission denied",)
    assert (result.unread, result.chunk_count) == ({RECORDING}, 2)
    assert result.cached_count == 1


def test_a_recording_open_again_is_read_again(tree):
    seen = tree.scan(tree.scan().cache)
    tree.folder().chmod(0o000)
    tree.chunk(2)
    closed = as_nobody(lambda: tree.scan(seen.cache))
    tree.folder().chmod(0o755)
    result = as_nobody(lambda: tree.scan(closed.cache))
    assert (result.errors, result.unread, result.chunk_count) == ((), frozenset(), 3)


def test_a_closed_device_folder_is_an_error(tree):
    seen = tree.scan()
    tree.device_dir.chmod(0o000)
    result = as_nobody(lambda: tree.scan(seen.cache))
    assert result.errors == (".: Permission denied",)
    assert result.recordings == seen.recordings
    assert result.unread >= {".", RECORDING, OTHER}


def test_closed_videos_are_unreadable(tree):
    tree.root.chmod(0o000)

    def scan():
        try:
            return tree.scan().errors
        except VideosUnreadable as error:
            return str(error)

    assert as_nobody(scan) == f"{tree.root}: Permission denied"


def test_a_cache_folder_that_may_not_be_written_costs_a_warning(tree):
    file = CacheFile(directory=tree.root / ".cache", device_id=DEVICE, secret=b"s")

    def scan_and_save():
        result = tree.scan(file.load())
        try:
            file.save(result.cache)
        except CacheUnwritable as problem:
            return result.chunk_count, str(problem)

    assert as_nobody(scan_and_save) == (2, f"{file.path}: Permission denied")


def test_a_cache_that_may_not_be_read_costs_a_warning(tree):
    file = CacheFile(directory=tree.root / ".cache", device_id=DEVICE, secret=b"s")
    file.save(tree.scan().cache)
    assert as_nobody(file.load).problem == f"{file.path}: Permission denied"
