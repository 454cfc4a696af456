"""A database is given as it was at one moment, and nothing is left beside it."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from backups.engine.copies import one_moment
from backups.engine.copies.errors import (
    LocalBusy,
    LocalChanged,
    LocalCorrupt,
    LocalElsewhere,
    LocalFull,
    LocalMissing,
)
from backups.engine.copies.one_moment import Copying, database_of_one_moment, open_database
from backups.engine.copies.opened import open_copy

NAME = b"there/x.db"
# Two tables that are always equally long, written as fast as it goes, in either mode.
WRITER = """
import sqlite3, sys
path, mode = sys.argv[1:]
db = sqlite3.connect(path, isolation_level=None, timeout=30)
db.execute(f"PRAGMA journal_mode={mode}")
db.execute("PRAGMA synchronous=OFF")
db.execute("CREATE TABLE IF NOT EXISTS a (x)")
db.execute("CREATE TABLE IF NOT EXISTS b (x)")
print("writing", flush=True)
while True:
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO a VALUES (?)", [("y" * 500,)] * 200)
    db.executemany("INSERT INTO b VALUES (?)", [("y" * 500,)] * 200)
    db.execute("COMMIT")
    {after}
"""


@pytest.fixture
def how(tmp_path):
    def how(**given):
        usual = {"now": time.time(), "give_up_at": time.monotonic() + 20, "growing": False}
        return Copying(scratch=tmp_path / "moments", **usual | given)

    return how


@pytest.fixture
def path(tmp_path):
    path = tmp_path / os.fsdecode(NAME)
    path.parent.mkdir()
    return path


@pytest.fixture
def at_rest(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE a (x)")
        db.execute("INSERT INTO a VALUES (1)")
        db.commit()
    os.utime(path, (1, 1))
    return path


def rows_of(path, table="a"):
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608  our own


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def content(opened):
    return b"".join(opened.pieces())


def test_at_rest_it_is_given_as_it_lies_there(at_rest, tmp_path, how):
    with open_database(tmp_path, NAME, how(now=time.time() + 10)) as opened:
        assert not opened.private
        assert content(opened) == at_rest.read_bytes()
        assert opened.stamp.inode == at_rest.stat().st_ino
        assert not (tmp_path / "moments").exists()
        with at_rest.open("r+b") as file:
            file.write(b"S")
        with pytest.raises(LocalChanged):
            content(opened)


def test_written_just_now_or_growing_it_is_a_copy_with_the_same_bytes(at_rest, tmp_path, how):
    for given in ({}, {"growing": True, "now": time.time() + 10}):
        with open_database(tmp_path, NAME, how(**given)) as opened:
            assert opened.private
            assert content(opened) == at_rest.read_bytes()
            assert opened.stamp.modified == at_rest.stat().st_mtime_ns
            mark = opened.mark
    with open_copy(tmp_path, NAME) as opened:
        assert opened.mark == mark
    assert names_in(tmp_path / "moments") == []
    assert names_in(at_rest.parent) == ["x.db"]


def test_what_is_in_its_wal_is_in_what_is_given(path, tmp_path, how):
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE a (x)")
        db.execute("INSERT INTO a VALUES (1)")
        db.commit()
        there = names_in(path.parent)
        with database_of_one_moment(tmp_path, NAME, how()) as private:
            assert rows_of(private) == 1
            assert names_in(private.parent) == ["copy"]
        assert names_in(path.parent) == there


def test_what_a_dead_writer_began_is_taken_back(at_rest, tmp_path, how):
    begin = (
        "import sqlite3, os; db = sqlite3.connect(os.sys.argv[1], isolation_level=None);"
        " db.execute('PRAGMA cache_size=2'); db.execute('BEGIN IMMEDIATE');"
        " db.executemany('INSERT INTO a VALUES (?)', [('y' * 3000,)] * 500); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", begin, at_rest], check=True)
    assert (tmp_path / "there/x.db-journal").stat().st_size
    with database_of_one_moment(tmp_path, NAME, how()) as private:
        assert rows_of(private) == 1
    assert names_in(at_rest.parent) == ["x.db", "x.db-journal"]


@pytest.mark.parametrize(
    ("mode", "after"), [("DELETE", "pass"), ("WAL", "import time; time.sleep(0.2)")]
)
def test_a_writer_at_work_gives_no_part_of_an_addition(path, tmp_path, how, mode, after):
    program = WRITER.replace("{after}", after)
    with subprocess.Popen(
        [sys.executable, "-c", program, path, mode], stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout.readline() == b"writing\n"
            counts = []
            while len(set(counts)) < 3:
                with database_of_one_moment(tmp_path, NAME, how()) as private:
                    counts.append(rows_of(private, "a"))
                    assert counts[-1] == rows_of(private, "b")
        finally:
            writer.kill()
    assert all(count % 200 == 0 for count in counts)
    assert counts == sorted(counts)


def test_one_that_is_held_is_waited_for_and_no_longer(at_rest, tmp_path, how):
    with closing(sqlite3.connect(at_rest)) as db:
        db.execute("BEGIN EXCLUSIVE")
        program = (
            "import sys, time; from pathlib import Path;"
            "from backups.engine.copies.one_moment import *;"
            "how = Copying(scratch=Path(sys.argv[1]) / 'm', now=0, growing=True,"
            " give_up_at=time.monotonic() + 0.3);"
            "open_database(Path(sys.argv[1]), b'there/x.db', how)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", program, tmp_path], capture_output=True, check=False
        )
    assert b"LocalBusy" in ended.stderr


def test_each_thing_that_goes_wrong_has_its_name(at_rest, tmp_path, how, monkeypatch):
    with pytest.raises(LocalMissing):
        open_database(tmp_path, b"there/y.db", how())
    (tmp_path / "linked").symlink_to("there")
    with pytest.raises(LocalElsewhere):
        open_database(tmp_path, b"linked/x.db", how())
    with pytest.raises(LocalElsewhere):
        open_database(tmp_path, b"there", how())
    with pytest.raises(LocalBusy):
        open_database(tmp_path, NAME, how(growing=True, give_up_at=0))
    at_rest.write_bytes(b"no database")
    with open_database(tmp_path, NAME, how()) as opened:
        assert content(opened) == b"no database"  # to be looked at by a person
    (tmp_path / "there/x.db-wal").write_bytes(b"x")
    with pytest.raises(LocalCorrupt):
        open_database(tmp_path, NAME, how())
    monkeypatch.setattr(one_moment, "KEPT_FREE", 1 << 60)
    with pytest.raises(LocalFull):
        open_database(tmp_path, NAME, how())
    assert names_in(tmp_path / "moments") == []


def test_what_a_killed_process_left_is_swept(at_rest, tmp_path, how):
    left = tmp_path / "moments" / "moment-old"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    (tmp_path / "moments" / "moment-new").mkdir()
    with database_of_one_moment(tmp_path, NAME, how()):
        assert not left.exists()
    assert names_in(tmp_path / "moments") == ["moment-new"]
