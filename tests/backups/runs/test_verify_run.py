"""A verification reads every copy to its end, and what it finds stays found."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.utils import timezone

from backups.engine.copies.identity import fingerprint
from backups.engine.facts import BackupType
from backups.models import ResultCopy, RunKind
from backups.services.snapshots import take_snapshot
from tests.engine.pull import recorder

pytestmark = pytest.mark.django_db
STAMP = "2026-01-02_03-04-05"


@pytest.fixture
def copy(card, device, settings):
    path = settings.RESULTS_DIR / device.device_id / device.name / STAMP
    path.mkdir(parents=True)
    path /= f"{STAMP}_{device.device_id}.db"
    with closing(recorder.begin(path, rows=2000)) as connection:
        connection.execute("CREATE INDEX by_time ON ROI_1 (t)")
        connection.execute("PRAGMA journal_mode = DELETE")
    return path


@pytest.fixture
def verify(do):
    return lambda: do(RunKind.VERIFY)


def damage(path):
    """Swap two values in an index: every page reads well, and only a full check sees it."""
    with closing(sqlite3.connect(path)) as connection:
        root, size = (
            connection.execute(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'by_time'"
            ).fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    content = bytearray(path.read_bytes())
    page = content[(root - 1) * size : root * size]
    for offset in range(size - 1, 12, -1):
        if page[offset] not in (0, 255):
            page[offset] += 1
            break
    content[(root - 1) * size : root * size] = page
    path.write_bytes(content)


def corrupt_now(device):
    found = take_snapshot(device, now=timezone.now())
    return next(s.facts for s in found if s.backup.backup_type == BackupType.SQLITE).corrupt


def test_a_whole_copy_is_verified(verify, copy):
    run = verify()
    assert (run.state, run.numbers["copies"], run.numbers["corrupt"]) == ("succeeded", 1, {})
    assert ResultCopy.objects.get().verified_at is not None


def test_a_file_written_since_is_read_anew(verify, copy, device):
    verify()
    before = timezone.now()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE other (id)")
    take_snapshot(device, now=timezone.now())
    copy = ResultCopy.objects.get()
    assert copy.read_whole_at > before  # it was read anew: it does not grow


def test_a_copy_without_tables_is_not_whole(verify, copy):
    copy.unlink()
    sqlite3.connect(copy).close()
    copy.touch()
    run = verify()
    assert run.state == "failed"
    assert list(run.numbers["empty"]) == [str(Path(*copy.parts[-4:]))]
    assert "0 of 1 databases are whole" in run.log


def rot(path):
    """Damage that no stamp of the file tells of."""
    damage(path)
    seen = fingerprint(path)
    ResultCopy.objects.update(fingerprint=seen, verified_fingerprint=seen)


def test_damage_that_a_look_does_not_see_is_found(verify, copy, device):
    assert corrupt_now(device) == ()
    rot(copy)
    assert corrupt_now(device) == ()
    run = verify()
    assert run.state == "failed"
    assert [problem.name for problem in corrupt_now(device)] == [copy.name]


def test_what_was_found_stays_until_a_sound_file_is_there(verify, copy, device):
    whole = copy.read_bytes()
    assert corrupt_now(device) == ()
    rot(copy)
    verify()
    assert corrupt_now(device)
    copy.touch()
    assert corrupt_now(device)
    copy.write_bytes(whole)
    assert corrupt_now(device) == ()


def test_a_failed_verification_is_not_tried_again_at_once(verify, copy, device):
    damage(copy)
    verify()
    assert not device.runs.filter(state="queued").exists()


def test_a_copy_that_could_not_be_read_is_not_verified(verify, copy, monkeypatch):
    monkeypatch.setattr("backups.services.runs.verify.SECONDS_A_FILE", 0.2)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        run = verify()
    assert (run.state, len(run.numbers["busy"])) == ("failed", 1)
    assert ResultCopy.objects.get().verified_at is None


def test_a_full_disk_keeps_no_copy_from_being_verified(verify, copy, monkeypatch):
    monkeypatch.setattr("backups.services.runs.disks.FULL_PERCENT", 0)
    assert verify().state == "succeeded"


def test_a_folder_that_cannot_be_read_is_a_failure(verify, copy, settings):
    settings.RESULTS_DIR = settings.RESULTS_DIR / "gone"
    assert verify().state == "failed"
