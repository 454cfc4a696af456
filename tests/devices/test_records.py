import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.client import BadAnswer
from devices.records import Rows, parse_card, parse_devices, parse_entry
from tests.recorded import REAL

from .conftest import ID_11, ID_12, ID_13, ID_15, RUN_12, entry

NODE_LISTS = REAL.names("node/*_devices_*")


def parsed(**entries: Any):
    return parse_devices(json.dumps(entries).encode())


def only(**changes: Any):
    records, _ = parsed(**{ID_12: entry(**changes)})
    return records[0]


def problems_of(**changes: Any) -> str:
    return " ".join(parsed(**{ID_12: entry(**changes)})[1])


@pytest.mark.parametrize("name", NODE_LISTS)
def test_every_recorded_list_is_read_whole(name):
    body = REAL.body(name)
    records, problems = parse_devices(body)
    assert {record.device_id for record in records} == set(json.loads(body))
    assert problems == []


def test_a_recorded_running_device_says_what_it_writes():
    record = only()
    assert (record.status, record.live, record.writing) == ("running", True, True)
    assert [run.filename for run in record.experiments] == [RUN_12]
    assert record.current_experiment == record.experiments[0]
    assert record.current_experiment.rows["ROI_1"] == Rows(3000, None)
    assert record.current_experiment.size_bytes == 1798144
    assert (record.version, record.used_percent) == ("9ed518c7 (2026-04-29 08:06:29)", 2)


def test_a_recorded_mariadb_run_is_one_of_mysql():
    records, _ = parse_devices(REAL.body("node/t1_devices_after_success"))
    run = next(record for record in records if record.device_id == ID_11).current_experiment
    assert run.writer == "mysql"
    assert run.filename == f"2026-11-22_11-06-37_{ID_11}.db"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("node/t2_devices_13_unreached_15_recording", "unreached"),
        ("node/t3_devices_13_offline", "offline"),
    ],
)
def test_a_recorded_device_that_is_away_is_not_believed(name, status):
    records, _ = parse_devices(REAL.body(name))
    away = next(record for record in records if record.device_id == ID_13)
    assert (away.status, away.live, away.inventory) == (status, False, ())
    assert status in away.inventory_error


def test_a_recorded_device_at_its_camera_records():
    records, _ = parse_devices(REAL.body("node/t2_devices_13_unreached_15_recording"))
    record = next(record for record in records if record.device_id == ID_15)
    assert (record.recording, record.writing, record.live) == (True, False, True)


DEVICE_DATA = [
    ("fresh_11_data", "stopped", None),
    ("start_11_data_initialising", "initialising", "11-06-37"),
    ("run_11_data_not_ready", "running", "11-27-06"),
    ("run_11_data_running_mysql", "running", "11-06-37"),
    ("run_12_data_late", "running", "11-06-37"),
    ("stop_12_data_stopped", "stopped", "11-06-37"),
    ("boot_11_data_after_restart_previous_run", "stopped", "11-27-06"),
    ("rec_15_data_recording", "recording", None),
    ("rec_15_data_recorder_error", "stopped", None),
]


@pytest.mark.parametrize(("name", "status", "run"), DEVICE_DATA)
def test_a_recorded_devices_own_word_is_read(name, status, run):
    data = REAL.told(f"device/{name}")
    record = parse_entry(data["id"], data, databases={"SQLite": {}, "MariaDB": {}})
    assert (record.status, record.answering, record.problems) == (status, True, ())
    assert (record.current_experiment and record.current_experiment.filename[11:19]) == run


def test_the_writer_of_a_run_that_is_not_listed_is_guessed_from_what_the_device_says():
    data = REAL.told("device/boot_11_data_after_restart_previous_run")
    run = parse_entry(ID_11, data, databases={"SQLite": {}, "MariaDB": {}}).current_experiment
    assert (run.writer, run.guessed) == ("mysql", True)


@pytest.mark.parametrize("status", ["offline", "unreached", "busy", "error", "", None, 7, "?" * 40])
def test_a_status_that_is_no_answer_makes_an_old_inventory(status):
    record = only(status=status)
    assert not record.live
    assert record.inventory_error


@pytest.mark.parametrize("errors", [1, 10, -1, True, "0", None, [], 0.5])
def test_a_device_with_failed_polls_is_not_believed(errors):
    assert not only(consecutive_errors=errors).live


def test_failed_polls_need_not_be_told():
    told = entry()
    del told["consecutive_errors"]
    assert parse_entry(ID_12, told, databases=told["databases"]).live


def test_a_database_only_device_is_no_answer():
    told = {"name": "ETHOSCOPE_009", "id": "009", "status": None, "active": 1}
    told |= {"ip": "192.168.1.59", "time": "2025-12-01 10:11:12.131415"}
    record = parsed(**{"009": told})[0][0]
    assert (record.name, record.address, record.status) == ("ETHOSCOPE_009", "192.168.1.59", "")
    assert (record.live, record.inventory) == (False, None)


@pytest.mark.parametrize(
    "databases",
    [None, {}, [], "x", {"Video": {}}, {"SQLite": None, "MariaDB": []}],
)
def test_no_inventory_is_not_an_empty_one(databases):
    record = only(status="stopped", databases=databases)
    assert record.inventory is None
    assert record.inventory_error
    assert [run.filename for run in record.experiments] == [
        RUN_12
    ]  # it speaks of that one elsewhere


def test_two_empty_lists_are_an_empty_inventory():
    record = parsed(a={"id": "a", "status": "stopped", "databases": {"SQLite": {}, "MariaDB": {}}})
    assert (record[0][0].live, record[0][0].inventory) == (True, ())


@pytest.mark.parametrize(
    "databases",
    [
        {"SQLite": {RUN_12: {}}},
        {"SQLite": {RUN_12: {}, "../x.db": {}}, "MariaDB": {}},
        {"SQLite": {RUN_12: {}, "y.db": 7}, "MariaDB": {}},
        {"SQLite": {RUN_12: {}, "y.db": {"backup_filename": "a b.db"}}, "MariaDB": {}},
        {"SQLite": {RUN_12: {}}, "MariaDB": {"ETHOSCOPE_012_db": {}}},
    ],
)
def test_a_half_readable_inventory_is_not_believed_but_its_runs_are_known(databases):
    record = only(databases=databases)
    assert not record.live
    assert [run.filename for run in record.inventory] == [RUN_12]


def test_running_without_any_database_is_a_contradiction():
    record = only(databases={"SQLite": {}, "MariaDB": {}})
    assert not record.live
    assert "lists no database" in record.inventory_error
    assert [run.filename for run in record.experiments] == [RUN_12]


def test_running_without_saying_which_run_is_a_contradiction():
    record = only(database_info={}, latest_cache={}, backup_path=None)
    assert "does not say which" in record.inventory_error


def test_a_run_younger_than_the_list_is_known():
    record = only(backup_filename="2026-11-22_12-00-00_x.db")
    assert [run.filename for run in record.experiments] == [RUN_12, "2026-11-22_12-00-00_x.db"]
    assert record.experiments[1].started_at == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "device_id", ["a/b", "..", "a b", "", "x" * 65, "a\n", "a\0", "é", "../../etc/passwd"]
)
def test_an_id_that_is_none_costs_only_its_entry(device_id):
    records, problems = parsed(**{device_id: entry(device_id), ID_12: entry()})
    assert [record.device_id for record in records] == [ID_12]
    assert len(problems) == 1
    assert "is skipped" in problems[0]
    assert problems[0].isprintable()


@pytest.mark.parametrize("bad", [None, 7, "text", [], {"id": "other"}, {"id": None}, {"id": {}}])
def test_an_entry_that_is_none_costs_only_itself(bad):
    records, problems = parsed(**{"0bad": bad, ID_12: entry()})
    assert [record.device_id for record in records] == [ID_12]
    assert len(problems) == 1


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b'{"id": "0bad", "name": "\xff"}', id="no text"),
        pytest.param(b'{"id": "0bad", "x": 1e999}', id="too large a number"),
    ],
)
def test_an_entry_that_cannot_be_decoded_costs_only_itself(broken):
    body = b'{"0bad": %s, "%s": %s}' % (broken, ID_12.encode(), json.dumps(entry()).encode())
    records, problems = parse_devices(body)
    assert [record.device_id for record in records] == [ID_12]
    assert len(problems) == 1


@pytest.mark.parametrize("value", [b"NaN", b"-Infinity", b"[" * 50_000 + b"]" * 50_000])
def test_a_value_that_cannot_be_decoded_costs_only_itself(value):
    told = json.dumps(entry(monitor_info="@")).encode().replace(b'"@"', value)
    records, _ = parse_devices(b'{"%s": %s}' % (ID_12.encode(), told))
    assert records[0].live


@pytest.mark.parametrize("body", [b"[]", b"null", b"", b"<html>", b'{"a": {}', b'"x"'])
def test_no_list_at_all_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        parse_devices(body)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("x" * 10_000, "x" * 64), ("A\0B", ""), ("A\nB", ""), (7, ""), ({}, ""), ("Zoë 1", "Zoë 1")],
)
def test_a_name_is_cut_or_dropped_and_the_device_stays(name, kept):
    assert only(name=name).name == kept
    assert bool(problems_of(name=name)) is (name != kept)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("192.168.1.69", "192.168.1.69"),
        ("ethoscope019.local:9000", "ethoscope019.local:9000"),
        ("host:70000", ""), ("host:0", ""), ("host/..", ""), ("user@host", ""), ("a..b", ""),
        ("::1", ""), ("host\n", ""), ("-x", ""), ("x" * 65, ""), (7, ""), ("http://host", ""),
    ],
)  # fmt: skip
def test_an_address_is_checked(address, kept):
    assert only(ip=address).address == kept


@pytest.mark.parametrize("moment", [-1, 1e18, 10**400, "soon", True, [], {}])
def test_a_time_that_is_none_is_reported(moment):
    assert only(current_timestamp=moment).clock_at is None
    assert "current_timestamp" in problems_of(current_timestamp=moment)


def test_an_error_without_a_time_may_be_an_old_answer():
    assert not only(current_timestamp=None, error="Traceback").live
    assert only(error="Traceback").live


@pytest.mark.parametrize(
    ("used", "percent"),
    [("37", 37), (37, 37), ("37%", 37), ("101", None), (-1, None), ("", None), (3.5, None)],
)
def test_used_space_is_a_percentage(used, percent):
    assert only(used_space=used).used_percent == percent


def test_a_device_that_was_never_set_up_is_passed_over():
    assert parsed(a={"id": "a", "name": "ETHOSCOPE_000"}) == ([], [])


def test_a_flood_of_devices_is_cut():
    records, problems = parsed(**{f"d{number}": {} for number in range(2100)})
    assert len(records) == 2000
    assert problems == ["only the first 2000 of 2100 devices are read"]


def test_a_card_is_read_without_its_neighbours_secrets():
    card = parse_card(REAL.told("device/run_12_machine"))
    assert (card.used_percent, card.name) == (4, "20260101_ethoscope_000.img")
    assert card.age_seconds == pytest.approx(460.46, abs=0.01)
    assert len(card.partitions) == 4
    assert "ETHOSCOPE_1234" not in repr(card)


@pytest.mark.parametrize(
    "machine",
    [{}, {"partitions": 7}, {"partitions": [7, {}]}, {"SD_CARD_AGE": "x", "SD_CARD_NAME": 7}],
)
def test_an_odd_machine_page_is_an_empty_card(machine):
    card = parse_card(machine)
    assert (card.used_percent, card.age_seconds, card.name) == (None, None, "")


def test_many_and_long_partitions_are_cut():
    card = parse_card({"partitions": [{"Mounted": "/" + "x" * 999}] * 99})
    assert len(card.partitions) == 20
    assert len(card.partitions[0]["Mounted"]) == 64


def test_the_data_partition_counts_before_the_root():
    rows = [{"Mounted": "/", "Use%": "9%"}, {"Mounted": "/ethoscope_data", "Use%": "87%"}]
    assert parse_card({"partitions": rows}).used_percent == 87


few = {"max_size": 3}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, **few) | st.dictionaries(st.text(max_size=9), inner, **few),
    max_leaves=8,
)
databases = st.dictionaries(st.sampled_from([RUN_12, "x", "a.db"]), anything, **few)
inventories = st.fixed_dictionaries({}, optional={"SQLite": databases, "MariaDB": databases})
entries = anything | st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(entry().keys() - {"id"}, anything)
    | {
        "status": st.sampled_from(["running", "stopped", "offline", None, 3]),
        "consecutive_errors": st.just(0) | anything,
        "databases": anything | inventories,
        "backup_filename": st.just(RUN_12) | anything,
    },
)
ids = st.sampled_from(["a", ID_12, "../x", "\0"]) | st.text(max_size=8)


@given(st.dictionaries(ids, entries, max_size=4))
def test_whatever_is_told_is_read_or_reported(told):
    records, problems = parse_devices(json.dumps(told).encode())
    assert len(records) + len(problems) >= len(told)
    for record in records:
        assert all(
            run.filename.endswith(".db") and "/" not in run.filename for run in record.experiments
        )
        if record.live:
            assert told[record.device_id]["databases"].keys() >= {"SQLite", "MariaDB"}
            assert record.current_experiment or not record.writing
