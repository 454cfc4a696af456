"""What a run's database says of itself, and how much of it is believed."""

from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.compare import CopyState

START = 1795345597.5
NEWEST = datetime.fromtimestamp(START + 5, UTC)
EVENTS = "CREATE TABLE START_EVENTS (id INTEGER PRIMARY KEY, t INTEGER, event TEXT);"

SECOND_ROI = """
    CREATE TABLE ROI_20 (id INTEGER PRIMARY KEY, t INTEGER);
    INSERT INTO ROI_20 VALUES (9, 7000);
"""


def event(seconds, *, row_id=1):
    return f"INSERT INTO START_EVENTS VALUES ({row_id}, {seconds}, 'graceful_start');"  # noqa: S608


def test_a_running_run_is_dated_by_its_newest_row(make_run, look):
    found = look(make_run())
    assert (found.state, found.data_at, found.finished) == (CopyState.USABLE, NEWEST, False)
    assert found.row_count == 2


def test_the_newest_row_is_the_one_with_the_highest_id(make_run, look):
    assert look(make_run(rows=[(1, 9000), (7, 5000)])).data_at == NEWEST


def test_the_newest_of_all_rois_counts(make_run, look):
    found = look(make_run(sql=SECOND_ROI))
    assert found.data_at == NEWEST + timedelta(seconds=2)
    assert found.row_count == 11


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE ROI_2 (t INTEGER); INSERT INTO ROI_2 VALUES (5000)",
        "CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY); INSERT INTO ROI_2 VALUES (5)",
        "CREATE TABLE ROI_2 (id INT PRIMARY KEY, t INT) WITHOUT ROWID",
        "CREATE TABLE ROI_2_backup_1 (id INTEGER PRIMARY KEY, t);"
        "INSERT INTO ROI_2_backup_1 VALUES (1, 9000)",
        "CREATE TABLE 'ROI_2\"; DROP' (id INTEGER PRIMARY KEY, t INTEGER)",
        "CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY, t INTEGER)",
    ],
)
def test_an_odd_roi_table_costs_nothing(make_run, look, sql):
    found = look(make_run(sql=sql))
    assert (found.state, found.data_at) == (CopyState.USABLE, NEWEST)


@pytest.mark.parametrize("t", ["'soon'", "-5", "1e300", "NULL", "x'00'", "9e15"])
def test_a_row_with_an_impossible_time_is_not_believed(make_run, look, t):
    sql = f"CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY, t); INSERT INTO ROI_2 VALUES (1, {t})"  # noqa: S608
    assert look(make_run(sql=sql)).data_at == NEWEST


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-5", "0", "soon", "", "1e300", "4102444800", "9" * 5000, "None"]
)
def test_without_a_believable_start_the_start_event_counts(make_run, look, value):
    sql = EVENTS + event(int(START))
    found = look(make_run(metadata={"date_time": value}, sql=sql))
    assert found.data_at == NEWEST - timedelta(seconds=0.5)


def test_with_no_believable_time_at_all_it_is_said(make_run, look):
    found = look(make_run(metadata={"date_time": "soon"}))
    assert (found.state, found.data_at) == (CopyState.USABLE, None)
    assert found.problem == "holds no believable time"


def test_rows_of_the_future_are_not_believed(make_run, look, now):
    minute_ago = (now - timedelta(minutes=1)).timestamp()
    found = look(make_run(metadata={"date_time": str(minute_ago)}, rows=[(1, 120_000)]))
    assert found.data_at is None


def test_of_repeated_fields_the_last_that_is_not_null_counts(make_run, look):
    metadata = [("date_time", "1700000000"), ("date_time", str(START)), ("date_time", None)]
    assert look(make_run(metadata=metadata)).data_at == NEWEST


def test_a_run_whose_rows_still_wait_in_memory_is_dated_by_its_start(make_run, look):
    assert look(make_run(rows=[])).data_at == datetime.fromtimestamp(START, UTC)


@pytest.mark.parametrize(
    ("stop", "finished"),
    [(START + 60, True), (START, True), (START - 60, False), ("nan", False), ("", False)],
)
def test_a_run_is_finished_by_a_stop_row_after_its_start(make_run, look, stop, finished):
    metadata = {"date_time": str(START), "stop_date_time": str(stop)}
    assert look(make_run(metadata=metadata)).finished is finished


def test_a_run_appended_to_after_its_stop_is_not_finished(make_run, look):
    metadata = {"date_time": str(START), "stop_date_time": str(START + 60)}
    sql = EVENTS + event(int(START)) + event(int(START + 90), row_id=2)
    assert not look(make_run(metadata=metadata, sql=sql)).finished


@pytest.mark.parametrize(
    ("says", "sql", "writer"),
    [
        ("SQLite3", "", "sqlite"),
        ("SQLiteResultWriter", "", "sqlite"),
        ("MySQL", "CREATE TABLE x (id INTEGER PRIMARY KEY AUTOINCREMENT)", "mysql"),
        ("MySQLResultWriter", "", "mysql"),
        ("Else", "", "mysql"),
        (None, "", "mysql"),
        (None, "CREATE TABLE x (id INTEGER PRIMARY KEY AUTOINCREMENT)", "sqlite"),
    ],
)
def test_the_writer_is_known_by_its_name_or_its_traces(make_run, look, says, sql, writer):
    metadata = {"date_time": str(START), "result_writer_type": says}
    assert look(make_run(metadata=metadata, sql=sql)).writer == writer


def test_a_run_that_has_no_row_yet_is_empty(make_run, look):
    found = look(make_run(sql="DELETE FROM VAR_MAP"))
    assert (found.state, found.problem) == (CopyState.EMPTY, "no data row yet")
    assert found.writer == "mysql"


@pytest.mark.parametrize("table", ["METADATA", "VAR_MAP", "ROI_MAP"])
def test_a_file_without_what_readers_need_is_empty(make_run, look, table):
    found = look(make_run(sql=f"DROP TABLE {table}"))
    assert (found.state, found.problem) == (CopyState.EMPTY, f"lacks {table}")


def test_more_rows_than_a_number_of_ours_holds_are_capped(make_run, look):
    huge = 2**63 - 1
    found = look(make_run(rows=[(huge, 1)], sql=SECOND_ROI))
    assert found.row_count == huge


@pytest.mark.parametrize(
    ("writer", "seconds_after", "finished"),
    [("MySQL", 600, True), ("MySQL", 700, False), ("SQLite3", 700, True)],
)
def test_a_mirrors_stop_row_needs_the_rows_before_it(
    make_run, look, writer, seconds_after, finished
):
    stop = START + 5 + seconds_after
    metadata = {"date_time": START, "stop_date_time": stop, "result_writer_type": writer}
    assert look(make_run(metadata=metadata)).finished is finished
