"""A database of before is brought up to date, and keeps what people and the clock put there."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backups.engine.videos.ledger import HELD, HERE, unpack_items

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = ("add", "change", "check", "delete", "view")
THEN = "2026-11-25 12:00:00"
CHUNK = f"2026-01-03_10-00-00_{'a' * 32}__1280x960@15fps-20q"


def migrate(var, *words):
    """In a process of its own, and by its own file: no other test meets a schema of before."""
    environment = os.environ | {"ETHONODE_VAR_DIR": str(var)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", *words]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def insert(database, table, **values):
    marks = ", ".join("?" * len(values))
    names = ", ".join(values)
    row = database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608
    return row.lastrowid


def device(database, **changed):
    """A device as the first version kept one."""
    columns = database.execute("PRAGMA table_info(devices_device)").fetchall()
    needed = {name: "" for _, name, _, required, _, key in columns if required and not key}
    told = {"device_id": "a" * 32, "first_seen_at": THEN, "told_at": THEN, "partitions": "[]"}
    return insert(database, "devices_device", **needed | told | changed)


def required(database, table):
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()
    return {name: "" for _, name, _, needed, _, key in columns if needed and not key}


def green_by_signs(database, owner):
    """A backup that the first version called protected, with the copies that it went by."""
    backup = insert(database, "backups_backup", device_id=owner, backup_type="sqlite")
    snapshot = insert(
        database, "backups_backupsnapshot", **required(database, "backups_backupsnapshot") | {
            "backup_id": backup, "taken_at": THEN, "source_read_at": THEN, "disk_read_at": THEN,
            "source_count": 1, "copy_count": 1, "size_bytes": 1, "growing": False,
            "problems": "{}", "findings": "[]",
        },
    )  # fmt: skip
    database.execute("UPDATE backups_backup SET latest_id = ?", [snapshot])
    for name, state in (("whole.db", "usable"), ("bad.db", "corrupt")):
        insert(
            database, "backups_resultcopy", **required(database, "backups_resultcopy") | {
                "device_id": owner, "path": name, "filename": name, "size_bytes": 1,
                "modified_at": THEN, "first_seen_at": THEN, "inspected_at": THEN, "state": state,
                "problem": "malformed" if state == "corrupt" else "", "finished": True,
                "fingerprint": "f", "proven_fingerprint": "f", "proven_at": THEN,
                "verified_at": THEN,
            },
        )  # fmt: skip


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    var = tmp_path_factory.mktemp("var")
    migrate(var, "backups", "0006_pulls_and_proofs")
    with closing(sqlite3.connect(var / "ethonode.sqlite3")) as database, database:
        insert(
            database, "backups_servicestatus", service="rsync", checked_at=THEN, error="",
            current_device="", current_file="", processing="[]",
        )  # fmt: skip
        owner = device(database)
        green_by_signs(database, owner)
        insert(
            database, "backups_claim", device_id=owner, service="rsync",
            claimed_at=THEN, state="completed", message="", processing=False, failed=False,
            job_count=3,
        )  # fmt: skip
        insert(
            database, "backups_recording", device_id=owner, folder="E/2026-01-03_10-00-00",
            chunk_count=3, size_bytes=9, other_count=0, other_bytes=0, missing_count=1,
            empty_count=0, missing_numbers="[2]", first_chunk=f"{CHUNK}_00001.h264",
            last_chunk=f"{CHUNK}_00004.h264",
        )  # fmt: skip
        insert(
            database, "backups_videocomparison", device_id=owner, began_at=THEN, file_count=3,
            held_count=3, lacking="{}", refused="[]",
        )  # fmt: skip
        group = insert(database, "auth_group", name="keepers")
        database.execute(
            "INSERT INTO auth_group_permissions (group_id, permission_id)"
            " SELECT ?, id FROM auth_permission WHERE codename LIKE '%_servicestatus'",
            [group],
        )
    migrate(var)
    with closing(sqlite3.connect(var / "ethonode.sqlite3")) as database:
        yield database


def test_what_daemons_said_is_kept(migrated):
    statuses = migrated.execute("SELECT daemon, checked_at FROM backups_daemonstatus").fetchall()
    claims = migrated.execute("SELECT daemon, state, job_count FROM backups_claim").fetchall()
    assert statuses == [("rsync", THEN)]
    assert claims == [("rsync", "completed", 3)]


def test_who_might_do_something_still_may(migrated):
    kept = migrated.execute(
        "SELECT codename FROM auth_permission JOIN auth_group_permissions"
        " ON permission_id = auth_permission.id JOIN auth_group ON group_id = auth_group.id"
        " WHERE auth_group.name = 'keepers' ORDER BY codename"
    ).fetchall()
    assert [name for (name,) in kept] == [f"{action}_daemonstatus" for action in ACTIONS]
    left_over = "SELECT COUNT(*) FROM auth_permission WHERE codename LIKE '%servicestatus'"
    assert migrated.execute(left_over).fetchone() == (0,)


def test_the_schedule_names_the_task_as_it_is_called_now(migrated):
    tasks = {
        task for (task,) in migrated.execute("SELECT task FROM django_celery_beat_periodictask")
    }
    assert "backups.tasks.check_daemons" in tasks
    assert "backups.tasks.check_services" not in tasks


def test_chunks_that_lay_here_are_remembered_by_name_and_prove_nothing(migrated):
    rows = migrated.execute("SELECT recording, memory FROM backups_recordingledger").fetchall()
    ((recording, memory),) = rows
    files = unpack_items(memory)
    assert recording == "2026-01-03_10-00-00"
    assert sorted(files) == [f"{CHUNK}_0000{n}.h264".encode() for n in (1, 3, 4)]
    assert {file.flags for file in files.values()} == {HELD | HERE}
    in_ledger = migrated.execute("SELECT in_ledger FROM backups_videocomparison")
    assert in_ledger.fetchone() == (0,)


def test_nothing_is_green_by_inheritance(migrated):
    assert migrated.execute("SELECT latest_id FROM backups_backup").fetchall() == [(None,)]
    assert migrated.execute("SELECT COUNT(*) FROM backups_backupsnapshot").fetchone() == (1,)
    columns = "fingerprint, proven_fingerprint, proven_at, verified_at, verified_fingerprint"
    copies = migrated.execute(f"SELECT {columns} FROM backups_resultcopy").fetchall()  # noqa: S608
    assert copies == [("", "", None, None, "")] * 2


def test_what_was_found_damaged_stays_so(migrated):
    found = migrated.execute("SELECT path, damage FROM backups_resultcopy WHERE damage <> ''")
    assert found.fetchall() == [("bad.db", "malformed")]
