"""ethonode's own state outlives a dead disk, a failed upgrade, and a kill at any moment."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from backups.engine.copies.lock import locked
from installation.own_state import saves, sqlite_file
from installation.own_state.errors import RestoreFailed
from installation.own_state.restoring import _set_aside
from tests.installation.own_saves import small_save

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "tests" / "installation" / "own_state_worker.py"
KILLS = int(os.environ.get("ETHONODE_KILLS", "2"))
NOW = datetime(2026, 11, 26, tzinfo=UTC)


class Own:
    """An installation below one folder, worked on by processes of its own."""

    def __init__(self, var):
        self.var, self.database = var, var / "ethonode.sqlite3"

    def start(self, *steps, **more):
        environment = os.environ | {
            "ETHONODE_VAR_DIR": str(self.var),
            "ETHONODE_SECRET_KEY": "",
            "ETHONODE_SAVES_KEEP": "2",
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, str(WORKER), *steps]
        pipes = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "start_new_session": True,
        }
        return subprocess.Popen(command, cwd=ROOT, env=environment | more, **pipes)

    def do(self, *steps):
        """What came of each."""
        with self.start(*steps) as worker:
            out, err = worker.communicate(timeout=300)
        assert worker.returncode == 0, err
        return out.splitlines()

    def age(self):
        """As an older version left it."""
        with closing(sqlite3.connect(self.database)) as database, database:
            later = "app = 'installation' AND name >= '0003'"
            database.execute(f"DELETE FROM django_migrations WHERE {later}")  # noqa: S608
            task = "task = 'installation.tasks.save_state'"
            database.execute(f"DELETE FROM django_celery_beat_periodictask WHERE {task}")  # noqa: S608

    def rows(self, question):
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(question).fetchall()

    def files(self):
        """Name -> content of all that a restore could change."""
        names = [path for path in self.var.rglob("*") if path.is_file()]
        kept = (path for path in names if "saves" not in path.parts and "run" not in path.parts)
        return {str(path.relative_to(self.var)): path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """One with a device, and a save of it."""
    own = Own(tmp_path_factory.mktemp("own") / "var")
    own.var.mkdir()
    _, save, own.told = own.do("begin", "save", "tell")
    own.save = Path(save)
    return own


@pytest.fixture
def own(first, tmp_path):
    shutil.copytree(first.var, tmp_path / "var")
    mine = Own(tmp_path / "var")
    mine.save = mine.var / "saves" / first.save.name
    return mine


def name_in(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT name FROM devices_device").fetchone()[0]


@pytest.mark.by_turns
def test_a_save_is_whole_for_b2sum_and_for_its_owner_alone(own):
    command = ["b2sum", "-c", "B2SUMS"]
    checked = subprocess.run(command, cwd=own.save, check=True, text=True, capture_output=True)
    assert checked.stdout.count(": OK") == 4  # database, about, secret key, ssh key
    modes = {path: path.stat().st_mode & 0o777 for path in (own.save, own.save.parent)}
    assert set(modes.values()) == {0o700}
    assert {path.stat().st_mode & 0o077 for path in own.save.glob("*key")} == {0}
    assert name_in(own.save / "database.sqlite3") == "ETHOSCOPE_001"
    assert [path.name for path in own.save.glob("database.sqlite3-*")] == []


def test_from_nothing_but_a_save_all_is_back(first, tmp_path):
    fresh = Own(tmp_path / "new" / "var")
    fresh.var.mkdir(parents=True)
    done, _ = fresh.do(f"bring_back={first.save}", "tell")
    assert "is put back" in done
    assert fresh.do("tell") == [first.told]  # with the secret key of then
    assert (fresh.var / "ssh" / "key").read_text() == "a key"
    assert fresh.database.stat().st_mode & 0o077 == 0


def test_what_was_there_before_a_restore_is_saved_and_only_the_clock_lets_old_ones_go(own):
    """The oldest of more than are kept: it is there until it was brought back."""
    ahead = {own.save.with_name(f"2099010{day}T000000Z") for day in (1, 2)}  # by a wrong clock
    for one in ahead:
        shutil.copytree(own.save, one)
    with closing(sqlite3.connect(own.database)) as database, database:
        database.execute("UPDATE devices_device SET name = 'ETHOSCOPE_002'")
    (done,) = own.do(f"bring_back={own.save}")
    assert name_in(own.database) == "ETHOSCOPE_001"
    before = next(path for path in own.save.parent.glob("2*") if str(path) in done)
    assert name_in(before / "database.sqlite3") == "ETHOSCOPE_002"
    assert set(own.save.parent.glob("2*")) == {own.save, before, *ahead}
    (daily,) = own.do("save_daily")
    if daily.startswith("SaveFailed"):  # a save is named by its second
        (daily,) = own.do("save_daily")
    assert set(own.save.parent.glob("2*")) == {Path(daily), before}  # two are kept here


def test_where_the_database_is_no_more_it_goes_aside_with_all_that_is_beside_it(own):
    own.database.write_bytes(b"gone" * 4096)
    own.database.with_name("ethonode.sqlite3-wal").write_bytes(b"of another one" * 1000)
    done, told = own.do(f"bring_back={own.save}", "tell")
    assert "could not be saved" in done
    assert told.startswith("1 device")
    aside = next(own.var.glob("*.unusable-*"))
    assert aside.read_bytes().startswith(b"gonegone")


def test_what_went_aside_stays_when_another_does_in_the_same_second(tmp_path):
    path = tmp_path / "ethonode.sqlite3"
    for content in (b"first", b"second"):
        path.write_bytes(content)
        path.with_name(f"{path.name}-wal").write_bytes(content)
        _set_aside(path, NOW)
    found = [one.read_bytes() for one in tmp_path.iterdir()]
    assert sorted(found) == [b"first", b"first", b"second", b"second"]


def newer(save):
    with closing(sqlite3.connect(save / "database.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('backups', '9999_x', 0)"
        )
    about = saves.save_at(save).about()
    migrations = [*about.migrations, "backups.9999_x"]
    saves.write_about(save, saves.SaveNote(why="", migrations=migrations, keys={}))
    saves.write_sums(save)


def a_flipped_byte(save):
    path = save / "database.sqlite3"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damaged_with_true_sums(save):
    path = save / "database.sqlite3"
    path.write_bytes(path.read_bytes()[: 8 << 12] + b"x" * 4096 + path.read_bytes()[9 << 12 :])
    saves.write_sums(save)


def no_sums(save):
    (save / "B2SUMS").write_text("")


BROKEN = [
    (newer, "NewerState: a newer ethonode wrote this database"),
    (a_flipped_byte, "RestoreFailed"),
    (damaged_with_true_sums, "RestoreFailed"),
    (no_sums, "RestoreFailed"),
    (lambda save: (save / "secret_key").unlink(), "RestoreFailed"),
    (lambda save: (save / "about.json").write_text("{}"), "RestoreFailed"),
    (lambda save: (save / "B2SUMS").unlink(), "RestoreFailed"),
]


def test_a_save_that_is_not_whole_changes_nothing(own):
    for number, (harm, _) in enumerate(BROKEN):
        copy = own.save.parents[1] / "saves" / str(number) / own.save.name
        harm(shutil.copytree(own.save, copy))
    before = own.files()
    folders = [own.save.parent / str(number) / own.save.name for number in range(len(BROKEN))]
    said = own.do(*(f"bring_back={folder}" for folder in folders))
    expected = [told for _, told in BROKEN]
    assert [line[: len(told)] for line, told in zip(said, expected, strict=True)] == expected
    assert own.files() == before


def test_a_save_that_names_files_outside_of_it_is_broken(tmp_path):
    save = small_save(tmp_path, made_at=NOW)
    outside = tmp_path / "outside"
    outside.write_text("x")
    with (save.folder / "B2SUMS").open("a") as sums:
        sums.write(f"{saves.digest(outside)}  ../outside\n")
    assert saves.broken_files(save.folder) == ["../outside"]
    with pytest.raises(RestoreFailed):
        saves.save_at(tmp_path)


def test_nothing_is_brought_back_while_it_runs(own):
    (own.var / "run").mkdir(exist_ok=True)
    lock = locked(own.var / "run" / "lock")
    try:
        assert "stop it first" in own.do(f"bring_back={own.save}")[0]
    finally:
        os.close(lock)


def test_an_upgrade_happens_on_a_copy_and_the_one_before_is_saved(own):
    own.age()
    done, told = own.do("upgrade", "tell")
    assert "as it was before" in done
    assert told.startswith("1 device, 1 task")
    assert not own.database.with_name("ethonode.sqlite3.upgrading").exists()


@pytest.mark.by_turns
def test_an_upgrade_that_cannot_be_leaves_the_database_as_it_was(own):
    with closing(sqlite3.connect(own.database)) as database, database:
        database.execute("DELETE FROM django_migrations WHERE app = 'installation'")
        before = list(database.iterdump())
    assert "already exists" in own.do("upgrade")[0]
    with closing(sqlite3.connect(own.database)) as database:
        assert list(database.iterdump()) == before
    newer(own.save)
    shutil.copy(own.save / "database.sqlite3", own.database)
    (said,) = own.do("upgrade")
    assert said.startswith("CannotStart: a newer ethonode wrote this database")
    assert "restore_state" in said


@pytest.mark.timeout(1800)
@pytest.mark.by_turns
def test_killed_at_any_moment_of_an_upgrade_it_starts_and_ends_it(own):
    """What is there reads to its end, whether old or new, and is brought on by the next start."""
    chance = random.Random(7)  # noqa: S311
    own.age()
    started = time.monotonic()
    own.do("upgrade")
    whole = time.monotonic() - started
    for _ in range(KILLS):
        own.age()
        with own.start("upgrade") as worker:
            time.sleep(chance.uniform(0.3, 0.95) * whole)
            os.killpg(worker.pid, signal.SIGKILL)
        assert own.rows("PRAGMA integrity_check") == [("ok",)]
        assert name_in(own.database) == "ETHOSCOPE_001"
    assert own.do("upgrade", "tell")[-1].startswith("1 device, 1 task")


def test_who_waits_to_write_while_another_file_takes_the_place_is_not_believed(tmp_path):
    """Either the row is in the new one, or the writer is told that it was not written."""
    path = tmp_path / "one.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (n)")
    written, ready = [], Barrier(2)

    def write():
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as database:
            database.execute("SELECT * FROM t").fetchall()
            ready.wait()
            try:
                database.execute("INSERT INTO t VALUES (1)")
            except sqlite3.Error as error:
                written.append(str(error))
            else:
                written.append(None)

    writer = Thread(target=write)
    told = None
    with sqlite_file.nobody_writes(path) as holder:
        writer.start()
        sqlite_file.copy_online(path, tmp_path / "copy")
        ready.wait()
        try:
            sqlite_file.put_in_place(tmp_path / "copy", path, holder)
        except sqlite_file.DatabaseInUse as error:
            told = error
    writer.join()
    with closing(sqlite3.connect(path)) as database:
        count = database.execute("SELECT count(*) FROM t").fetchone()[0]
    assert count == (1 if written == [None] else 0), (written, told)


def test_saves_are_told_newest_first_and_one_in_the_making_is_none(tmp_path):
    old, new = (small_save(tmp_path, made_at=NOW + timedelta(days=day)) for day in (0, 1))
    (tmp_path / ".making-20261128T000000Z").mkdir()
    (tmp_path / "20261129T000000Z").mkdir()
    (tmp_path / "notes.txt").touch()
    ahead = small_save(tmp_path, made_at=NOW + timedelta(days=900))
    told = saves.saved(now=NOW + timedelta(days=2), folder=tmp_path)
    assert [save.folder for save in told] == [new.folder, old.folder, ahead.folder]
