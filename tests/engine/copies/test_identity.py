"""What tells that a file is not what it was, and who may work on it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from backups.engine.copies.errors import LocalInUse
from backups.engine.copies.identity import change_counter, fingerprint
from backups.engine.copies.lock import locked


@pytest.fixture
def database(make_run):
    return make_run()


def write(path):
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE ROI_1 SET t = t + 1")


def swap(path):
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    new.replace(path)


def flip(path):
    with path.open("r+b") as file:
        file.seek(3000)
        file.write(b"\xff")


CHANGES = {
    "a row is written": write,
    "a byte is flipped": flip,
    "another file of the same content": swap,
    "it is cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "a -wal comes beside it": lambda path: path.with_name(f"{path.name}-wal").write_bytes(b"x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("sets_back", [True, False])
def test_whoever_changes_it_changes_its_fingerprint(database, change, sets_back):
    before, times = fingerprint(database), database.stat()
    change(database)
    if sets_back:
        os.utime(database, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(database) != before


def test_reading_leaves_the_fingerprint_as_it_was(database):
    before = fingerprint(database)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        reader.execute("SELECT COUNT(*) FROM ROI_1").fetchone()
    assert fingerprint(database) == before


@pytest.fixture
def in_wal_mode(database):
    """As the node's own rsync leaves it."""
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
    return database


def elsewhere(path, *statements, ends="os._exit(0)", mode="rw"):
    """Another program that ends without closing what it opened."""
    code = (
        "import os, sqlite3, sys; "
        f"c = sqlite3.connect('file:' + sys.argv[1] + '?mode={mode}', uri=True); "
        f"[(c.execute(s).fetchall(), c.commit()) for s in sys.argv[2:]]; {ends}"
    )
    subprocess.run([sys.executable, "-c", code, str(path), *statements], check=True)


COUNT = "SELECT COUNT(*) FROM ROI_1"
WRITE = "UPDATE ROI_1 SET t = t + 1"


@pytest.mark.parametrize("mode", ["rw", "ro"])
@pytest.mark.parametrize(("ends", "leaves"), [("os._exit(0)", True), ("c.close()", False)])
def test_what_a_reader_leaves_beside_it_is_no_change(in_wal_mode, mode, ends, leaves):
    before = fingerprint(in_wal_mode)
    elsewhere(in_wal_mode, COUNT, ends=ends, mode=mode)
    left = in_wal_mode.with_name(f"{in_wal_mode.name}-wal").exists()
    assert left is (leaves or mode == "ro")
    assert fingerprint(in_wal_mode) == before


@pytest.mark.parametrize(
    "statements",
    [(WRITE,), (WRITE, "PRAGMA wal_checkpoint"), (WRITE, "PRAGMA wal_checkpoint(TRUNCATE)")],
    ids=["in the -wal", "in both", "in the file, and the -wal is empty"],
)
@pytest.mark.parametrize("ends", ["os._exit(0)", "c.close()"])
@pytest.mark.parametrize("is_read_before", [True, False])
def test_what_a_writer_did_is_one_wherever_it_left_it(
    in_wal_mode, statements, ends, is_read_before
):
    times = in_wal_mode.stat()
    if is_read_before:
        elsewhere(in_wal_mode, COUNT)
    before = fingerprint(in_wal_mode)
    elsewhere(in_wal_mode, *statements, ends=ends)
    os.utime(in_wal_mode, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(in_wal_mode) != before


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_beside_it_is_a_change(in_wal_mode, tmp_path, kind):
    before = fingerprint(in_wal_mode)
    wal = in_wal_mode.with_name(f"{in_wal_mode.name}-wal")
    if kind == "link":
        wal.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(wal)
    else:
        wal.mkdir()
    assert fingerprint(in_wal_mode) != before


def test_it_is_the_same_from_an_open_folder(database):
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        assert fingerprint(database.name, folder=folder) == fingerprint(database)
    finally:
        os.close(folder)


def test_sqlite_counts_its_changes(database):
    before = change_counter(database)
    write(database)
    assert len(before) == 8
    assert change_counter(database) != before


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 3\0", b"\0" * 200])
def test_what_is_no_database_counts_nothing(tmp_path, content):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    assert change_counter(path).strip(b"\0") == b""
    assert fingerprint(path)


def test_a_link_is_not_followed(tmp_path, database):
    link = tmp_path / "link.db"
    link.symlink_to(database)
    assert change_counter(link) == b""
    assert fingerprint(link) != fingerprint(database)


def test_the_right_is_one_s_alone_until_it_is_given_back(tmp_path):
    handle = locked(tmp_path / "lock")
    with pytest.raises(LocalInUse):
        locked(tmp_path / "lock")
    os.close(handle)
    os.close(locked(tmp_path / "lock"))


def test_a_dead_holder_holds_nothing(tmp_path):
    code = (
        "import pathlib, sys; from backups.engine.copies.lock import locked; "
        "locked(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(LocalInUse):
            locked(tmp_path / "lock")
        holder.kill()
        holder.wait()
    os.close(locked(tmp_path / "lock"))


def test_a_lock_that_was_taken_away_is_made_anew(tmp_path):
    first = locked(tmp_path / "lock")
    (tmp_path / "lock").unlink()
    second = locked(tmp_path / "lock")
    os.close(first)
    os.close(second)
