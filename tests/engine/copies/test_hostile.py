"""Files that are no database, no whole one, or not ours to touch just now."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from threading import Event, Thread

import pytest

from backups.engine.copies import inspect
from backups.engine.items import CopyState

LOCKER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"SQLite format 3\0",
        b"some words\n" * 500,
        random.Random(5).randbytes(9000),  # noqa: S311
        b"\0" * 8192,
    ],
)
def test_what_is_no_database_is_corrupt(tmp_path, look, content):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    found = look(path)
    assert (found.state, found.problem) == (CopyState.CORRUPT, "file is not a database")


def test_a_file_of_no_bytes_is_empty(tmp_path, look):
    (tmp_path / "a.db").touch()
    found = look(tmp_path / "a.db")
    assert (found.state, found.problem) == (CopyState.EMPTY, "0 bytes")


def test_a_truncated_file_is_corrupt(recorded, look):
    path = recorded("native_*.db")
    os.truncate(path, 100_000)
    found = look(path)
    assert (found.state, found.problem) == (
        CopyState.CORRUPT,
        "cut short: 100,000 of 143,360 bytes",
    )


def test_overwritten_pages_are_corrupt(recorded, look):
    path = recorded("mirrored_*.db")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100_000)
    assert look(path).state is CopyState.CORRUPT


@pytest.mark.parametrize("seed", range(12))
def test_scattered_damage_never_raises(recorded, look, seed):
    path = recorded("mirrored_*.db")
    content, dice = bytearray(path.read_bytes()), random.Random(seed)  # noqa: S311
    for _ in range(200):
        content[dice.randrange(100, len(content))] = dice.randrange(256)
    path.write_bytes(content)
    assert look(path).problem.isprintable()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_corrupt_and_does_not_hang(tmp_path, look, make):
    make(tmp_path / "a.db")
    found = look(tmp_path / "a.db")
    assert (found.state, found.problem) == (CopyState.CORRUPT, "not a regular file")


def test_a_link_is_not_followed(tmp_path, make_run, look):
    (tmp_path / "a.db").symlink_to(make_run())
    assert look(tmp_path / "a.db").problem == "not a regular file"


def test_a_file_that_is_gone_is_not_judged(tmp_path, look):
    assert look(tmp_path / "a.db").state is CopyState.BUSY


def test_a_huge_value_does_not_matter(make_run, look):
    sql = "INSERT INTO METADATA VALUES ('selected_options', hex(zeroblob(5000000)))"
    assert look(make_run(sql=sql)).state is CopyState.USABLE


def test_a_value_beyond_all_measure_is_not_loaded(make_run, look):
    sql = "INSERT INTO METADATA VALUES ('date_time', hex(zeroblob(9000000)))"
    found = look(make_run(sql=sql))
    assert (found.state, found.problem) == (CopyState.CORRUPT, "string or blob too big")


ENDLESS_VIEWS = """
    CREATE VIEW ROI_2 AS WITH RECURSIVE n(id, t) AS (SELECT 1, 1 UNION ALL SELECT id + 1, t FROM n)
        SELECT * FROM n;
    CREATE VIEW ROI_3 AS SELECT * FROM ROI_3;
"""


def test_a_view_without_end_is_not_asked(make_run, look):
    found = look(make_run(sql=ENDLESS_VIEWS))
    assert (found.state, found.contents.row_count) == (CopyState.USABLE, 2)


@pytest.mark.parametrize(
    "other",
    [
        "CREATE VIEW METADATA AS SELECT 'date_time' AS field, 1 AS value",
        "CREATE VIRTUAL TABLE METADATA USING fts5(field, value)",
    ],
)
def test_what_runs_code_of_the_files_own_is_no_table(make_run, look, other):
    found = look(make_run(sql=f"DROP TABLE METADATA; {other}"))
    assert (found.state, found.problem) == (CopyState.EMPTY, "lacks METADATA")


def test_a_file_that_takes_too_long_is_given_up(make_run, look):
    sql = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
        INSERT INTO METADATA SELECT 'more', i FROM n
    """
    found = look(make_run(sql=sql), give_up_after=-1)
    assert (found.state, found.problem) == (CopyState.BUSY, "gave up: reading it took too long")


def test_many_tables_are_read_within_bounds(make_run, look):
    tables = (f"CREATE TABLE ROI_{n} (id INTEGER PRIMARY KEY, t INT);" for n in range(2, 500))
    assert look(make_run(sql=f"BEGIN; {''.join(tables)} COMMIT")).state is CopyState.USABLE


def test_bytes_that_are_no_text_do_not_matter(make_run, look):
    sql = "INSERT INTO METADATA VALUES ('result_writer_type', CAST(x'ff4d' AS TEXT))"
    assert look(make_run(sql=sql)).state is CopyState.USABLE


@contextmanager
def locked_by_another_process(path):
    command = [sys.executable, "-c", LOCKER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        locker.stdout.readline()
        try:
            yield
        finally:
            locker.stdin.close()


def test_a_locked_file_is_busy(make_run, look):
    path = make_run()
    with locked_by_another_process(path):
        found = look(path)
    assert (found.state, found.problem) == (CopyState.BUSY, "locked by another program")


def test_a_rollback_journal_means_that_it_is_being_written(make_run, look):
    path = make_run()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO ROI_1 VALUES (3, 3)")
        found = look(path)
        writer.execute("ROLLBACK")
    assert found.state is CopyState.BUSY
    assert "rollback journal" in found.problem


def test_a_file_that_grows_while_it_is_read_is_not_judged(make_run, now):
    path, stop = make_run(wal=True), Event()

    def grow():
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x")

    writer = Thread(target=grow)
    writer.start()
    try:
        seen = {inspect(path, latest=now).state for _ in range(50)}
    finally:
        stop.set()
        writer.join()
    assert CopyState.BUSY in seen
    assert CopyState.CORRUPT not in seen


def test_a_wal_is_read_along_from_a_private_copy(make_run, look, tmp_path):
    path = make_run(wal=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO ROI_1 VALUES (9, 9000)")
        shutil.copytree(tmp_path, tmp_path / "left", ignore=shutil.ignore_patterns("*-shm"))
    left = tmp_path / "left" / path.name
    assert look(left).contents.row_count == 9
    assert not (tmp_path / "left" / f"{path.name}-shm").exists()


def test_a_wal_too_large_to_be_read_along_is_said(make_run, look, tmp_path):
    path = make_run(wal=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO ROI_1 VALUES (9, 9000)")
        found = look(path, private_bytes=1000)
    assert (found.state, found.contents.row_count) == (CopyState.USABLE, 2)
    assert "newer rows may be in there" in found.problem


def test_an_empty_file_whose_wal_was_not_read_is_not_judged(tmp_path, look):
    path = tmp_path / "run.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
        found = look(path, private_bytes=1000)
    assert found.state is CopyState.BUSY


def test_a_wal_mode_file_without_its_wal_leaves_no_trace(make_run, look):
    path = make_run(wal=True)
    assert look(path).state is CopyState.USABLE
    assert [p.name for p in path.parent.iterdir()] == ["run.db"]


def test_a_name_full_of_signs_is_opened_as_it_is(make_run, look):
    assert look(make_run(name="a?b#c%20 d&mode=rw.db")).state is CopyState.USABLE
