"""A device's copies on the disk are remembered, and opened only when something has changed."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F

from backups.engine.copies import Inspection, inspect
from backups.engine.copies.identity import fingerprint
from backups.engine.items import CopyState
from backups.models import ResultCopy
from backups.services.proofs import store_proof, store_reading
from backups.services.results import ROTTEN, read_results
from devices.models import Device

pytestmark = pytest.mark.django_db
START = 1795345597
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def results_dir(settings, tmp_path):
    settings.RESULTS_DIR = tmp_path / "results"
    settings.RESULTS_DIR.mkdir()
    return settings.RESULTS_DIR


@pytest.fixture
def run(results_dir, device):
    """Make a run's database where the device's copies lie."""

    def make(*, folder="ETHOSCOPE_019", name="a.db", start=START):
        path = results_dir / device.device_id / folder / "r" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE METADATA (field TEXT, value TEXT)")
            database.execute("CREATE TABLE VAR_MAP AS SELECT 'x' AS var_name")
            database.execute("CREATE TABLE ROI_MAP (roi_idx INTEGER)")
            database.execute("CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER)")
            database.execute("INSERT INTO METADATA VALUES ('date_time', ?)", [str(start)])
            database.execute("INSERT INTO METADATA VALUES ('machine_id', ?)", [device.device_id])
            database.execute("INSERT INTO ROI_1 VALUES (7, 60000)")
        return path

    return make


def add_row(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO ROI_1 VALUES (8, 61000)")


def test_a_new_copy_is_opened_and_stored(device, run, now):
    path = run()
    reading = read_results(device, now=now)
    [copy] = reading.copies
    assert (reading.error, reading.read_at) == ("", now)
    assert (copy.path, copy.filename) == (f"{device.device_id}/ETHOSCOPE_019/r/a.db", "a.db")
    assert (copy.state, copy.writer, copy.row_count) == ("usable", "mysql", 7)
    assert copy.data_at == datetime.fromtimestamp(START + 60, UTC)
    assert (copy.size_bytes, copy.wal_bytes) == (path.stat().st_size, None)
    assert (copy.first_seen_at, copy.inspected_at) == (now, now)


def test_an_unchanged_copy_is_not_opened_again(device, run, now, django_assert_num_queries):
    run()
    read_results(device, now=now)
    with django_assert_num_queries(3):  # the known, what grows, the result
        [copy] = read_results(device, now=now + MINUTE).copies
    assert copy.inspected_at == now


def test_a_changed_copy_is_opened_again_and_stays_the_same_row(device, run, now):
    path = run()
    [before] = read_results(device, now=now).copies
    add_row(path)
    [after] = read_results(device, now=now + MINUTE).copies
    assert (after.pk, after.first_seen_at) == (before.pk, now)
    assert (after.row_count, after.inspected_at) == (8, now + MINUTE)


def test_a_copy_that_was_busy_is_opened_again(device, run, now):
    path = run()
    journal = path.with_name("a.db-journal")
    journal.write_bytes(b"x" * 512)
    [copy] = read_results(device, now=now).copies
    assert copy.state == "busy"
    journal.unlink()
    [copy] = read_results(device, now=now + MINUTE).copies
    assert copy.state == "usable"


def test_a_copy_being_written_keeps_what_it_was_known_to_hold(device, run, now):
    path = run()
    [before] = read_results(device, now=now).copies
    path.with_name("a.db-journal").write_bytes(b"x" * 512)
    os.utime(path, (0, 0))
    [after] = read_results(device, now=now + MINUTE).copies
    assert (after.state, after.finished) == ("busy", False)
    assert (after.data_at, after.writer) == (before.data_at, "mysql")


def test_a_copy_that_was_deleted_is_remembered_as_an_experiment_that_was_here(device, run, now):
    path = run()
    run(name="b.db")
    read_results(device, now=now)
    path.unlink()
    reading = read_results(device, now=now + MINUTE)
    assert [copy.filename for copy in reading.copies] == ["b.db"]
    one = device.experiments.get()
    assert (one.filename, one.first_seen_at, one.gone_at) == ("a.db", now, now + MINUTE)
    assert one.told_rows["ROI_1"] == [7, 1]


def test_a_copy_that_moved_to_another_folder_is_not_gone(device, run, now):
    path = run()
    read_results(device, now=now)
    run(folder="renamed")
    path.unlink()
    read_results(device, now=now)
    assert not device.experiments.exists()


def test_a_copy_that_came_to_harm_is_corrupt_and_its_writer_still_known(device, run, now):
    path = run()
    read_results(device, now=now)
    os.truncate(path, 5000)
    [copy] = read_results(device, now=now).copies
    assert (copy.state, copy.writer) == ("corrupt", "mysql")
    assert copy.problem.startswith("cut short")
    assert (copy.damage, copy.damaged_at) == (copy.problem, now)


@pytest.mark.parametrize("how", ["gone", "a file", "empty"])
def test_a_folder_that_cannot_be_read_changes_nothing(device, run, now, results_dir, how):
    run()
    read_results(device, now=now)
    shutil.rmtree(results_dir)
    if how == "a file":
        results_dir.touch()
    if how == "empty":
        results_dir.mkdir()
    reading = read_results(device, now=now + MINUTE)
    assert reading.error
    assert [copy.filename for copy in reading.copies] == ["a.db"]
    assert ResultCopy.objects.get().state == "usable"


def test_an_empty_root_is_a_lost_mount_for_every_device_once_one_had_copies(
    device, run, now, results_dir
):
    run()
    read_results(device, now=now)
    shutil.rmtree(results_dir / device.device_id)
    other = Device.objects.create(device_id="x1", first_seen_at=now, told_at=now, told_by="node")
    assert "not mounted" in read_results(other, now=now).error


def test_a_device_without_a_folder_has_no_copies(device, now):
    reading = read_results(device, now=now)
    assert (reading.copies, reading.error) == ([], "")


def test_a_renamed_device_keeps_both_copies(device, run, now):
    run()
    run(folder="ETHOSCOPE_020")
    assert len(read_results(device, now=now).copies) == 2


def test_a_device_whose_clock_is_known_to_be_ahead_is_believed(device, run, now):
    path = run(start=(now + timedelta(days=400)).timestamp())
    [copy] = read_results(device, now=now).copies
    assert (copy.state, copy.data_at) == ("usable", None)
    device.clock_skew_seconds = timedelta(days=400).total_seconds()
    add_row(path)
    [copy] = read_results(device, now=now).copies
    assert copy.data_at == now + timedelta(days=400, seconds=61)


def test_an_absurd_clock_breaks_nothing(device, run, now):
    run()
    device.clock_skew_seconds = 1e300
    assert read_results(device, now=now).copies[0].state == "usable"


def test_many_copies_cost_no_more_queries_than_one(device, run, now, django_assert_num_queries):
    for number in range(20):
        run(name=f"{number}.db")
    with django_assert_num_queries(
        7
    ):  # the known, what grows, one write in a transaction, the result
        read_results(device, now=now)


def sql(path, text):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(text)


def flip(path, *, at=5000, keep_time=False):
    """Turn bytes of a page over, as a dying disk does."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 2000)
    if keep_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def touch(path):
    os.utime(path)


def append(path):
    with path.open("ab") as file:
        file.write(b"\0" * 4096)


def test_what_has_ended_is_read_to_its_end_and_what_grows_is_not(device, run, now):
    for name, growing in (("a.db", False), ("b.db", True)):
        run(name=name)
        device.experiments.create(
            filename=name, writer="sqlite", first_seen_at=now, listed_at=now, growing=growing
        )
    read = {copy.filename: copy.read_whole_at for copy in read_results(device, now=now).copies}
    assert read == {"a.db": now, "b.db": None}
    device.experiments.update(growing=False)
    read = {c.filename: c.read_whole_at for c in read_results(device, now=now + MINUTE).copies}
    assert read == {"a.db": now, "b.db": now + MINUTE}


def test_a_file_that_was_written_is_no_longer_the_one_that_was_read(device, run, now):
    path = run()
    device.experiments.create(
        filename="a.db", writer="sqlite", first_seen_at=now, listed_at=now, growing=True
    )
    ResultCopy.objects.update(verified_at=now)
    read_results(device, now=now)
    ResultCopy.objects.update(verified_at=now, verified_fingerprint=F("fingerprint"))
    add_row(path)
    [copy] = read_results(device, now=now + MINUTE).copies
    assert copy.read_whole_at is None


@pytest.mark.parametrize("cure", [touch, add_row, append])
def test_bad_news_sticks_whatever_touches_the_file(device, run, now, cure):
    path = run()
    sql(path, "CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY, t, x); "
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
              "INSERT INTO ROI_2 SELECT i, i, hex(randomblob(9)) FROM n")  # fmt: skip
    read_results(device, now=now)
    flip(path, at=path.stat().st_size - 9000)
    [copy] = read_results(device, now=now + MINUTE).copies
    assert (copy.state, copy.damaged_at) == ("corrupt", now + MINUTE)
    cure(path)
    [copy] = read_results(device, now=now + 2 * MINUTE).copies
    assert (bool(copy.damage), copy.damaged_at) == (True, now + MINUTE)


def test_a_sound_file_in_the_place_of_a_damaged_one_is_read_to_its_end_and_clears_it(
    device, run, now, tmp_path
):
    path = run()
    shutil.copy(path, tmp_path / "sound.db")
    os.truncate(path, 5000)
    read_results(device, now=now)
    (tmp_path / "sound.db").replace(path)
    [copy] = read_results(device, now=now + MINUTE).copies
    assert (copy.damage, copy.damaged_at, copy.read_whole_at) == ("", None, now + MINUTE)


STOP = "INSERT INTO METADATA VALUES ('stop_date_time', '1795345658')"


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ("DELETE FROM ROI_1 WHERE id = 8", "ROI_1 end sooner"),
        ("DROP TABLE ROI_1", "ROI_1 end sooner"),
        ("DELETE FROM METADATA WHERE field = 'stop_date_time'", "once held a stop row"),
    ],
)
def test_a_copy_that_shrank_stays_bad_until_all_is_back(device, run, now, loss, says):
    path = run()
    add_row(path)
    sql(path, STOP)
    whole = path.read_bytes()
    read_results(device, now=now)
    sql(path, loss)
    [copy] = read_results(device, now=now + MINUTE).copies
    assert says in copy.damage
    sql(path, "INSERT INTO METADATA VALUES ('sqlite_source_path', NULL)")  # as the old mirror does
    [copy] = read_results(device, now=now + 2 * MINUTE).copies
    assert (says in copy.damage, copy.read_whole_at) == (True, None)
    path.write_bytes(whole)
    [copy] = read_results(device, now=now + 3 * MINUTE).copies
    assert (copy.damage, copy.read_whole_at) == ("", now + 3 * MINUTE)


def test_a_copy_of_what_went_on_after_its_stop_has_lost_nothing(device, run, now):
    path = run()
    sql(path, STOP)
    read_results(device, now=now)
    add_row(path)
    sql(path, "CREATE TABLE START_EVENTS (id INTEGER PRIMARY KEY, t, event); "
              "INSERT INTO START_EVENTS VALUES (1, 1795345999, 'appending')")  # fmt: skip
    [copy] = read_results(device, now=now + MINUTE).copies
    assert (copy.finished, copy.damage) == (False, "")


def test_map_tables_that_the_device_itself_rewrites_do_not_shrink(device, run, now):
    path = run()
    read_results(device, now=now)
    sql(path, "DELETE FROM VAR_MAP")
    assert read_results(device, now=now).copies[0].damage == ""


def test_a_file_of_another_device_is_said_to_be_foreign(device, run, now):
    path = run()
    sql(path, "UPDATE METADATA SET value = 'f00' WHERE field = 'machine_id'")
    assert "another device (f00)" in read_results(device, now=now).copies[0].foreign


def proven(device, path, now, *, meanwhile=lambda path: None, **others):
    """As a run proves it that left the file at `path`; `meanwhile`, before it can say so."""
    read_results(device, now=now)
    [copy] = device.copies.all()
    facts = {"fingerprint": fingerprint(path), "whole": True, "proven_at": now}
    meanwhile(path)
    store_proof(device, Path(copy.path), now=now, **facts | others)
    return ResultCopy.objects.get()


def test_a_proof_holds_for_exactly_the_file_that_was_proven(device, run, now):
    path = run()
    assert proven(device, path, now).whole_as_of == now
    add_row(path)
    [copy] = read_results(device, now=now + MINUTE).copies
    assert copy.whole_as_of is None


def exchanged(path):
    """For another sound file of the same name, rows and size."""
    shutil.copy2(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("meanwhile", [add_row, Path.touch, exchanged])
def test_of_a_file_that_another_program_put_there_a_run_proves_nothing(device, run, now, meanwhile):
    path = run()
    assert proven(device, path, now, meanwhile=meanwhile).whole_as_of is None
    assert read_results(device, now=now + MINUTE).copies[0].whole_as_of is None


def test_a_disk_that_cannot_be_read_gives_no_proof_to_what_was_seen_before(
    device, run, now, settings
):
    path = run()

    read_results(device, now=now)
    ResultCopy.objects.update(fingerprint="of the file before")
    [copy] = device.copies.all()
    left = fingerprint(path)
    folder, settings.RESULTS_DIR = settings.RESULTS_DIR, settings.RESULTS_DIR / "gone"
    store_proof(device, Path(copy.path), fingerprint=left, whole=True, proven_at=now, now=now)
    assert ResultCopy.objects.get().whole_as_of is None
    settings.RESULTS_DIR = folder
    assert read_results(device, now=now + MINUTE).copies[0].whole_as_of == now


def test_a_doubt_is_told_for_as_long_as_the_file_is_as_it_was(device, run, now):
    path = run()
    copy = proven(device, path, now, doubt="ROI_1 differs")
    assert (copy.whole_as_of, copy.known_doubt) == (None, "ROI_1 differs")


def test_what_was_held_against_the_device_whole_may_hold_less_than_before(device, run, now):
    """Such as when the device was repaired: the device's own word is the truth."""
    path = run()
    add_row(path)
    read_results(device, now=now)
    sql(path, "DELETE FROM ROI_1 WHERE id = 8")
    assert proven(device, path, now + MINUTE).damage == ""
    assert read_results(device, now=now + 2 * MINUTE).copies[0].damage == ""


def test_a_verification_finds_what_changed_no_stamp_and_a_later_one_clears_it(device, run, now):
    path = run()
    [copy] = read_results(device, now=now).copies
    found = Inspection(state=CopyState.CORRUPT, problem="malformed")
    assert store_reading(copy, found, now=now + MINUTE) == "malformed"
    [copy] = read_results(device, now=now + 2 * MINUTE).copies
    assert copy.damage == "malformed"
    sound = inspect(path, latest=now, deeply=True)
    assert store_reading(copy, sound, now=now + 3 * MINUTE) == ""
    assert ResultCopy.objects.get().read_whole_at == now + 3 * MINUTE


def test_of_a_file_that_was_written_during_its_verification_nothing_is_said(device, run, now):
    path = run()
    [copy] = read_results(device, now=now).copies
    add_row(path)
    read_results(device, now=now + MINUTE)
    found = Inspection(state=CopyState.CORRUPT, problem="malformed")
    assert store_reading(copy, found, now=now) == ""
    assert ResultCopy.objects.get().damage == ""


@pytest.fixture
def rotten(device, run, now):
    """A copy whose content is not what it was, though nobody wrote it; and what it was."""
    path = run()
    [copy] = read_results(device, now=now).copies
    sound = inspect(path, latest=now, deeply=True)
    store_reading(copy, sound, digest="as it was", now=now)
    assert store_reading(copy, sound, digest="another", now=now + MINUTE) == ROTTEN
    return path


def test_rot_is_refuted_by_the_same_content_alone(device, rotten, now):
    def read(digest, *, minutes):
        read_results(device, now=now + minutes * MINUTE)
        sound = inspect(rotten, latest=now, deeply=True)
        copy = ResultCopy.objects.get()
        return store_reading(copy, sound, digest=digest, now=now + minutes * MINUTE)

    assert read("another", minutes=2) == ROTTEN
    assert read("", minutes=3) == ROTTEN
    rotten.touch()
    assert read("another", minutes=4) == ROTTEN
    add_row(rotten)
    assert read("a third one", minutes=5) == ROTTEN
    assert ResultCopy.objects.get().damaged_at == now + MINUTE
    assert read("as it was", minutes=6) == ""
    assert ResultCopy.objects.get().read_whole_at == now + 6 * MINUTE


@pytest.mark.parametrize("change", [lambda path: None, Path.touch, add_row, exchanged])
def test_no_look_at_the_disk_refutes_rot(device, rotten, now, change):
    change(rotten)
    looked_at = set()
    for minutes in (2, 3):
        [copy] = read_results(device, now=now + minutes * MINUTE).copies
        assert (copy.damage, copy.damaged_at) == (ROTTEN, now + MINUTE)
        looked_at.add(copy.inspected_at)
    assert len(looked_at) == 1  # nor is it read in vain by every look


def test_rot_outlasts_what_is_found_wrong_beside_it(device, rotten, now):
    [copy] = device.copies.all()
    found = Inspection(state=CopyState.CORRUPT, problem="malformed")
    assert store_reading(copy, found, now=now + 2 * MINUTE) == ROTTEN
    sound = inspect(rotten, latest=now, deeply=True)
    assert store_reading(copy, sound, digest="another", now=now + 3 * MINUTE) == ROTTEN


@pytest.mark.parametrize(
    ("proof", "is_refuted"),
    [
        ({"whole": False}, False),  # a share was compared, or nothing was copied
        ({"whole": True, "doubt": "ROI_1 differs"}, False),
        ({"whole": True, "proven_at": datetime.fromtimestamp(START, UTC)}, False),  # begun before
        ({"whole": True, "fingerprint": "of another file"}, False),
        ({"whole": True}, True),
    ],
)
@pytest.mark.parametrize("is_rotten", [True, False], ids=["rotten", "corrupt"])
def test_only_a_run_that_held_all_of_it_against_the_device_since_refutes_damage(
    device, rotten, now, proof, is_refuted, is_rotten
):
    if not is_rotten:
        ResultCopy.objects.update(damage="malformed")
    copy = proven(device, rotten, now + 2 * MINUTE, **proof)
    assert (copy.damage == "") is is_refuted
    if is_refuted:
        sound = inspect(rotten, latest=now, deeply=True)
        assert store_reading(copy, sound, digest="another", now=now + 3 * MINUTE) == ""


def test_only_what_took_all_the_time_of_one_file_is_left_to_a_verification(
    device, run, now, monkeypatch
):
    """What was kept from being read by others is tried again with the next look."""
    path = run()
    wal = path.with_name(f"{path.name}-wal")
    wal.touch()
    os.truncate(wal, 300 * 2**20)
    [copy] = read_results(device, now=now).copies
    assert (copy.read_whole_at, copy.unread_fingerprint) == (None, "")
    wal.unlink()
    with monkeypatch.context() as patched:
        patched.setattr("backups.services.results.SECONDS_A_READING", 0)
        [copy] = read_results(device, now=now + MINUTE).copies
    assert (copy.read_whole_at, copy.unread_fingerprint) == (None, copy.fingerprint)


def say_of(path, info):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("INSERT INTO METADATA VALUES ('experimental_info', ?)", [info])


def test_whose_an_experiment_is_is_stored_with_its_copy(device, run, now):
    say_of(run(), "{'name': 'jdoe', 'location': 'Incubator_2', 'code': 'pilot'}")
    (copy,) = read_results(device, now=now).copies
    assert (copy.user, copy.location, copy.code) == ("jdoe", "Incubator_2", "pilot")


def test_a_row_of_an_older_version_learns_it_and_keeps_all_that_it_knows(device, run, now):
    say_of(run(), "{'name': 'jdoe'}")
    read_results(device, now=now)
    ResultCopy.objects.update(about={}, user="", rows={"ROI_1": [7, 1]}, holes=0)
    (before,) = ResultCopy.objects.values()
    read_results(device, now=now + MINUTE)
    (after,) = ResultCopy.objects.values()
    assert (after.pop("user"), before.pop("user")) == ("jdoe", "")
    assert after.pop("about")
    assert before | after | {"about": {}} == before
