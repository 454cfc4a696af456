"""Servers that fail, refuse or crawl: a named error, and the copy unhurt."""
# ruff: noqa: S608

import threading
import time
from contextlib import contextmanager, suppress
from socket import create_server

import pymysql
import pytest

from backups.engine.errors import BackupError, Cancelled
from backups.engine.mirror import MariaDBSource, database_of_device, errors, list_databases
from tests.engine.mirror.device import Device, connected, differing_tables, rows_here
from tests.fault_proxy import Fault
from tests.servers import free_port, private_mariadb


@pytest.fixture
def denied(device):
    """An account that may read all tables but one."""
    device.run("CREATE USER IF NOT EXISTS narrow@'%' IDENTIFIED BY 'n'")
    for table in device.tables():
        right = "INSERT" if table == "ROI_2" else "SELECT"
        device.run(f"GRANT {right} ON `{device.database}`.`{table}` TO narrow@'%'")
    yield {"user": "narrow", "password": "n"}
    device.run("DROP USER narrow@'%'")


def test_nobody_at_the_address_is_said_so(device, copy):
    with pytest.raises(errors.SourceUnreachable, match="no server answers at"):
        copy.mirror(device.source(port=free_port()))


def test_a_wrong_password_is_said_and_not_shown(device, copy):
    with pytest.raises(errors.AccessDenied) as caught:
        copy.mirror(device.source(password="s3cret-word"))
    assert "s3cret-word" not in f"{caught.value!r}{device.source(password='s3cret-word')!r}"


def test_a_missing_database_is_named(device, copy):
    with pytest.raises(errors.DatabaseMissing, match="ETHOSCOPE_999_db"):
        copy.mirror(device.source(database="ETHOSCOPE_999_db"))


def test_a_denied_table_is_never_green(device, copy, denied):
    result = copy.mirror(device.source(**denied))
    assert not result.complete
    assert {finding.table for finding in result.findings} == {"ROI_2", ""}
    assert rows_here(copy.path, "ROI_1") == device.rows("ROI_1")


def test_a_table_that_cannot_even_be_seen_is_never_green(device, copy, denied):
    device.run(f"REVOKE INSERT ON `{device.database}`.ROI_2 FROM narrow@'%'")
    assert not copy.mirror(device.source(**denied)).complete


def test_without_the_needed_tables_it_is_an_error(device, copy, denied):
    device.run(
        f"GRANT INSERT ON `{device.database}`.METADATA TO narrow@'%'",
        f"REVOKE SELECT ON `{device.database}`.METADATA FROM narrow@'%'",
    )
    with pytest.raises(errors.TableDenied, match="METADATA"):
        copy.mirror(device.source(**denied))
    assert not copy.path.exists()


def test_a_renamed_device_is_found_by_its_only_database(device):
    databases = list_databases(device.source(database=""), lambda: False)
    assert device.database in databases
    assert database_of_device(["OLD_db"], device_name="NEW") == "OLD_db"
    assert database_of_device(["A_db", "B_db"], device_name="B") == "B_db"
    with pytest.raises(errors.DatabaseMissing, match="A_db, B_db"):
        database_of_device(["A_db", "B_db"], device_name="C")


@pytest.mark.parametrize("sent", [0, 20, 200, 3_000, 9_000, 30_000])
def test_a_cut_connection_leaves_nothing_of_a_first_copy(device, copy, proxy, sent):
    device.track(1, first=101, last=5000)
    proxy.fault = Fault(cut_after=sent)
    with pytest.raises(errors.SourceGone):
        copy.mirror(device.source(port=proxy.port))
    assert not copy.path.parent.exists()


@pytest.mark.parametrize("sent", [0, 20, 200, 3_000, 30_000, 120_000])
def test_a_cut_connection_leaves_the_copy_as_it_was(device, copy, proxy, sent):
    copy.mirror()
    device.track(1, first=101, last=5000)
    before = copy.path.read_bytes()
    proxy.fault = Fault(cut_after=sent)
    with pytest.raises(errors.SourceGone):
        copy.mirror(device.source(port=proxy.port))
    assert copy.path.read_bytes() == before
    assert copy.mirror().complete


@pytest.mark.parametrize("fault", [Fault(stall_after=3_000), Fault(trickle_after=3_000)])
@pytest.mark.parametrize("sent", [10, 3_000])
def test_a_silent_or_crawling_server_is_given_up(device, copy, proxy, fault, sent):
    proxy.fault = type(fault)(
        stall_after=sent if fault.stall_after else None,
        trickle_after=sent if fault.trickle_after else None,
    )
    with pytest.raises(errors.SourceGone, match="silent or too slow"):
        copy.mirror(device.source(port=proxy.port, patience=1.0))
    assert not copy.path.exists()


@pytest.mark.parametrize("start", [*range(0, 200, 9), *range(500, 9000, 531)])
def test_a_garbled_answer_is_an_error_by_name(device, copy, proxy, start):
    proxy.fault = Fault(garble_after=start)
    with suppress(BackupError):
        copy.mirror(device.source(port=proxy.port, patience=0.4))
    assert copy.mirror(prove_within=1).complete
    assert differing_tables(device, copy.path) == []


def test_cancelling_stops_also_a_hung_connection(device, copy, proxy):
    proxy.fault = Fault(stall_after=3_000)
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(Cancelled):
        copy.mirror(device.source(port=proxy.port, patience=100.0), cancelled=cancel.is_set)
    assert not copy.path.exists()


def test_cancelling_in_mid_copy_leaves_nothing(device, copy):
    device.track(1, first=101, last=30_000)
    with pytest.raises(Cancelled):
        copy.mirror(cancelled=lambda: True)
    assert not copy.path.parent.exists()


def test_no_server_of_mysql_at_all(copy, device, tmp_path):
    with pytest.raises(errors.SourceError), _chatter() as port:
        copy.mirror(device.source(port=port, patience=2))


@contextmanager
def _chatter():
    with create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_say_nonsense, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _say_nonsense(listener):
    client, _ = listener.accept()
    with client:
        client.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n" * 3)


def test_a_server_that_stops_in_mid_copy(tmp_path_factory, copy):
    with private_mariadb(tmp_path_factory.mktemp("stopping")) as server:
        with connected(server) as root:
            device = Device(server, "ETHOSCOPE_001_db", root)
            device.begin_run(rows=100_000)
        stopped = threading.Event()

        def stop(progress):
            if progress.phase == "copying" and not stopped.is_set():
                stopped.set()
                _shut_down(server)

        source = device.source(user=server.user, password=server.password, patience=20)
        with pytest.raises(errors.SourceGone):
            copy.mirror(source, progress=stop)
    assert not copy.path.exists()


def _shut_down(server):
    with connected(server) as root, root.cursor() as cursor:
        cursor.execute("SHUTDOWN")
    _wait_until(lambda: not _answers(server))


def _answers(server):
    try:
        connected(server).close()
    except pymysql.err.OperationalError:
        return False
    return True


def _wait_until(holds):
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_table_dropped_during_the_run_waits_or_is_said(device, copy, mariadb):
    device.track(1, first=101, last=20_000)
    dropper = []

    def drop(progress):
        if progress.phase == "copying" and not dropper:
            dropper.append(threading.Thread(target=_drop, args=(mariadb, device.database)))
            dropper[0].start()
            _wait_until(lambda: _is_dropping(mariadb) or not dropper[0].is_alive())

    held = {name: device.rows(name) for name in device.tables()}
    copy.mirror(progress=drop)
    dropper[0].join()
    assert rows_here(copy.path, "ROI_3") == held["ROI_3"]
    assert "ROI_3" not in device.tables()


def _is_dropping(server):
    with connected(server) as root, root.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DROP%'"
        )
        return cursor.fetchone()[0] > 0


def _drop(server, database):
    with connected(server) as root, root.cursor() as cursor:
        cursor.execute(f"DROP TABLE `{database}`.ROI_3")


def test_rows_that_come_during_the_run_are_for_the_next(device, copy):
    copy.mirror()
    device.track(1, first=101, last=200)
    snapshot = device.rows("ROI_3")

    def write(progress):
        if progress.phase == "copying" and len(device.rows("ROI_3")) == len(snapshot):
            device.track(3, first=101, last=150)

    copy.mirror(progress=write)
    assert rows_here(copy.path, "ROI_3") == snapshot
    copy.mirror()
    assert differing_tables(device, copy.path) == []


def test_a_password_is_no_part_of_a_source_s_text():
    source = MariaDBSource(host="h", user="node", password="s3cret")
    assert "s3cret" not in f"{source} {source!r}"
