"""The content of a file in a few bytes."""

import hashlib
import os

import pytest

from backups.engine.copies.digests import PIECE, digest_of
from backups.engine.copies.errors import LocalChanged, LocalFailed
from backups.engine.errors import Cancelled


def never():
    return False


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 2 * PIECE + 7])
def test_the_digest_is_that_of_all_bytes(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "a.h264").write_bytes(content)
    found = digest_of(tmp_path / "a.h264", stop=never)
    assert found.size_bytes == size
    assert found.blake2b == hashlib.blake2b(content, digest_size=32).hexdigest()


def test_one_bit_makes_another_digest(tmp_path):
    path = tmp_path / "a.h264"
    path.write_bytes(bytes(5000))
    before = digest_of(path, stop=never)
    path.write_bytes(bytes(4999) + b"\1")
    assert digest_of(path, stop=never) != before


def test_it_can_be_stopped_after_each_piece(tmp_path):
    (tmp_path / "a.h264").write_bytes(bytes(3 * PIECE))
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        digest_of(tmp_path / "a.h264", stop=lambda: next(answers))


def test_a_file_that_is_written_meanwhile_has_no_digest(tmp_path):
    path = tmp_path / "a.h264"
    path.write_bytes(bytes(2 * PIECE))

    def meddle():
        with path.open("ab") as file:
            file.write(b"x")
        return False

    with pytest.raises(LocalChanged):
        digest_of(path, stop=meddle)


@pytest.mark.parametrize("kind", ["absent", "link", "folder", "pipe"])
def test_what_is_no_file_is_named(tmp_path, kind):
    path = tmp_path / "a.h264"
    if kind == "link":
        (tmp_path / "b").write_bytes(b"x")
        path.symlink_to(tmp_path / "b")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(LocalFailed, match=r"a\.h264"):
        digest_of(path, stop=never)
