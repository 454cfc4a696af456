"""Videos are read to their end, in order, and each tells what it is."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from backups.engine.copies.digests import IN_MEMORY
from backups.engine.errors import Cancelled
from backups.engine.videos.damage import ChunkReading
from backups.engine.videos.reread import ZEROS, reread
from tests.engine.copies.memory import in_memory
from tests.engine.videos.children import as_nobody

VIDEO = b"\0\0\0\1\x67"


@pytest.fixture
def folder(tmp_path):
    for name in ("a.h264", "b.h264", "c.h264"):
        (tmp_path / name).write_bytes(VIDEO + name.encode() * 1000)
    return tmp_path


def read(folder, *names, most_bytes=2**40, stop=lambda: False):
    return dict(reread(folder, names, most_bytes=most_bytes, stop=stop))


def test_the_same_content_is_read_as_the_same(folder):
    (folder / "d.h264").write_bytes((folder / "a.h264").read_bytes())
    found = read(folder, "a.h264", "b.h264", "d.h264")
    assert found["a.h264"] == found["d.h264"] != found["b.h264"]
    assert found["a.h264"].size_bytes == 6005


def _flip(path):
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)


CHANGES = {
    "flipped": _flip,
    "halved": lambda path: os.truncate(path, 3000),
    "its end zeroed": lambda path: path.write_bytes(path.read_bytes()[:3000] + bytes(3005)),
    "emptied": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_other_content_is_another_one_whatever_its_times_say(folder, change):
    path = folder / "a.h264"
    before, times = read(folder, "a.h264"), path.stat()
    change(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert read(folder, "a.h264") != before


def test_a_file_of_zeros_is_a_problem_at_first_sight(folder):
    (folder / "a.h264").write_bytes(bytes(3_000_000))
    assert read(folder, "a.h264")["a.h264"].problem == ZEROS


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_cannot_be_read_is_said_and_keeps_no_other_from_being_read(folder, kind):
    odd = folder / "odd.h264"
    make = {
        "folder": odd.mkdir,
        "link": lambda: odd.symlink_to("/etc/passwd"),
        "pipe": lambda: os.mkfifo(odd),
    }
    make[kind]()
    found = read(folder, "odd.h264", "a.h264")
    assert "cannot be read" in found["odd.h264"].problem
    assert found["a.h264"].digest


@pytest.mark.parametrize("change", [None, _flip])
def test_what_another_program_has_in_memory_is_unread_and_not_what_memory_says(folder, change):
    path = folder / "a.h264"
    if change:
        change(path)
    with in_memory(path):
        found = read(folder, "a.h264", "b.h264")
    assert found["a.h264"] == ChunkReading(size_bytes=0, unread=IN_MEMORY)
    assert found["b.h264"].digest


def test_a_file_that_may_not_be_read_is_unread_and_one_that_cannot_be_is_damaged():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # where nobody may go: not in our own
    try:
        folder.chmod(0o755)
        (folder / "a.h264").write_bytes(VIDEO)
        (folder / "a.h264").chmod(0)
        closed = as_nobody(lambda: read(folder, "a.h264"))["a.h264"]
    finally:
        shutil.rmtree(folder)
    assert (closed.problem, closed.closed) == ("", True)
    assert closed.unread.endswith("Permission denied")
    assert read(Path("/proc/self"), "mem")["mem"].problem


def test_what_is_gone_is_left_to_who_looks_for_it(folder):
    assert set(read(folder, "gone.h264", "nowhere/gone.h264", "a.h264")) == {"a.h264"}


def test_it_ends_when_enough_was_read_and_one_is_always_read(folder):
    names = ["a.h264", "b.h264", "c.h264"]
    assert list(read(folder, *names, most_bytes=7000)) == names[:2]
    assert list(read(folder, *names, most_bytes=1)) == names[:1]


def test_it_stops_in_the_middle_of_a_file(folder):
    with pytest.raises(Cancelled):
        read(folder, "a.h264", stop=lambda: True)
