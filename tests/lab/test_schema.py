"""The result databases are what a device and the mirror daemon write."""

import ast
import shutil

import pytest

from lab.tracking import ResultWriter

NATIVE = "native_2026-11-22_11-06-37_012b8e41d07c4f3aa95d6c1830fe2b79.shrunk.db"
MIRRORED = "mirrored_2026-11-22_11-06-37_0113f0c29a5e4d7b8c61e02f94ab7d35.shrunk.db"
KINDS = [pytest.param("sqlite", NATIVE, id="native"), pytest.param("mysql", MIRRORED, id="mirror")]


@pytest.fixture
def copy_of(lab, by_kind):
    def newest(kind):
        return lab.results_dir / by_kind[kind].runs[-1].path

    return newest


@pytest.mark.parametrize(("kind", "recording"), KINDS)
def test_tables_and_columns_are_the_recorded_ones(copy_of, query, real, tmp_path, kind, recording):
    theirs = shutil.copy(real.file(recording), tmp_path)
    names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    columns = (
        "SELECT m.name, c.name, c.type, c.pk FROM sqlite_master m, pragma_table_info(m.name) c"
        " ORDER BY m.name, c.cid"
    )
    assert query(copy_of(kind), names) == query(theirs, names)
    assert query(copy_of(kind), columns) == query(theirs, columns)


@pytest.mark.parametrize(("kind", "recording"), KINDS)
def test_metadata_has_the_recorded_fields_in_order(copy_of, query, real, tmp_path, kind, recording):
    theirs = shutil.copy(real.file(recording), tmp_path)
    fields = "SELECT DISTINCT field FROM METADATA WHERE field <> 'stop_date_time'"
    assert query(copy_of(kind), fields) == query(theirs, fields)


def test_native_copies_are_in_wal_mode_and_mirrored_ones_are_not(copy_of):
    assert copy_of("sqlite").read_bytes()[18:20] == b"\x02\x02"
    assert copy_of("mysql").read_bytes()[18:20] == b"\x01\x01"


def test_only_native_copies_autoincrement(copy_of, query):
    sql = "SELECT sql FROM sqlite_master WHERE name = 'ROI_1'"
    assert "AUTOINCREMENT" in query(copy_of("sqlite"), sql)[0][0]
    assert "AUTOINCREMENT" not in query(copy_of("mysql"), sql)[0][0]


def test_is_inferred_is_text_on_a_device_and_a_number_in_a_mirror(copy_of, query):
    sql = "SELECT DISTINCT typeof(is_inferred) FROM ROI_1"
    assert query(copy_of("sqlite"), sql) == [("text",)]
    assert query(copy_of("mysql"), sql) == [("integer",)]


def test_only_mirrored_copies_have_a_text_beside_them(copy_of, query):
    text = copy_of("mysql").with_suffix(".txt").read_text().splitlines()
    assert len(text) == query(copy_of("mysql"), "SELECT COUNT(*) FROM CSV_DAM_ACTIVITY")[0][0]
    assert not copy_of("sqlite").with_suffix(".txt").exists()


def test_a_stopped_run_has_its_stop_row_and_a_running_one_has_not(lab, query, by_kind):
    sql = "SELECT value FROM METADATA WHERE field = 'stop_date_time'"
    past, *_, running = by_kind["sqlite"].runs
    stopped = query(lab.results_dir / past.path, sql)
    assert [int(value) for (value,) in stopped] == [int(past.stopped_at)]
    assert query(lab.results_dir / running.path, sql) == []


def test_a_run_is_described_by_its_metadata(lab, query, by_kind):
    run = by_kind["sqlite"].runs[0]
    told = dict(query(lab.results_dir / run.path, "SELECT field, value FROM METADATA"))
    assert told["backup_filename"] == run.filename
    assert told["result_writer_type"] == ResultWriter.SQLITE
    assert told["sqlite_source_path"] == f"/ethoscope_data/results/{run.path}"
    assert float(told["date_time"]) == pytest.approx(run.started_at, abs=0.001)
    assert ast.literal_eval(told["experimental_info"])["run_id"] == run.run_id


def test_the_newest_row_of_a_finished_run_is_as_old_as_its_end(lab, query, by_kind):
    run = by_kind["idle"].runs[-1]
    newest = query(lab.results_dir / run.path, "SELECT MAX(t) FROM ROI_7")[0][0]
    assert run.started_at + newest / 1000 == pytest.approx(run.stopped_at, abs=1)


def test_the_mirror_repeats_its_null_at_each_turn(lab, query, copy_of):
    sql = "SELECT COUNT(*) FROM METADATA WHERE field = 'sqlite_source_path' AND value IS NULL"
    before = query(copy_of("mysql"), sql)[0][0]
    lab.tick(400)
    assert query(copy_of("mysql"), sql)[0][0] == before + 1
