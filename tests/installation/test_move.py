"""`manage.py move_database`: SQLite to a real PostgreSQL and back, as a person runs it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from backups.engine.copies.lock import locked
from tests.postgres import private_postgres
from tests.suite.strictness import make_loose

ROOT = Path(__file__).resolve().parents[2]
FILL = ROOT / "tests" / "installation" / "rows_to_move.py"
PATIENCE = 300  # seconds, of a machine that is busy with other tests
# Each database's own.
OWN = ("django_migrations", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4")

pytestmark = pytest.mark.timeout(600)


class Installation:
    def __init__(self, var, server):
        self.var, self.server = var, server
        self.here = f"sqlite:///{var}/here.sqlite3"
        self.target = server.make("target")
        self.empty = server.make("empty")
        done = self.python(str(FILL))
        assert done.returncode == 0, done.stderr

    def environment(self, database):
        own = {"ETHONODE_VAR_DIR": str(self.var), "ETHONODE_DATABASE_URL": database or self.here}
        return os.environ | own | {"PYTHONPATH": str(ROOT)}

    def python(self, *words, database=None):
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environment(database),
            capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip

    def move(self, *words, to=None, database=None):
        to = to or self.target
        return self.python("manage.py", "move_database", "--to", to, *words, database=database)

    def begin(self):
        command = [sys.executable, "manage.py", "move_database", "--to", self.target]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment(None), stdout=quiet, stderr=quiet
        )

    def there(self, sql, *, name="target"):
        with self.server.connect(name) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def do_here(self, sql):
        with closing(sqlite3.connect(self.var / "here.sqlite3")) as database, database:
            return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def installation(tmp_path_factory, migrated):
    var = tmp_path_factory.mktemp("var")
    for name in ("here", "back"):
        place = shutil.copy(migrated.file, var / f"{name}.sqlite3")
        with closing(sqlite3.connect(place)) as database, database:
            make_loose(database)
    with private_postgres() as server:
        yield Installation(var, server)


def wait_for(happened, process):
    until = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.03)


def _row(values):
    return [
        sorted(json.loads(value).items()) if isinstance(value, str) and value[:1] == "{" else value
        for value in values
    ]


def rows_of(path):
    """Of all tables, as they are stored; PostgreSQL keeps the keys of JSON in another order."""
    with closing(sqlite3.connect(path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(map(_row, database.execute(f'SELECT * FROM "{name}"')), key=repr)  # noqa: S608
            for (name,) in names
            if name not in OWN
        }


def test_what_does_not_fit_is_named_and_nothing_is_copied(installation):
    installation.do_here("UPDATE devices_device SET name = 'a' || char(0) || 'b' WHERE id = 2")
    refused = installation.move(to=installation.empty)
    installation.do_here("UPDATE devices_device SET name = 'ETHOSCOPE_001' WHERE id = 2")
    assert refused.returncode == 1
    assert "devices_device, row 2, name: its text has a NUL character" in refused.stderr
    made = installation.there("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", name="empty")
    assert made == []


@pytest.mark.by_turns
def test_while_ethonode_runs_or_others_work_on_it_nothing_is_moved(installation):
    (installation.var / "run").mkdir(exist_ok=True)
    lock = locked(installation.var / "run" / "lock")
    running = installation.move(to=installation.empty)
    os.close(lock)
    assert "ethonode runs on" in running.stderr
    with closing(sqlite3.connect(installation.var / "here.sqlite3")) as other:
        other.execute("SELECT * FROM devices_device").fetchall()
        assert "others have" in installation.move(to=installation.empty).stderr


@pytest.mark.by_turns
def test_killed_it_goes_on_a_changed_row_is_found_and_back_all_is_as_it_was(installation):
    count = "SELECT count(*) FROM backups_backupsnapshot"

    def has_begun():
        with suppress(psycopg.errors.UndefinedTable):
            # The rows that migrations make are gone: what is there came over.
            return installation.there(count) > [(0,)]
        return False

    killed = installation.begin()
    wait_for(has_begun, killed)
    killed.kill()
    assert killed.wait() == -9
    came = installation.there(count)[0][0]
    assert 0 < came < installation.do_here(count)[0][0]

    installation.there("UPDATE devices_device SET name = 'other' WHERE id = 3")
    found = installation.move()
    assert found.returncode == 1
    assert "devices_device, row 3, name: not the same there" in found.stderr

    installation.there("UPDATE devices_device SET name = 'ETHOSCOPE_002' WHERE id = 3")
    moved = installation.move()
    assert moved.returncode == 0, moved.stderr
    assert f"ETHONODE_DATABASE_URL={installation.target}" in moved.stdout
    assert installation.there("SELECT nextval('devices_device_id_seq')") == [(7,)]
    assert "holds tables already" in installation.move().stderr

    back = installation.var / "back.sqlite3"
    with closing(sqlite3.connect(back)) as database, database:
        # As a move leaves it that was killed when the tables were made.
        database.execute("CREATE TABLE ethonode_move (source text, step text)")
        values = (f"{installation.server.folder}:5432/target", "tables")
        database.execute("INSERT INTO ethonode_move VALUES (?, ?)", values)
    returned = installation.move(to=f"sqlite:///{back}", database=installation.target)
    assert returned.returncode == 0, returned.stderr
    assert rows_of(back) == rows_of(installation.var / "here.sqlite3")
    assert back.stat().st_mode & 0o777 == 0o600
