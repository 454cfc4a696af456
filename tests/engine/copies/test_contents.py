"""What a run's database says of itself, and how much of it is believed."""

from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.copies import why_foreign
from backups.engine.copies.contents import Words
from backups.engine.items import CopyState
from devices.records import Rows

START = 1795345597.5
EARLY = START - 10 * 3600
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
    assert (found.state, found.contents.data_at, found.contents.stopped) == (
        CopyState.USABLE,
        NEWEST,
        False,
    )
    assert found.contents.row_count == 2


def test_the_newest_row_is_the_one_with_the_highest_id(make_run, look):
    assert look(make_run(rows=[(1, 9000), (7, 5000)])).contents.data_at == NEWEST


def test_the_newest_of_all_rois_counts(make_run, look):
    found = look(make_run(sql=SECOND_ROI))
    assert found.contents.data_at == NEWEST + timedelta(seconds=2)
    assert found.contents.row_count == 11


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
    assert (found.state, found.contents.data_at) == (CopyState.USABLE, NEWEST)


@pytest.mark.parametrize("t", ["'soon'", "-5", "1e300", "NULL", "x'00'", "9e15"])
def test_a_row_with_an_impossible_time_is_not_believed(make_run, look, t):
    sql = f"CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY, t); INSERT INTO ROI_2 VALUES (1, {t})"  # noqa: S608
    assert look(make_run(sql=sql)).contents.data_at == NEWEST


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-5", "0", "soon", "", "1e300", "4102444800", "9" * 5000, "None"]
)
def test_without_a_believable_start_the_start_event_counts(make_run, look, value):
    sql = EVENTS + event(int(START))
    found = look(make_run(metadata={"date_time": value}, sql=sql))
    assert found.contents.data_at == NEWEST - timedelta(seconds=0.5)


def test_with_no_believable_time_at_all_it_is_a_copy_all_the_same(make_run, look):
    found = look(make_run(metadata={"date_time": "soon"}))
    assert (found.state, found.contents.data_at) == (CopyState.USABLE, None)


def test_rows_of_the_future_are_not_believed(make_run, look, now):
    minute_ago = (now - timedelta(minutes=1)).timestamp()
    found = look(make_run(metadata={"date_time": str(minute_ago)}, rows=[(1, 120_000)]))
    assert found.contents.data_at is None


def test_of_repeated_starts_the_first_that_is_not_null_counts(make_run, look):
    metadata = [("date_time", None), ("date_time", str(START)), ("date_time", str(START + 99))]
    assert look(make_run(metadata=metadata)).contents.data_at == NEWEST


def test_a_run_whose_rows_still_wait_in_memory_is_dated_by_its_start(make_run, look):
    assert look(make_run(rows=[])).contents.data_at == datetime.fromtimestamp(START, UTC)


@pytest.mark.parametrize(
    ("stop", "finished"),
    [(START + 60, True), (START, True), (START - 60, False), ("nan", False), ("", False)],
)
def test_a_run_is_finished_by_a_stop_row_after_its_start(make_run, look, stop, finished):
    metadata = {"date_time": str(START), "stop_date_time": str(stop)}
    assert look(make_run(metadata=metadata)).contents.stopped is finished


def test_a_run_appended_to_after_its_stop_is_not_finished(make_run, look):
    metadata = {"date_time": str(START), "stop_date_time": str(START + 60)}
    sql = EVENTS + event(int(START)) + event(int(START + 90), row_id=2)
    assert not look(make_run(metadata=metadata, sql=sql)).contents.stopped


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
    assert look(make_run(metadata=metadata, sql=sql)).contents.writer == writer


def test_an_experiment_without_a_row_is_a_copy_of_it(make_run, look):
    found = look(make_run(sql="DELETE FROM VAR_MAP; DELETE FROM ROI_1"))
    assert (found.state, found.contents.rows["ROI_1"]) == (CopyState.USABLE, Rows(0, None))


@pytest.mark.parametrize("table", ["METADATA", "VAR_MAP", "ROI_MAP"])
def test_a_file_without_what_readers_need_is_empty(make_run, look, table):
    found = look(make_run(sql=f"DROP TABLE {table}"))
    assert (found.state, found.problem) == (CopyState.EMPTY, f"lacks {table}")


def test_more_rows_than_a_number_of_ours_holds_are_capped(make_run, look):
    huge = 2**63 - 1
    found = look(make_run(rows=[(huge, 1)], sql=SECOND_ROI))
    assert found.contents.row_count == huge


SECOND = 1000  # in milliseconds
STEADY = [(number, number * SECOND) for number in (1, 3600)]  # one row a second, for an hour


@pytest.mark.parametrize(
    ("rows", "seconds_after", "short"),
    [
        pytest.param(STEADY, 1000, 0, id="a thousand rows are lost at a stop"),
        pytest.param(STEADY, 1001, 1, id="and no more than that"),
        pytest.param([(1, 1000), (36000, 3600 * SECOND)], 100, 0, id="at ten rows a second"),
        pytest.param([(1, 1000), (36000, 3600 * SECOND)], 101, 1, id="ten times as soon"),
        pytest.param([(1, 1000), (9, 3600 * SECOND)], 17 * 60, 0, id="few rows"),
        pytest.param([(1, 1000), (9, 3600 * SECOND)], 17 * 60 + 1, 1, id="prove no long silence"),
        pytest.param([(7, None)], 60, 1, id="a row without a time is near nothing"),
    ],
)
def test_rows_that_end_long_before_the_stop_row_are_counted(
    make_run, look, rows, seconds_after, short
):
    newest = (rows[-1][1] or 0) / 1000
    metadata = {"date_time": EARLY, "stop_date_time": EARLY + newest + seconds_after}
    found = look(make_run(metadata=metadata, rows=rows)).contents
    assert (found.stopped, found.short_rois) == (True, short)


def test_one_roi_near_the_stop_row_does_not_speak_for_the_others(make_run, look):
    metadata = {"date_time": EARLY, "stop_date_time": EARLY + 9 * 3600}
    late = "CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY, t); INSERT INTO ROI_2 VALUES (9, 32400000)"
    assert look(make_run(metadata=metadata, sql=late)).contents.short_rois == 1


def test_rows_of_an_appended_part_count_from_where_it_began_again(make_run, look):
    later = EARLY + 5 * 3600
    metadata = {"date_time": EARLY, "stop_date_time": later + 60}
    sql = EVENTS + event(int(EARLY)) + event(int(later), row_id=2)
    assert look(make_run(metadata=metadata, sql=sql)).contents.short_rois == 0


@pytest.mark.parametrize(
    ("sql", "lacking"),
    [
        ("", ()),
        ("INSERT INTO ROI_MAP VALUES (1), (2), (7)", (2, 7)),
        ("CREATE TABLE ROI_4 (id INTEGER PRIMARY KEY, t)", (4,)),
        ("DELETE FROM ROI_1; INSERT INTO ROI_MAP VALUES (1), ('x')", (1,)),
    ],
)
def test_a_roi_without_a_row_is_named(make_run, look, sql, lacking):
    assert look(make_run(sql=sql)).contents.rowless_rois == lacking


NATIVE = "CREATE TABLE ROI_3 (id INTEGER PRIMARY KEY AUTOINCREMENT, t INTEGER);"


@pytest.mark.parametrize(
    ("sql", "holes"),
    [
        pytest.param("INSERT INTO ROI_3 VALUES (1, 1), (2, 2)", 0, id="every number"),
        pytest.param("INSERT INTO ROI_3 VALUES (1, 1), (5, 2)", 3, id="numbers lack between"),
        pytest.param("INSERT INTO ROI_3 VALUES (4, 2)", 3, id="numbers lack before"),
        pytest.param(
            "INSERT INTO ROI_3 VALUES (1, 1), (2, 2); DELETE FROM ROI_3 WHERE id = 2",
            1,
            id="a number was given out and is not there",
        ),
    ],
)
def test_row_numbers_that_lack_are_counted_of_a_writer_that_leaves_out_none(
    make_run, look, sql, holes
):
    rows = [(1, 1000), (2, 2000)]
    found = look(make_run(sql=NATIVE + sql, rows=rows), deeply=True).contents
    assert (found.writer, found.holes) == ("sqlite", holes)


@pytest.mark.parametrize(
    ("sql", "table", "shallow", "deep"),
    [
        ("", "ROI_1", Rows(2, None), Rows(2, 2)),
        ("DELETE FROM ROI_1 WHERE id = 1", "ROI_1", Rows(2, None), Rows(2, 1)),
        ("", "METADATA", Rows(1, None), Rows(1, 1)),
        ("CREATE TABLE x (id INT, v); INSERT INTO x VALUES (7, 1), (7, 2), (9, 3)", "x",
         Rows(9, None), Rows(9, 2)),
        ("CREATE TABLE x (rowid TEXT, v); INSERT INTO x VALUES ('z', 1)", "x",
         Rows(1, None), Rows(1, 1)),
        ("CREATE TABLE x (v PRIMARY KEY) WITHOUT ROWID; INSERT INTO x VALUES ('a')", "x",
         Rows(None, None), Rows(None, 1)),
        ('CREATE TABLE "a""b" (v); INSERT INTO "a""b" VALUES (1)', 'a"b',
         Rows(1, None), Rows(1, 1)),
    ],
)  # fmt: skip
def test_rows_of_each_table_are_told_cheaply_or_counted(make_run, look, sql, table, shallow, deep):
    path = make_run(sql=sql)
    assert look(path).contents.rows[table] == shallow
    assert look(path, deeply=True).contents.rows[table] == deep


ME = "0192c3d4e5f60718293a4b5c6d7e8f90"
NAME = f"2026-11-22_11-06-37_{ME}.db"
OWN = [("machine_id", ME), ("date_time", str(START)), ("backup_filename", NAME)]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        pytest.param(OWN, "", id="its own words"),
        pytest.param(OWN[:2], "", id="older firmware names no file"),
        pytest.param([*OWN, *OWN], "", id="the old mirror says all twice"),
        pytest.param([*OWN, ("date_time", "soon")], "", id="a time that is none"),
        pytest.param([*OWN[:1], ("date_time", str(START + 299))], "", id="seconds later"),
        pytest.param(OWN[1:], "of which device", id="says nothing"),
        pytest.param([("machine_id", "f" * 32), *OWN[1:]], "another device", id="of another"),
        pytest.param([*OWN, ("machine_id", "f" * 32)], "another device", id="of two"),
        pytest.param([*OWN, ("backup_filename", "x.db")], "another experiment", id="mixed"),
        pytest.param([OWN[0], ("date_time", str(START - 3600))], "it began at", id="another start"),
    ],
)
def test_a_database_is_of_an_experiment_by_its_own_words(make_run, look, metadata, why):
    words = look(make_run(metadata=metadata)).contents.words
    named = datetime(2026, 11, 22, 11, 6, 37, tzinfo=UTC)
    said = why_foreign(words, device_id=ME, filename=NAME, named_start=named)
    assert (why in said) if why else not said


NAMED_START = datetime(2026, 11, 22, 11, 6, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (Words(), "it does not say of which device it is"),
        (Words(machine_ids=("x" * 65,)), f"it says that it is of another device ({'x' * 64})"),
        (
            Words(machine_ids=(ME,), filenames=("x" * 101,)),
            f"it says that it is of another experiment ({'x' * 100})",
        ),
        (Words(machine_ids=(ME,), started_at=NAMED_START + timedelta(minutes=5)), ""),
        (
            Words(machine_ids=(ME,), started_at=NAMED_START - timedelta(minutes=5, seconds=1)),
            "it says that it began at 2026-11-22 11:01:36 UTC, and not as named",
        ),
    ],
)
def test_why_a_database_is_of_another_is_said(words, why):
    assert why_foreign(words, device_id=ME, filename=NAME, named_start=NAMED_START) == why


def test_a_name_without_a_start_can_be_of_any_start():
    words = Words(machine_ids=(ME,), started_at=NAMED_START)
    assert why_foreign(words, device_id=ME, filename=NAME, named_start=None) == ""


def test_a_file_is_named_by_its_path_too_and_empty_words_are_none(make_run, look):
    metadata = [("backup_filename", f"/a/b/{NAME}"), ("backup_filename", ""), ("machine_id", "")]
    words = look(make_run(metadata=metadata)).contents.words
    assert (words.filenames, words.machine_ids, words.started_at) == ((NAME,), (), None)


def test_an_experiment_that_says_no_time_at_all_is_read(make_run, look):
    found = look(make_run(metadata=[("machine_id", ME)])).contents
    assert (found.data_at, found.stopped, found.has_stop_row) == (None, False, False)
    assert found.short_rois == 0


@pytest.mark.parametrize(("stop", "stopped"), [(str(START + 60), True), ("soon", False)])
def test_a_stop_row_is_there_whatever_it_says(make_run, look, stop, stopped):
    metadata = {"date_time": str(START), "stop_date_time": stop}
    found = look(make_run(metadata=metadata)).contents
    assert (found.stopped, found.has_stop_row, found.short_rois) == (stopped, True, 0)


FAR = datetime(2030, 1, 1, tzinfo=UTC)
YEARS = 3650 * 86400 * 1000  # the longest experiment, in milliseconds


@pytest.mark.parametrize(
    ("t", "counts"), [(0, True), (YEARS, True), (YEARS + 1, False), (-1, False)]
)
def test_a_row_is_as_old_as_an_experiment_can_be(make_run, look, t, counts):
    """One that is near no stop is told from one without a time by the experiment's own length."""
    early = 1262304000 + 86400  # 2010-01-02
    metadata = {"date_time": early, "stop_date_time": early + max(t, 0) / 1000}
    found = look(make_run(metadata=metadata, rows=[(1, t)]), latest=FAR).contents
    assert (found.stopped, found.short_rois) == (True, 0 if counts else 1)


def test_an_odd_roi_table_hides_none_after_it(make_run, look):
    sql = "CREATE TABLE ROI_0 (id INTEGER PRIMARY KEY); INSERT INTO ROI_0 VALUES (5);" + SECOND_ROI  # noqa: S608
    assert look(make_run(sql=sql)).contents.data_at == NEWEST + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("seconds", "believed"),
    [
        (datetime(2010, 1, 1, tzinfo=UTC).timestamp(), True),
        (datetime(2010, 1, 1, tzinfo=UTC).timestamp() - 1, False),
        (datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp(), True),
        (datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() + 1, False),
    ],
)
def test_a_start_is_believed_from_the_first_ethoscope_until_now(make_run, look, seconds, believed):
    words = look(make_run(metadata={"date_time": seconds})).contents.words
    assert (words.started_at is not None) is believed


def test_a_native_table_that_was_not_counted_has_the_holes_that_its_sequence_shows(make_run, look):
    sql = NATIVE + "INSERT INTO ROI_3 VALUES (1, 1), (2, 2); DELETE FROM ROI_3 WHERE id = 2"  # noqa: S608
    assert look(make_run(sql=sql)).contents.holes == 1


def test_tables_of_maps_have_no_holes(make_run, look):
    sql = "CREATE TABLE x (id INTEGER PRIMARY KEY AUTOINCREMENT); DELETE FROM METADATA"
    rows = [(1, 1000), (2, 2000)]
    found = look(make_run(sql=sql, rows=rows), deeply=True).contents
    assert (found.writer, found.holes) == ("sqlite", 0)
