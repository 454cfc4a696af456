"""Where the cache file lies: what else may be there, a full disk, and others who write too."""

import os
import time
from pathlib import Path

import pytest

from backups.engine.videos.cache import CacheFile, CacheUnwritable
from tests.engine.videos.children import in_child, with_a_full_disk
from tests.engine.videos.conftest import DEVICE


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
