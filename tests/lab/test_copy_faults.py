"""Each fault of a copy is there to see, stays though the daemons go on, and can be mended."""

import sqlite3
from contextlib import closing

import pytest

from lab.faults.copies import COPY_FAULTS
from lab.faults.identity import IDENTITY_FAULTS
from lab.faults.options import FaultError
from lab.schema import roi_tables


@pytest.fixture
def struck(lab, by_kind):
    """Switch a fault on for a device that tracks into SQLite; gives its run and the copy."""

    def strike(fault, kind="sqlite", **options):
        device = by_kind[kind]
        lab.faults.switch_on(fault, device=device, **options)
        return device.runs[-1], lab.results_dir / device.runs[-1].path

    return strike


@pytest.fixture
def fields(query):
    return lambda path: dict(query(path, "SELECT field, value FROM METADATA"))


def verdict(path):
    try:
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
            return connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)


def newest(query, path, table):
    return query(path, f"SELECT MAX(t) FROM {table}")[0][0] / 1000  # noqa: S608


@pytest.mark.parametrize("fault", COPY_FAULTS | IDENTITY_FAULTS)
def test_each_stays_while_the_daemons_go_on_and_is_mended(lab, struck, fault):
    run, copy = struck(fault)
    damaged = copy.read_bytes() if copy.exists() else None
    lab.tick(700)
    assert (copy.read_bytes() if copy.exists() else None) == damaged
    lab.faults.switch_off(fault)
    assert verdict(copy) == "ok"
    assert copy.read_bytes() != damaged
    assert not run.held_back


@pytest.mark.parametrize("fault", COPY_FAULTS | IDENTITY_FAULTS)
def test_each_is_of_mariadbs_copies_too(struck, fault):
    run, _ = struck(fault, kind="mysql")
    assert run.held_back


@pytest.mark.parametrize("fault", ["flipped-copy", "silently-flipped-copy"])
def test_flipped_bytes_are_found_by_reading(lab, by_kind, fault):
    copy = lab.results_dir / by_kind["sqlite"].runs[-1].path
    before = copy.stat()
    lab.faults.switch_on(fault, device=by_kind["sqlite"])
    assert verdict(copy) != "ok"
    assert copy.stat().st_size == before.st_size
    kept = copy.stat().st_mtime_ns == before.st_mtime_ns
    assert kept == (fault == "silently-flipped-copy")


def test_three_rois_are_in_the_map_and_have_no_table(struck, query):
    _, copy = struck("missing-roi-tables")
    tables = {name for (name,) in query(copy, "SELECT name FROM sqlite_master")}
    assert set(roi_tables()) - tables == {"ROI_4", "ROI_5", "ROI_6"}
    assert query(copy, "SELECT COUNT(*) FROM ROI_MAP") == [(20,)]


def test_one_roi_is_current(struck, query):
    run, copy = struck("one-fresh-roi", hours=10)
    tracked = run.last_row_at - run.started_at
    assert newest(query, copy, "ROI_1") > tracked - 600
    assert newest(query, copy, "ROI_2") <= tracked - 10 * 3600


def test_a_stop_row_stands_over_rows_that_end_before(struck, query, fields):
    run, copy = struck("stopped-short-copy", hours=10)
    stopped = int(fields(copy)["stop_date_time"])
    assert stopped - run.started_at > newest(query, copy, "ROI_9") + 10 * 3600 - 600


def test_a_shrunk_copy_is_smaller_and_newer(lab, by_kind, query):
    copy = lab.results_dir / by_kind["idle"].runs[-1].path
    rows, size = query(copy, "SELECT COUNT(*) FROM ROI_3")[0][0], copy.stat().st_size
    modified_at = copy.stat().st_mtime
    lab.faults.switch_on("shrunk-copy", device=by_kind["idle"])
    assert query(copy, "SELECT COUNT(*) FROM ROI_3")[0][0] < rows
    assert not query(copy, "SELECT 1 FROM METADATA WHERE field = 'stop_date_time'")
    assert copy.stat().st_size < size
    assert copy.stat().st_mtime > modified_at


@pytest.mark.parametrize("fault", ["other-device-copy", "other-experiment-copy"])
def test_a_whole_finished_copy_of_another_lies_there(struck, fields, fault):
    run, copy = struck(fault)
    assert verdict(copy) == "ok"
    assert fields(copy)["backup_filename"] != run.filename
    assert fields(copy)["stop_date_time"]
    assert (fields(copy)["machine_id"] == run.device_id) == (fault == "other-experiment-copy")


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ("other-id-copy", "machine_id"),
        ("other-start-copy", "date_time"),
        ("other-filename-copy", "backup_filename"),
    ],
)
def test_a_copy_says_that_it_is_anothers(lab, by_kind, fields, fault, field):
    copy = lab.results_dir / by_kind["sqlite"].runs[-1].path
    before = fields(copy)
    lab.faults.switch_on(fault, device=by_kind["sqlite"])
    assert {key for key, value in fields(copy).items() if before[key] != value} == {field}


def test_a_stranger_adds_a_row(struck, query):
    _, copy = struck("foreign-writer")
    rows = query(copy, "SELECT COUNT(*) FROM METADATA WHERE field = 'sqlite_source_path'")
    assert rows == [(2,)]


def test_a_copy_that_was_brought_from_an_open_device_can_be_struck_too(lab, by_kind):
    device = by_kind["sqlite"]
    device.opened = True
    copy = lab.results_dir / device.runs[-1].path
    lab.faults.switch_on("flipped-copy", device=device)
    assert verdict(copy) != "ok"
    lab.faults.switch_off("flipped-copy")
    assert not copy.exists()  # whoever brought it brings it again


def test_what_was_not_brought_from_an_open_device_cannot(lab, by_kind):
    device = by_kind["sqlite"]
    device.opened = True
    (lab.results_dir / device.runs[-1].path).unlink()
    with pytest.raises(FaultError, match="is open"):
        lab.faults.switch_on("flipped-copy", device=device)
