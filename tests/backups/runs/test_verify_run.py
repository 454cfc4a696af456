"""A verification reads every copy to its end, and what it finds stays found."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from backups.engine.copies.digests import IN_MEMORY
from backups.engine.copies.errors import LocalChanged, LocalFailed, LocalMissing
from backups.engine.copies.identity import fingerprint
from backups.engine.errors import Cancelled
from backups.engine.facts import BackupType
from backups.models import ResultCopy, RunKind
from backups.services.runs.jobs import RunProgress, RunStopped, Work
from backups.services.runs.verify import verify_device
from backups.services.snapshots import take_snapshot
from tests.engine.copies.memory import in_memory
from tests.engine.pull import recorder
from tests.engine.pull.conftest import chunk, put

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


def rot_a_value(path):
    """One bit of a value of a row: to SQLite the file is as sound as before."""
    with closing(sqlite3.connect(path)) as connection:
        (value,) = connection.execute("SELECT x FROM ROI_2 WHERE id = 1000").fetchone()
    content = bytearray(path.read_bytes())
    content[content.index(value) + 60] ^= 1
    path.write_bytes(content)
    seen = fingerprint(path)
    ResultCopy.objects.exclude(digest_fingerprint="").update(digest_fingerprint=seen)
    ResultCopy.objects.update(fingerprint=seen, verified_fingerprint=seen)


@pytest.mark.parametrize("is_finished", [True, False])
def test_every_bit_is_held_against_what_was_read_before(verify, copy, device, is_finished):
    if is_finished:
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767326645.1')")
            connection.commit()
    assert verify().state == "succeeded"
    rot_a_value(copy)
    for _ in range(2):  # and it stays so
        run = verify()
        assert (run.state, list(run.numbers["corrupt"])) == (
            "failed",
            [str(Path(*copy.parts[-4:]))],
        )
        assert [problem.name for problem in corrupt_now(device)] == [copy.name]


@pytest.mark.parametrize("refuted", [Path.touch, lambda path: None], ids=["touched", "looked at"])
def test_rot_that_was_found_is_not_forgotten(verify, copy, device, refuted):
    verify()
    rot_a_value(copy)
    verify()
    refuted(copy)
    for _ in range(2):
        assert corrupt_now(device)
        assert verify().state == "failed"


def test_rot_is_cured_by_the_content_that_was_there(verify, copy, device):
    verify()
    whole = copy.read_bytes()
    rot_a_value(copy)
    verify()
    copy.write_bytes(whole)
    assert corrupt_now(device)
    assert verify().state == "succeeded"
    assert corrupt_now(device) == ()


@pytest.mark.parametrize(
    ("error", "is_damage"),
    [
        (LocalFailed("Input/output error"), True),
        (LocalChanged("was being written"), False),
        (LocalMissing("gone"), False),
    ],
)
def test_what_cannot_be_read_is_damaged_and_what_moved_meanwhile_is_not(
    verify, copy, device, monkeypatch, error, is_damage
):
    def fails(*args, **options):
        raise error

    monkeypatch.setattr("backups.services.runs.verify.digest_of", fails)
    assert verify().state == "failed"
    assert bool(corrupt_now(device)) is is_damage
    assert ResultCopy.objects.get().digest == ""


def test_what_another_program_has_in_memory_refutes_no_rot_and_is_not_read_anew(
    verify, copy, device
):
    """What memory has of a file is not what the disk has of it."""
    verify()
    whole, before = copy.read_bytes(), ResultCopy.objects.get()
    with in_memory(copy):
        assert verify().numbers["busy"] == {before.path: IN_MEMORY}
    assert ResultCopy.objects.get().digest_at == before.digest_at
    assert corrupt_now(device) == ()
    rot_a_value(copy)
    verify()
    copy.write_bytes(whole)
    with in_memory(copy):
        run = verify()
    assert (run.state, IN_MEMORY in run.error) == ("failed", True)
    assert corrupt_now(device)
    assert verify().state == "succeeded"
    assert ResultCopy.objects.get().digest_at > before.digest_at


@dataclass
class WatchUntil:
    """A run's watch that hears that the run has to stop, as soon as it is so far."""

    is_so_far: Callable[[RunProgress], bool]
    stopped: bool = False

    def progress(self, progress):
        self.stopped = self.stopped or self.is_so_far(progress)

    def cancelled(self):
        return self.stopped


def verify_until(device, is_so_far):
    with pytest.raises(RunStopped):
        verify_device(
            Work(device=device, watch=WatchUntil(is_so_far), now=timezone.now(), clock=timezone.now)
        )


def test_damage_that_was_found_outlasts_the_cancelling_of_the_run(copy, device):
    corrupt_now(device)
    rot(copy)
    verify_until(device, lambda progress: True)
    assert [problem.name for problem in corrupt_now(device)] == [copy.name]


def test_half_a_verification_clears_nothing(verify, copy, device, monkeypatch):
    """It was stopped, or died, before the content was held against what it was."""
    verify()
    whole = copy.read_bytes()
    damage(copy)
    verify()
    copy.write_bytes(whole)
    ResultCopy.objects.update(
        fingerprint=fingerprint(copy), unread_fingerprint=fingerprint(copy), state="usable"
    )
    before = ResultCopy.objects.get()

    def stopped(*args, **options):
        raise Cancelled("cancelled")

    monkeypatch.setattr("backups.services.runs.verify.digest_of", stopped)
    verify_until(device, lambda progress: False)
    assert ResultCopy.objects.get().damage == before.damage != ""


def test_videos_that_were_found_damaged_outlast_the_cancelling_of_the_run(verify, chunks, device):
    verify()
    flip(chunks[1])
    flip(chunks[2])
    verify_until(device, lambda progress: progress.files_done == 2)
    assert damaged_videos(device) == [STAMP]


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


VIDEO = b"\0\0\0\1\x67"


@pytest.fixture
def chunks(card, device, settings):
    """Three chunks here, by their numbers."""
    paths = {}
    for number in (1, 2, 3):
        paths[number] = settings.VIDEOS_DIR / device.device_id / chunk(number)
        put(paths[number], VIDEO + bytes([number]) * 50_000)
    return paths


def keeping_times(change):
    def changed(path):
        times = path.stat()
        change(path)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return changed


def flip(path):
    with path.open("r+b") as file:
        file.seek(30_000)
        file.write(b"\xff")


DAMAGE = {
    "flipped": flip,
    "flipped, its time kept": keeping_times(flip),
    "halved": keeping_times(lambda path: os.truncate(path, 25_000)),
    "emptied": keeping_times(lambda path: os.truncate(path, 0)),
    "zeroed": keeping_times(lambda path: path.write_bytes(bytes(50_005))),
    "its end zeroed": keeping_times(
        lambda path: path.write_bytes(path.read_bytes()[:25_000] + bytes(25_005))
    ),
}


def damaged_videos(device):
    found = take_snapshot(device, now=timezone.now())
    facts = next(s.facts for s in found if s.backup.backup_type == BackupType.VIDEO)
    return [problem.name for problem in facts.corrupt]


def test_videos_are_read_to_their_end(verify, chunks):
    run = verify()
    assert (run.state, run.error) == ("succeeded", "")
    counted = [run.numbers[name] for name in ("videos_read", "video_bytes_read", "videos_left")]
    assert counted == [3, 3 * 50_005, 0]


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_chunk_that_changed_since_it_was_read_is_named_and_stays_damaged(
    verify, chunks, device, change
):
    verify()
    change(chunks[2])
    run = verify()
    assert run.state == "failed"
    assert [chunks[2].name in sentence for sentence in run.numbers["damaged_videos"]] == [True]
    assert chunks[2].name in run.error
    chunks[2].touch()
    assert damaged_videos(device) == [STAMP]


def test_a_chunk_that_is_as_it_was_read_once_is_cured(verify, chunks, device):
    verify()
    whole = chunks[2].read_bytes()
    flip(chunks[2])
    verify()
    assert damaged_videos(device)
    chunks[2].write_bytes(whole)
    assert verify().state == "succeeded"
    assert damaged_videos(device) == []


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_chunk_is_replaced_by_the_devices_with_the_next_pull(
    verify, do, chunks, card, device, change
):
    for path in chunks.values():
        there = card / "videos" / device.device_id / chunk(1)
        put(there.with_name(path.name), path.read_bytes())
    verify()
    change(chunks[2])
    verify()
    assert damaged_videos(device) == [STAMP]
    run = do(RunKind.PULL_VIDEOS)
    assert (run.state, run.error) == ("succeeded", "")
    assert damaged_videos(device) == []
    assert verify().state == "succeeded"


def test_a_chunk_that_another_program_has_in_memory_is_cured_by_the_disk_alone(
    verify, chunks, device
):
    verify()
    whole = chunks[2].read_bytes()
    flip(chunks[2])
    verify()
    chunks[2].write_bytes(whole)
    with in_memory(chunks[2]):
        run = verify()
    assert [run.state, run.numbers["videos_read"], run.numbers["videos_left"]] == ["failed", 2, 1]
    assert run.numbers["unread_videos"] == {chunk(2): IN_MEMORY}
    assert damaged_videos(device) == [STAMP]
    assert verify().state == "succeeded"
    assert damaged_videos(device) == []


def test_a_folder_of_videos_that_cannot_be_read_keeps_no_other_from_being_read(
    verify, chunks, device, settings
):
    verify()
    flip(chunks[2])
    deep = settings.VIDEOS_DIR / device.device_id / "/".join("abcdefghijkl" * 3)
    deep.mkdir(parents=True)  # deeper than anybody looks
    run = verify()
    assert run.numbers["scan_errors"]
    assert chunks[2].name in run.error
    assert (run.numbers["videos_read"], run.numbers["videos_left"]) == (3, 0)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_videos_that_were_never_read_come_first_where_not_all_fit(
    verify, chunks, monkeypatch, number
):
    with monkeypatch.context() as patched:
        patched.setattr("backups.services.runs.verify.VIDEO_BYTES", 60_000)
        assert [verify().numbers["videos_left"] for _ in range(2)] == [1, 1]
    flip(chunks[number])
    assert chunks[number].name in verify().error


def test_a_folder_that_cannot_be_read_is_a_failure(verify, copy, settings):
    settings.RESULTS_DIR = settings.RESULTS_DIR / "gone"
    assert verify().state == "failed"
