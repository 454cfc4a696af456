"""Old copies without PRIMARY KEY: given one, duplicates gone, nothing lost."""
# ruff: noqa: S311, S608

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from backups.engine.mirror import migrate_old_copy
from tests.engine.mirror.device import differing_tables, rows_here

KILLS = int(os.environ.get("ETHONODE_KILLS", "20"))
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as copy:
        copy.executescript("""
            CREATE TABLE ROI_1 (id INTEGER, t INTEGER NOT NULL, x REAL);
            CREATE TABLE METADATA (field TEXT, value TEXT);
            CREATE INDEX by_t ON ROI_1 (t);
            INSERT INTO ROI_1 VALUES (1, 10, 0.5), (2, 20, NULL), (2, 20, NULL), (3, 30, 1.5);
            INSERT INTO METADATA VALUES ('a', NULL), ('a', NULL);
        """)
    return path


def insert(path: Path, *rows: tuple) -> None:
    with closing(sqlite3.connect(path)) as copy:
        copy.executemany("INSERT INTO ROI_1 VALUES (?, ?, ?)", rows)
        copy.commit()


def test_it_gets_its_key_and_loses_its_duplicates(old, now):
    migration = migrate_old_copy(old, now=now)
    assert (migration.tables, migration.duplicates, migration.conflicts) == (("ROI_1",), 1, 0)
    assert rows_here(old, "ROI_1") == [(1, 10, 0.5), (2, 20, None), (3, 30, 1.5)]
    assert len(rows_here(old, "METADATA")) == 2


def test_the_rest_of_the_schema_stays(old, now):
    migrate_old_copy(old, now=now)
    with closing(sqlite3.connect(old)) as copy:
        columns = copy.execute("PRAGMA table_info(ROI_1)").fetchall()
        indexes = copy.execute("PRAGMA index_list(ROI_1)").fetchall()
    assert [(c[1], c[2], c[3], c[5]) for c in columns] == [
        ("id", "INTEGER", 0, 1), ("t", "INTEGER", 1, 0), ("x", "REAL", 0, 0)
    ]  # fmt: skip
    assert indexes[0][1] == "by_t"


def test_other_rows_under_a_taken_key_are_kept_beside(old, now):
    insert(old, (3, 99, 9.9), (None, 5, 5.5))
    assert migrate_old_copy(old, now=now).conflicts == 2
    kept = rows_here(old.with_name("old.db.removed-rows"), "ROI_1")
    assert {row[1:] for row in kept} == {(3, 99, 9.9), (None, 5, 5.5)}


def test_a_second_time_there_is_nothing_to_do(old, now):
    migrate_old_copy(old, now=now)
    before = old.stat().st_ino
    assert migrate_old_copy(old, now=now).tables == ()
    assert old.stat().st_ino == before


def test_a_mirror_migrates_first_and_then_goes_on(device, copy):
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as old:
        for table in ("ROI_1", "SENSORS"):
            columns = ", ".join(
                row[1] + " " + row[2]
                for row in old.execute(f"PRAGMA table_info({table})").fetchall()
            )
            old.executescript(f"""
                ALTER TABLE {table} RENAME TO former;
                CREATE TABLE {table} ({columns});
                INSERT INTO {table} SELECT * FROM former;
                INSERT INTO {table} SELECT * FROM former WHERE id > 90;
                DROP TABLE former;
            """)
    device.track(1, first=101, last=120)
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert (result.duplicates_removed, result.rows_added) == (10, 20)
    assert [finding.kind for finding in result.findings] == ["not as left", "migrated"]


MIGRATE = """
import sys; from pathlib import Path; from datetime import datetime, UTC
from backups.engine.mirror import migrate_old_copy
print("begin", flush=True)
migrate_old_copy(Path(sys.argv[1]), now=datetime.now(UTC))
"""


def migrate_for(path: Path, seconds: float | None) -> float:
    """Migrate in a process of its own, and kill it after so long; how long it took."""
    with subprocess.Popen(
        [sys.executable, "-c", MIGRATE, str(path)], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        process.stdout.readline()
        begun = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
        process.kill()
    return time.monotonic() - begun


def test_a_kill_in_the_middle_loses_nothing(old, now, tmp_path):
    chance = random.Random(os.environ.get("ETHONODE_SEED", "11"))
    insert(old, *((number, number, number / 7) for number in range(4, 30_000)), (3, 9, 9.9))
    rows = set(rows_here(old, "ROI_1"))
    path = Path(shutil.copy(old, tmp_path / "copy.db"))
    usual = migrate_for(path, None)
    for _ in range(KILLS // 5):
        shutil.copy(old, path)
        path.with_name("copy.db.removed-rows").unlink(missing_ok=True)
        migrate_for(path, chance.uniform(0, usual))
        assert rows - set(rows_here(path, "ROI_1")) <= {(3, 9, 9.9)}
        migrate_old_copy(path, now=now)
        kept = {row[1:] for row in rows_here(path.with_name("copy.db.removed-rows"), "ROI_1")}
        assert kept == {(3, 9, 9.9)}
        assert rows_here(path, "ROI_1") == sorted(rows - kept, key=repr)
