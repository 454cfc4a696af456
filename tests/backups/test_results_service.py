"""A device's copies on the disk are remembered, and opened only when something has changed."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from backups.models import ResultCopy
from backups.services.results import read_results
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
    with django_assert_num_queries(2):
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


def test_a_copy_that_was_deleted_is_forgotten(device, run, now):
    path = run()
    run(name="b.db")
    read_results(device, now=now)
    path.unlink()
    assert [copy.filename for copy in read_results(device, now=now).copies] == ["b.db"]


def test_a_copy_that_came_to_harm_is_corrupt_and_its_writer_still_known(device, run, now):
    path = run()
    read_results(device, now=now)
    os.truncate(path, 5000)
    [copy] = read_results(device, now=now).copies
    assert (copy.state, copy.writer, copy.data_at) == ("corrupt", "mysql", None)
    assert copy.problem.startswith("cut short")


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
    run(start=(now + timedelta(days=400)).timestamp())
    [copy] = read_results(device, now=now).copies
    assert (copy.data_at, copy.problem) == (None, "holds no believable time")
    device.clock_skew_seconds = timedelta(days=400).total_seconds()
    [copy] = read_results(device, now=now).copies
    assert copy.data_at == now + timedelta(days=400, minutes=1)


def test_an_absurd_clock_breaks_nothing(device, run, now):
    run()
    device.clock_skew_seconds = 1e300
    assert read_results(device, now=now).copies[0].state == "usable"


def test_many_copies_cost_no_more_queries_than_one(device, run, now, django_assert_num_queries):
    for number in range(20):
        run(name=f"{number}.db")
    with django_assert_num_queries(6):  # the known, a transaction around one write, the result
        read_results(device, now=now)
