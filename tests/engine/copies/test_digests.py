"""The content of a file in a few bytes."""

import hashlib
import os

import pytest

from backups.engine.copies import inspect
from backups.engine.copies.digests import PIECE, digest_of
from backups.engine.copies.errors import LocalChanged, LocalFailed, LocalInMemory
from backups.engine.errors import Cancelled
from tests.engine.copies.memory import in_memory

NOWAIT = os.RWF_NOWAIT


def never():
    return False


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 2 * PIECE + 7])
def test_the_digest_is_that_of_all_bytes(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "a.h264").write_bytes(content)
    found = digest_of(tmp_path / "a.h264", stop=never)
    assert found.size_bytes == size
    assert found.blake2b == hashlib.blake2b(content).hexdigest()


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


def test_what_another_program_keeps_in_memory_was_not_read_from_the_disk(tmp_path):
    path = tmp_path / "a.h264"
    path.write_bytes(os.urandom(PIECE))
    before = digest_of(path, stop=never)
    with in_memory(path), pytest.raises(LocalInMemory, match="could not be read from the disk"):
        digest_of(path, stop=never)
    assert digest_of(path, stop=never) == before


MANY = (
    "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
    "INSERT INTO ROI_1 SELECT i, i FROM n;"
)


def is_at_hand(path):
    """Whether the middle of the file could be had without the disk."""
    with path.open("rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(1)], path.stat().st_size // 2, NOWAIT) > 0
        except BlockingIOError:
            return False


def test_a_database_is_read_to_its_end_from_the_disk_and_not_from_memory(
    make_run, monkeypatch, now
):
    path = make_run(sql=f"BEGIN; {MANY} COMMIT;")
    path.read_bytes()
    assert is_at_hand(path)
    found = []
    monkeypatch.setattr(
        "backups.engine.copies.inspection.damage",
        lambda connection: found.append(is_at_hand(path)) or "",
    )
    inspect(path, latest=now, deeply=True)
    assert found == [False]
