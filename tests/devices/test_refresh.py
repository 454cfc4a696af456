import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from devices.models import Device, Experiment, Lifecycle, NodeStatus
from devices.services import NothingToAsk, refresh_devices
from tests.nodes import a_node
from tests.recorded import REAL

from .conftest import ID_11, ID_12, ID_13, ID_15, RUN_12, entry, http

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOW = REAL.told_at("node/t1_devices_after_success")


def told(node, *, now=NOW, **changes):
    """Let the node tell of device 12 with these changes, and refresh."""
    clock = {"current_timestamp": now.timestamp() - 1}
    node.tells({ID_12: entry(**(clock | changes))})
    report = refresh_devices(now=now)
    return report, Device.objects.get(device_id=ID_12)


@pytest.mark.parametrize(
    "name",
    [
        "t00_devices_just_started",
        "t1_devices_after_success",
        "t2_devices_13_stale_still_stopped",
        "t2_devices_13_unreached_15_recording",
        "t3_devices_13_offline",
        "t3_devices_13_offline_include_inactive",
    ],
)
def test_every_recorded_list_fills_the_database(node, name):
    now = REAL.told_at(f"node/{name}")
    node.tells(REAL.body(f"node/{name}"))
    report = refresh_devices(now=now)
    assert (report.devices, report.source, report.problems, report.error) == (5, "node", (), "")
    for device in Device.objects.all():
        away = device.reported_status in {"offline", "unreached"}
        assert (device.inventory_read_at is None, bool(device.inventory_error)) == (away, away)


def test_the_recorded_hour_in_order_tells_the_story(node):
    names = [
        "t1_devices_after_success",
        "t2_devices_13_unreached_15_recording",
        "t3_devices_13_offline",
    ]
    for name in names:
        node.tells(REAL.body(f"node/{name}"))
        refresh_devices(now=REAL.told_at(f"node/{name}"))
    device = Device.objects.in_bulk(field_name="device_id")
    first, second, third = (REAL.told_at(f"node/{name}") for name in names)
    assert device[ID_13].inventory_read_at == first
    assert (device[ID_15].recording_since, device[ID_15].recording_at) == (second, third)
    stopped = Experiment.objects.get(device=device[ID_11])
    assert (stopped.growing, stopped.writer, stopped.first_seen_at) == (False, "mysql", first)
    assert stopped.changed_at == second  # it may have grown until we saw that it had ended
    growing = Experiment.objects.get(device=device[ID_12])
    assert (growing.growing, growing.filename, growing.listed_at) == (True, RUN_12, third)
    assert growing.changed_at == third


@pytest.mark.parametrize("ahead", [-400 * 86400, -3600, 0, 3600, 400 * 86400])
@pytest.mark.parametrize("last", [4e9, 60, 0, -7, "x", None])
def test_a_growing_run_changes_when_we_see_it_whatever_its_clock_says(node, ahead, last):
    told(node, current_timestamp=NOW.timestamp() + ahead)
    soon = {"current_timestamp": NOW.timestamp() + ahead + 60}
    _, device = told(node, now=NOW + MINUTE, database_info={"last_db_update": last}, **soon)
    assert device.changed_at == Experiment.objects.get().changed_at == NOW + MINUTE


def test_a_run_that_stopped_unseen_may_have_grown_until_now(node):
    told(node)
    told(node, now=NOW + 60 * MINUTE, status="stopped", database_info={"last_db_update": 0})
    run = Experiment.objects.get()
    assert (run.growing, run.changed_at) == (False, NOW + 60 * MINUTE)


def test_a_run_that_rests_does_not_change(node):
    told(node, status="stopped")
    told(node, now=NOW + MINUTE, status="stopped")
    run = Experiment.objects.get()
    assert (run.growing, run.changed_at, run.listed_at) == (False, None, NOW + MINUTE)


def test_a_run_no_longer_listed_is_kept(node):
    told(node, status="stopped")
    told(node, now=NOW + MINUTE, status="stopped", databases={"SQLite": {}, "MariaDB": {}},
         database_info={}, latest_cache={}, backup_path=None)  # fmt: skip
    assert Experiment.objects.get().listed_at == NOW


def test_a_repeated_old_answer_is_not_believed(node):
    told(node, current_timestamp=NOW.timestamp())
    same = {"current_timestamp": NOW.timestamp(), "status": "stopped"}
    _, device = told(node, now=NOW + 2 * MINUTE, **same)
    assert device.inventory_read_at == NOW
    assert "repeat" in device.inventory_error
    assert Experiment.objects.get().growing
    _, device = told(node, now=NOW + 3 * MINUTE)
    assert (device.inventory_read_at, device.inventory_error) == (NOW + 3 * MINUTE, "")


def test_the_same_answer_twice_in_a_moment_is_no_fault_and_no_news(node):
    told(node, current_timestamp=NOW.timestamp())
    later = NOW + timedelta(seconds=3)
    _, device = told(node, now=later, current_timestamp=NOW.timestamp())
    assert (device.inventory_read_at, device.inventory_error) == (NOW, "")


def test_an_answer_older_than_the_last_is_not_believed(node):
    told(node)
    _, device = told(node, now=NOW + 2 * MINUTE, current_timestamp=NOW.timestamp() - 600)
    assert device.inventory_read_at == NOW


def test_a_clock_far_behind_at_first_sight_must_move_before_it_is_believed(node):
    _, device = told(node, current_timestamp=NOW.timestamp() - 3600)
    assert device.inventory_read_at is None
    _, device = told(node, now=NOW + MINUTE, current_timestamp=NOW.timestamp() - 3540)
    assert device.inventory_read_at == NOW + MINUTE


@pytest.mark.parametrize("databases", [{}, None])
def test_an_inventory_that_was_not_asked_leaves_the_last_one(node, databases):
    told(node)
    _, device = told(node, now=NOW + MINUTE, databases=databases)
    assert (device.inventory_read_at, bool(device.inventory_error)) == (NOW, True)
    assert Experiment.objects.get().growing


def test_an_empty_inventory_is_one(node):
    node.tells({"a": {"id": "a", "status": "stopped", "databases": {"SQLite": {}, "MariaDB": {}}}})
    refresh_devices(now=NOW)
    assert Device.objects.get().inventory_read_at == NOW


def test_a_running_device_without_a_database_is_not_believed_but_its_run_is_known(node):
    _, device = told(node, databases={"SQLite": {}, "MariaDB": {}})
    assert (device.inventory_read_at, bool(device.inventory_error)) == (None, True)
    assert Experiment.objects.get().growing


def test_runs_of_a_device_that_is_away_are_known(node):
    _, device = told(node, status="offline")
    run = Experiment.objects.get()
    assert (device.inventory_read_at, run.growing, run.changed_at) == (None, False, None)


def test_silence_while_recording_starts_no_new_recording(node):
    told(node, status="recording")
    told(node, now=NOW + MINUTE, status="unreached")
    _, device = told(node, now=NOW + 2 * MINUTE, status="recording")
    assert (device.recording_since, device.recording_at) == (NOW, NOW + 2 * MINUTE)
    told(node, now=NOW + 3 * MINUTE, status="stopped")
    _, device = told(node, now=NOW + 4 * MINUTE, status="recording")
    assert device.recording_since == NOW + 4 * MINUTE


def test_what_people_set_is_never_written(node):
    told(node)
    Device.objects.update(lifecycle=Lifecycle.PARKED, notes="on the shelf")
    _, device = told(node, now=NOW + MINUTE)
    assert (device.lifecycle, device.notes) == (Lifecycle.PARKED, "on the shelf")


def test_a_name_or_address_that_is_unusable_leaves_the_last_one(node):
    told(node)
    report, device = told(node, now=NOW + MINUTE, name="A\0B", ip="../")
    assert (device.name, device.address) == ("ETHOSCOPE_012", "192.168.60.12")
    assert len(report.problems) == 2


def test_a_start_far_in_the_future_is_no_start(node):
    databases = {"SQLite": {RUN_12: {"date": NOW.timestamp() + 1e7}}, "MariaDB": {}}
    told(node, databases=databases)
    assert Experiment.objects.get().started_at is None


def test_one_bad_entry_is_reported_and_costs_only_itself(node):
    node.tells({"../x": entry("../x"), "b": 7, "c": {"id": "d"}, ID_12: entry()})
    report = refresh_devices(now=NOW)
    assert (report.devices, len(report.problems)) == (1, 3)
    assert NodeStatus.objects.get().problems == list(report.problems)


def test_a_flood_of_problems_is_kept_whole(node):
    node.tells({f"../{number}": {} for number in range(90)})
    refresh_devices(now=NOW)
    problems = NodeStatus.objects.get().problems
    assert len(problems) == 90


def broken(node, answer):
    node.routes["/devices"] = answer
    return refresh_devices(now=NOW + 30 * MINUTE)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"", "closed", id="hangs up"),
        pytest.param(http(b"", status="500 Oops"), "HTTP 500", id="500"),
        pytest.param(http({"error": "KeyError: 'x'"}), "KeyError", id="200 and an error"),
        pytest.param(http({ID_12: entry()})[:-9], "cut off", id="cut off"),
        pytest.param(http(b"<html>"), "not JSON", id="no JSON"),
        pytest.param(http([]), "unexpected form", id="a list"),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nContent-Length: 200000000\r\n\r\n", "200,000,000", id="200 MB"
        ),
    ],
)
def test_a_node_that_fails_leaves_every_device_as_it_was(node, settings, answer, reason):
    told(node)
    settings.DEVICE_TIMEOUT = timedelta(milliseconds=1)
    Device.objects.update(address="")  # nobody to ask instead
    before = Device.objects.values().get(), Experiment.objects.values().get()
    report = broken(node, answer)
    assert (report.devices, report.source) == (0, "")
    assert reason in report.error
    assert (Device.objects.values().get(), Experiment.objects.values().get()) == before
    status = NodeStatus.objects.get()
    assert (status.error, status.answered_at) == (report.error, NOW)


def test_a_node_that_trickles_is_given_up_at_the_deadline(node, settings):
    settings.NODE_TIMEOUT = timedelta(milliseconds=300)
    report = broken(node, node.trickle(b"HTTP/1.0 200 OK\r\n\r\n{", b" "))
    assert "no whole answer" in report.error


def test_without_a_node_the_given_devices_are_asked(ethoscope, settings):
    server = ethoscope()
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [server.address]
    report = refresh_devices(now=NOW)
    device = Device.objects.get()
    assert (report.devices, report.source, report.error) == (1, "device", "")
    assert (device.device_id, device.address, device.told_by) == (ID_12, server.address, "device")
    assert (device.inventory_read_at, device.inventory_error) == (NOW, "")
    assert server.asked == ["/id", f"/data/{ID_12}", f"/data/databases/{ID_12}"]


def test_a_node_that_is_down_is_replaced_by_the_devices_known(node, ethoscope):
    server = ethoscope()
    told(node, ip=server.address)
    report = broken(node, b"")
    assert (report.source, report.devices, bool(report.error)) == ("device", 1, True)
    assert Device.objects.get().inventory_read_at == NOW + 30 * MINUTE


def test_an_address_given_twice_is_asked_once(ethoscope, settings):
    server = ethoscope()
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [server.address] * 2
    refresh_devices(now=NOW)
    refresh_devices(now=NOW + MINUTE)
    assert server.asked.count("/id") == 2


def test_another_device_at_a_known_address_is_refused(node, ethoscope):
    told(node, ip=ethoscope(ID_11).address)
    report = broken(node, b"")
    assert (report.devices, report.source) == (0, "")
    device = Device.objects.get()
    assert "another device answers there" in device.inventory_error
    assert device.inventory_read_at == NOW


def test_a_retired_device_is_not_asked(node, ethoscope, settings):
    server = ethoscope()
    told(node, ip=server.address)
    Device.objects.update(lifecycle=Lifecycle.RETIRED)
    settings.DEVICE_ADDRESSES = [server.address]
    report = broken(node, b"")
    assert (report.devices, Device.objects.get().told_at) == (0, NOW)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"/id": http({"error": "Traceback"})}, id="no id"),
        pytest.param({"/id": http({"id": "../x"})}, id="an id that is none"),
        pytest.param(
            {f"/data/{ID_12}": http(REAL.body("device/err_14_data_listener_dead"))},
            id="no listener",
        ),
        pytest.param({f"/data/{ID_12}": http({"id": ID_11})}, id="data of another"),
    ],
)
def test_a_device_that_answers_badly_keeps_its_facts_and_says_why(node, ethoscope, bad):
    told(node, ip=ethoscope(**bad).address)
    report = broken(node, b"")
    device = Device.objects.get()
    assert (report.devices, len(report.problems)) == (0, 1)
    assert (device.inventory_read_at, device.inventory_error) == (NOW, report.problems[0])


def test_a_device_that_does_not_list_its_databases_is_known_to_run(ethoscope, settings):
    server = ethoscope(**{f"/data/databases/{ID_12}": http({"error": "OSError: disk"})})
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [server.address]
    refresh_devices(now=NOW)
    device = Device.objects.get()
    assert (device.reported_status, device.inventory_read_at) == ("running", None)
    assert "OSError: disk" in device.inventory_error
    assert Experiment.objects.get().growing


def test_one_device_that_hangs_costs_only_itself(ethoscope, serve, settings):
    dead = serve()
    dead.routes["/id"] = dead.hang
    settings.NODES, settings.DEVICE_ADDRESSES = (
        [a_node()],
        [dead.address, ethoscope().address, "a b"],
    )
    settings.DEVICE_TIMEOUT = timedelta(seconds=1)
    report = refresh_devices(now=NOW)
    assert report.devices == 1
    assert [dead.address in problem for problem in report.problems] == [False, True]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(None, "refused", id="off"),
        pytest.param({"/id": http({"error": "Traceback"})}, "id", id="no id"),
        pytest.param({f"/data/{ID_12}": http({"id": ID_11})}, ID_11, id="data of another"),
    ],
)
def test_without_a_node_no_device_that_answers_is_no_answer(
    ethoscope, dead_address, settings, answer, why
):
    address = dead_address if answer is None else ethoscope(**answer).address
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [address]
    report = refresh_devices(now=NOW)
    status = NodeStatus.objects.get()
    assert (report.devices, report.source, status.answered_at) == (0, "", None)
    assert status.error == report.error == report.problems[0]
    assert why in status.error


def test_without_a_node_a_device_that_is_retired_is_no_answer(ethoscope, settings):
    server = ethoscope()
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [server.address]
    refresh_devices(now=NOW)
    Device.objects.update(lifecycle=Lifecycle.RETIRED)
    assert refresh_devices(now=NOW + MINUTE).error == "no device answered"
    assert NodeStatus.objects.get().answered_at == NOW


def test_with_nobody_to_ask_it_says_what_to_set(settings):
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], []
    with pytest.raises(NothingToAsk, match=r"ETHONODE_NODE_URL.*ETHONODE_DEVICE_ADDRESSES"):
        refresh_devices(now=NOW)
    assert "ETHONODE_NODE_URL" in NodeStatus.objects.get().error


@pytest.mark.parametrize("round", ["first", "second"])
def test_200_devices_cost_a_fixed_number_of_queries(
    node, django_assert_max_num_queries, round
):  # fmt: skip
    def tell(now):
        moved = {"current_timestamp": now.timestamp()}
        runs = {f"2026-11-{day:02}_11-06-37_x.db": {} for day in range(1, 21)} | {RUN_12: {}}
        lists = {"databases": {"SQLite": runs, "MariaDB": {}}}
        node.tells({f"d{n}": entry(f"d{n}", **moved, **lists) for n in range(200)})

    tell(NOW)
    if round == "second":
        refresh_devices(now=NOW)
        tell(NOW + MINUTE)
    with django_assert_max_num_queries(100):
        refresh_devices(now=NOW + MINUTE)
    assert Experiment.objects.filter(listed_at=NOW + MINUTE).count() == 4200


def test_a_wifi_password_goes_nowhere(node, caplog):
    caplog.set_level(logging.DEBUG)
    secret = {"WIFI_PASSWORD": "s3cr3t", "monitor_info": {"WIFI_PASSWORD": "s3cr3t"}}
    report, _ = told(node, name=7, ip=None, **secret)
    broken(node, b"")
    dump = StringIO()
    call_command("dumpdata", "devices", stdout=dump)
    assert ID_12 in dump.getvalue()
    assert "s3cr3t" not in dump.getvalue() + caplog.text + str(report)


COUNTS = {"METADATA": 13, "VAR_MAP": 8, "ROI_1": 101, "ROI_2": 1}


def counted(node, now, **entry):
    rows = {"table_counts": COUNTS | entry.pop("rows", {}), "db_size_bytes": 4096}
    return told(node, now=now, database_info=rows, **entry)


def test_what_a_device_counts_is_kept_with_when_and_by_whom(node):
    counted(node, NOW)
    one = Experiment.objects.get()
    assert one.told_rows["ROI_1"] == [100, None]  # the device tells MAX(id) + 1
    assert one.told_rows["METADATA"] == [None, 13]
    assert (one.told_size_bytes, one.rows_told_at, one.rows_told_by) == (4096, NOW, "node")


def test_what_was_told_before_is_remembered_until_when_it_was_told(node):
    counted(node, NOW)
    counted(node, NOW + MINUTE)
    counted(node, NOW + 2 * MINUTE, rows={"ROI_1": 201})
    one = Experiment.objects.get()
    assert one.told_rows["ROI_1"] == [200, None]
    assert [(t.told_at, t.rows["ROI_1"]) for t in one.tellings.all()] == [
        (NOW + MINUTE, [100, None])
    ]


def test_more_rows_than_before_are_growth_whatever_the_device_calls_itself(node):
    counted(node, NOW, status="stopped")
    assert Experiment.objects.get().changed_at is None
    counted(node, NOW + MINUTE, status="stopped", rows={"ROI_2": 5})
    assert Experiment.objects.get().changed_at == NOW + MINUTE


def at_rest(node, minute, **rows):
    counted(node, NOW + minute * MINUTE, status="stopped", rows=rows)
    return Experiment.objects.get()


@pytest.mark.parametrize("table", ["ROI_3", "START_EVENTS", "METADATA", "ROI_2"])
def test_more_than_a_count_after_the_end_is_growth_whichever_table_has_it(node, table):
    one = at_rest(node, 0)
    one.tellings.create(told_at=NOW, told_by="server", rows=one.told_rows, final=True)
    one = at_rest(node, 1, **{table: 40})
    assert one.changed_at == NOW + MINUTE
    assert not one.tellings.filter(final=True, told_at__gte=one.changed_at).exists()


def test_a_table_that_is_empty_is_no_growth(node):
    at_rest(node, 0)
    assert at_rest(node, 1, ROI_3=1).changed_at is None  # MAX(id) + 1 of nothing


@pytest.mark.parametrize("shorter", [{"ROI_1": 51}, {"ROI_1": 1}], ids=str)
def test_less_and_then_again_what_was_told_before_is_no_growth(node, shorter):
    for minute, rows in enumerate(({}, shorter, {}, shorter, {})):
        assert at_rest(node, minute, **rows).changed_at is None


def test_two_who_do_not_name_the_same_tables_are_growth_once(node):
    """As a card's listing and the device's own answers in turn."""
    assert at_rest(node, 0).changed_at is None
    for minute in range(1, 7):
        rows = {"ROI_3": 9} if minute % 2 else {}
        assert at_rest(node, minute, **rows).changed_at == NOW + MINUTE


@pytest.mark.parametrize(
    "counts", [{}, None, [], {"ROI_1": -1}, {"ROI_1": "7"}, {"ROI_1": True}, {"": 3}, {"a\0": 3}]
)
def test_counts_that_make_no_sense_are_no_telling(node, counts):
    told(node, database_info={"table_counts": counts})
    assert Experiment.objects.get().rows_told_at is None


def test_the_size_that_the_node_puts_in_is_that_of_its_copy(node):
    listed = {RUN_12: {"filesize": 704512, "rsync_enhanced": True, "table_counts": {"ROI_1": 5}}}
    told(node, status="stopped", databases={"SQLite": listed, "MariaDB": {}}, database_info={})
    assert Experiment.objects.get().told_size_bytes is None


def test_a_file_that_the_device_no_longer_has_is_gone_and_may_come_back(node):
    for minute, is_there in enumerate((True, False, False, True)):
        listed = {RUN_12: {"file_exists": is_there}}
        told(
            node,
            now=NOW + minute * MINUTE,
            status="stopped",
            databases={"SQLite": listed, "MariaDB": {}},
        )
        gone_at = Experiment.objects.get().gone_at
        assert gone_at == (None if is_there else NOW + MINUTE)


def test_a_card_that_showed_a_file_outranks_a_device_that_denies_it(node):
    told(node, status="stopped")
    Experiment.objects.update(rows_told_by="card", rows_told_at=NOW)
    listed = {RUN_12: {"file_exists": False}}
    lists = {"SQLite": listed, "MariaDB": {}}
    told(node, now=NOW + MINUTE, status="stopped", databases=lists, database_info={})
    assert Experiment.objects.get().gone_at is None


def test_a_list_that_names_less_makes_nothing_gone(node):
    told(node, status="stopped")
    told(node, now=NOW + MINUTE, status="stopped", databases={"SQLite": {}, "MariaDB": {}},
         database_info={}, latest_cache={}, backup_path=None)  # fmt: skip
    assert Experiment.objects.get().gone_at is None


FIRST, SECOND = "2026-11-01_00-00-00_x.db", "2026-11-02_00-00-00_x.db"


def by_mariadb(*names, **others):
    return {"MariaDB": {name: {"backup_filename": name} for name in names}} | others


@pytest.mark.parametrize(
    "lists",
    [
        pytest.param(by_mariadb(SECOND), id="without the other list"),
        pytest.param(by_mariadb(SECOND, "/", SQLite={}), id="with a name that cannot be read"),
        pytest.param({"SQLite": {RUN_12: {"file_exists": False}}}, id="a file denied"),
        pytest.param(
            {"SQLite": {RUN_12: {"file_exists": False}, "x": {}}, "MariaDB": {}},
            id="a file denied beside one that cannot be read",
        ),
    ],
)
def test_nothing_is_gone_by_an_inventory_that_is_not_to_be_believed(node, lists):
    first = by_mariadb(FIRST, SQLite={RUN_12: {}})
    told(node, status="stopped", databases=first, database_info={})
    _, device = told(
        node, now=NOW + MINUTE, status="stopped", databases=lists, database_info={},
        latest_cache={}, backup_path=None,
    )  # fmt: skip
    assert device.inventory_error
    assert Experiment.objects.filter(filename__in=[FIRST, RUN_12]).count() == 2
    assert not Experiment.objects.exclude(gone_at=None)


@pytest.mark.parametrize("other", ["2026-10-31_00-00-00_x.db", "x.db"])
def test_an_older_experiment_in_mariadb_or_one_of_no_time_ends_none(node, other):
    told(node, status="stopped", databases=by_mariadb(FIRST, SQLite={}), database_info={})
    lists = by_mariadb(other, SQLite={})
    told(node, now=NOW + MINUTE, status="stopped", databases=lists, database_info={})
    assert not Experiment.objects.exclude(gone_at=None)


def test_mariadb_holds_one_experiment_so_the_next_one_ends_the_last(node):
    first = {"ETHOSCOPE_012_db": {"backup_filename": "2026-11-01_00-00-00_x.db"}}
    second = {"ETHOSCOPE_012_db": {"backup_filename": "2026-11-02_00-00-00_x.db"}}
    told(node, status="stopped", databases={"SQLite": {}, "MariaDB": first})
    told(node, now=NOW + MINUTE, status="stopped", databases={"SQLite": {}, "MariaDB": second})
    gone = dict(Experiment.objects.filter(writer="mysql").values_list("filename", "gone_at"))
    assert gone == {"2026-11-01_00-00-00_x.db": NOW + MINUTE, "2026-11-02_00-00-00_x.db": None}
