"""Each field of a device's entry: from which place it is taken, and how far it may go."""

from datetime import UTC, datetime

import pytest

from devices.records import parse_entry
from devices.records.entry import BadEntry
from devices.records.fields import Fields, is_address, is_filename
from devices.records.inventory import Inventory, read_inventory

ID = "0192c3d4e5f60718293a4b5c6d7e8f90"
RUN = f"2026-01-02_03-04-05_{ID}.db"
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EMPTY = {"SQLite": {}, "MariaDB": {}}
PLACES = [
    lambda name: {"backup_filename": name},
    lambda name: {"database_info": {"sqlite_source_path": f"/data/{name}"}},
    lambda name: {"sqlite_source_path": f"/data/{name}"},
    lambda name: {"database_info": {"sqlite": {"current": {"backup_filename": name}}}},
    lambda name: {"latest_cache": {"backup_filename": name}},
    lambda name: {"backup_path": f"/data/{name}"},
    lambda name: {"experimental_info": {"previous": {"backup_filename": name}}},
    lambda name: {"previous_backup_filename": name},
]


def parsed(databases=EMPTY, **entry):
    return parse_entry(
        ID, {"status": "running", "current_timestamp": 1e9} | entry, databases=databases
    )


@pytest.mark.parametrize("place", range(len(PLACES)))
def test_the_current_experiment_is_named_in_any_of_its_places(place):
    run = parsed(**PLACES[place](RUN)).current_experiment
    assert (run.filename, run.started_at, run.guessed) == (RUN, STARTED, True)


@pytest.mark.parametrize("place", range(len(PLACES) - 1))
def test_the_better_known_place_of_two_wins(place):
    entry = PLACES[place + 1]("other.db")
    for key, value in PLACES[place](RUN).items():
        entry[key] = value | entry[key] if isinstance(entry.get(key), dict) else value
    assert parsed(**entry).current_experiment.filename == RUN


@pytest.mark.parametrize(
    ("entry", "writer"),
    [
        ({}, "sqlite"),
        ({"result_writer_type": "SQLiteResultWriter"}, "sqlite"),
        ({"result_writer_type": "MySQLResultWriter"}, "mysql"),
        ({"database_info": {"db_version": "10.11.6-MariaDB"}}, "mysql"),
    ],
)
def test_who_writes_a_run_that_is_not_listed(entry, writer):
    assert parsed(backup_filename=RUN, **entry).current_experiment.writer == writer


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (
            {"id": "0123456789abcdef", "date": "2026-04-29 08:06:29"},
            "01234567 (2026-04-29 08:06:29)",
        ),
        ({"id": "0123456789abcdef"}, "01234567"),
        ({"date": "2026-04-29"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_version_is_commit_and_date(version, text):
    assert parsed(version=version).version == text


@pytest.mark.parametrize(
    ("told", "percent"),
    [("0%", 0), ("7 %", 7), (100, 100), ("100%", 100), (None, None), ("", None)],
)
def test_a_percentage_that_can_be_one(told, percent):
    record = parsed(used_space=told)
    assert (record.used_percent, record.problems) == (percent, ())


@pytest.mark.parametrize("told", ["101%", "0042", "many", -1, 1.5, [], {}])
def test_a_percentage_that_cannot_be_one_is_reported(told):
    record = parsed(used_space=told)
    assert record.used_percent is None
    assert record.problems == ("its used_space is not a percentage",)


@pytest.mark.parametrize(
    ("entry", "doubt"),
    [
        ({"status": "offline"}, "the device is offline: this is an older answer"),
        ({"status": None}, "the device is without a status: this is an older answer"),
        ({"consecutive_errors": 1}, "the node did not reach the device: this is an older answer"),
        (
            {"error": "x", "current_timestamp": None},
            "the device reports an error and not its time: this may be an older answer",
        ),
    ],
)
def test_an_older_answer_says_why_it_is_one(entry, doubt):
    told = parsed(**entry)
    assert (told.answering, told.inventory_error) == (False, doubt)


@pytest.mark.parametrize(
    ("databases", "entry", "error"),
    [
        (EMPTY, {"backup_filename": RUN}, "it writes an experiment, but lists no database"),
        (
            {"SQLite": {RUN: {}}, "MariaDB": {}},
            {},
            "it writes an experiment, but does not say which",
        ),
        (None, {}, "its inventory could not be read"),
        ({}, {}, "its inventory could not be read"),
        ([], {}, "its inventory is not a list of databases"),
        ({"SQLite": []}, {}, "its inventory is not a list of databases"),
        ({"SQLite": {}}, {}, "its inventory lacks the list of MariaDB databases"),
    ],
)
def test_an_inventory_that_cannot_be_whole_says_why(databases, entry, error):
    assert parsed(databases, **entry).inventory_error == error


@pytest.mark.parametrize(
    ("entry", "started"),
    [({"date": 1e9}, datetime.fromtimestamp(1e9, UTC)), ({}, STARTED), ({"date": 0}, STARTED)],
)
def test_a_listed_run_has_its_start_and_its_state(entry, started):
    databases = {"SQLite": {RUN: {"db_status": "finalised"} | entry}, "MariaDB": {}}
    inventory = read_inventory(databases, problems=[])
    (run,) = inventory.listed
    assert (run.started_at, run.state, run.writer) == (started, "finalised", "sqlite")
    assert inventory == Inventory(listed=(run,))


@pytest.mark.parametrize("device_id", ["", "a/b", "x" * 65, None])
def test_an_id_that_is_none_is_refused_in_words(device_id):
    with pytest.raises(BadEntry, match=r"^its id is not made of up to 64 letters, digits,"):
        parse_entry(device_id, {}, databases=None)


@pytest.mark.parametrize(("own", "who"), [("other", "other"), (7, "nobody"), (None, "nobody")])
def test_an_entry_of_another_device_is_refused_and_named(own, who):
    with pytest.raises(BadEntry, match=f"^its entry says that it is {who}$"):
        parse_entry(ID, {"id": own}, databases=None)


@pytest.mark.parametrize(
    ("length", "problems"), [(32, ()), (33, ("its status has 33 characters",))]
)
def test_a_status_is_cut_at_32_characters(length, problems):
    told = parsed(status="x" * length)
    assert (told.status, told.problems) == ("x" * 32, problems)


def read(method, value, **options):
    problems = []
    return getattr(Fields({"key": value}, problems), method)("key", **options), problems


@pytest.mark.parametrize(
    ("method", "value", "problem"),
    [
        ("text", 1, "its key is not a printable text"),
        ("text", "a\0", "its key is not a printable text"),
        ("address", "a b", "its key is not an address"),
        ("address", 1, "its key is not an address"),
        ("filename", "notes.txt", "its key is not the file name of a database"),
        ("filename", 1, "its key is not the file name of a database"),
    ],
)
def test_an_unusable_value_is_empty_and_reported(method, value, problem):
    options = {"longest": 9} if method == "text" else {}
    assert read(method, value, **options) == ("", [problem])


@pytest.mark.parametrize("method", ["address", "filename"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_value_is_empty_and_no_problem(method, value):
    assert read(method, value) == ("", [])


def test_a_problem_below_is_reported_above():
    problems = []
    Fields({"below": {"key": 1}}, problems).below("below").text("key", longest=9)
    assert problems == ["its key is not a printable text"]


@pytest.mark.parametrize(("value", "number"), [(0, 0.0), (10, 10.0), (10.1, None), (-0.1, None)])
def test_a_number_may_be_either_end_of_its_range(value, number):
    assert read("number", value, least=0, most=10)[0] == number


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("host", True), ("a" * 64, True), ("a" * 65, False), ("h:1", True), ("h:0", False),
        ("h:65535", True), ("h:65536", False), ("a..b", False),
    ],
)  # fmt: skip
def test_what_can_be_an_address(text, usable):
    assert is_address(text) is usable


@pytest.mark.parametrize(("text", "usable"), [("a.db", True), ("a..db", False), ("a.txt", False)])
def test_what_can_be_a_file_name(text, usable):
    assert is_filename(text) is usable


@pytest.mark.parametrize(
    ("entry", "writer"),
    [
        ({}, "sqlite"),
        ({"result_writer_type": "MySQLResultWriter"}, "mysql"),
        ({"database_info": {"db_version": "10.11.6-MariaDB"}}, "mysql"),
        ({"database_info": {"active_type": "mariadb"}}, "mysql"),
        ({"database_info": {"active_type": "sqlite"}}, "sqlite"),
    ],
)
def test_what_writes_an_experiment_that_no_inventory_names_is_told_otherwise(entry, writer):
    told = parsed(databases=None, backup_filename=RUN, **entry)
    assert told.current_experiment.writer == writer
