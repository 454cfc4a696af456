"""Open devices: real servers let others in, and what is there grows."""

import subprocess

import pymysql
import pytest

from lab.fleet import Habit, open_device_ids
from lab.server import Lab
from lab.servers.sshd import make_key

COUNT = 8


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    key = tmp_path_factory.mktemp("key") / "key"
    make_key(key)
    return key


@pytest.fixture(scope="module")
def lab(tmp_path_factory, key):
    """One lab for all of these tests: each lets its time pass, none minds how much did."""
    root = tmp_path_factory.mktemp("open") / "lab"
    options = {"devices": 9, "chunks": 20, "restless": False}
    with Lab(root, open_devices=COUNT, authorized_key=key.with_suffix(".pub"), **options) as lab:
        yield lab


@pytest.fixture
def by_kind(lab):
    return {device.kind: device for device in reversed(lab.devices)}


@pytest.fixture
def on_device(lab, key, tmp_path):
    """What a command says, run on a device over ssh."""

    def run(device, command, *, key=key):
        options = ["StrictHostKeyChecking=accept-new", "IdentitiesOnly=yes", "BatchMode=yes"]
        options += [f"UserKnownHostsFile={tmp_path / 'known'}", "ConnectTimeout=10"]
        words = ["ssh", "-F", "none", "-i", str(key), "-p", str(lab.ssh_port)]
        words += [word for option in options for word in ("-o", option)]
        done = subprocess.run([*words, device.address, command], capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    return run


@pytest.fixture
def ask_mariadb(lab):
    def ask(device, sql):
        login = {"host": device.address, "port": lab.database_port}
        connection = pymysql.connect(user="node", password="node", **login)
        with connection, connection.cursor() as cursor:
            cursor.execute(f"USE {device.run.database_name}")
            cursor.execute(sql)
            return cursor.fetchall()

    return ask


def test_which_are_open_is_known_without_a_lab(lab):
    ids = open_device_ids(devices=9, seed=1, count=COUNT)
    assert sorted(ids) == [device.device_id for device in lab.devices if device.opened]
    assert lab.remarks == []


@pytest.mark.parametrize("count", [4, 6, 12, 20])
def test_the_first_open_ones_are_of_all_sorts(count):
    ids = open_device_ids(devices=24, seed=1, count=count)
    kinds = [Habit.SQLITE, Habit.MYSQL, Habit.OLD, Habit.VIDEO, Habit.IDLE, Habit.NOTHING]
    first = [kinds[int(each[:3]) - 1] for each in ids[:4]]
    assert len(set(ids)) == count
    assert {Habit.MYSQL, Habit.VIDEO, Habit.IDLE, Habit.SQLITE} == set(first)


def test_a_lab_too_small_opens_what_it_has():
    assert len(open_device_ids(devices=2, seed=1, count=COUNT)) == 2


def test_no_lab_opens_fewer_than_none():
    with pytest.raises(ValueError, match="-1"):
        open_device_ids(devices=2, seed=1, count=-1)


def test_the_key_logs_in_to_each_open_device(lab, on_device):
    for device in lab.devices:
        if device.opened:
            assert on_device(device, f"ls -d {device.data_root}/results").endswith("results\n")


def test_another_key_does_not(by_kind, on_device, tmp_path):
    make_key(tmp_path / "other")
    with pytest.raises(AssertionError, match="Permission denied"):
        on_device(by_kind[Habit.SQLITE], "true", key=tmp_path / "other")


def test_the_inventory_names_files_that_are_there(lab, by_kind, on_device, get):
    device = by_kind[Habit.SQLITE]
    told = get(f"http://{device.address}:{lab.device_port}/data/databases/{device.device_id}")
    for file in told["SQLite"].values():
        magic = on_device(device, f"head -c 15 {file['path']}")
        assert magic == "SQLite format 3"


def test_a_running_sqlite_run_grows(lab, by_kind, on_device):
    run = by_kind[Habit.SQLITE].run
    count = f"sqlite3 'file:{run.source_path}?mode=ro' 'SELECT MAX(id) FROM ROI_3'"  # noqa: S608
    before = int(on_device(by_kind[Habit.SQLITE], count))
    lab.tick(60)
    assert int(on_device(by_kind[Habit.SQLITE], count)) == before + 6


def test_mariadb_lets_the_node_read(by_kind, ask_mariadb):
    device = by_kind[Habit.MYSQL]
    assert ask_mariadb(device, "SELECT COUNT(*) FROM ROI_3") == ((device.run.rows,),)
    assert device.run.rows * 20 > 100_000
    told = ask_mariadb(device, "SELECT value FROM METADATA WHERE field = 'backup_filename'")
    assert told == ((device.run.filename,),)


def test_mariadb_lets_the_node_do_nothing_else(by_kind, ask_mariadb):
    with pytest.raises(pymysql.OperationalError, match="denied"):
        ask_mariadb(by_kind[Habit.MYSQL], "DELETE FROM ROI_3")


def test_a_run_in_mariadb_grows_and_the_device_tells_of_it(lab, by_kind, ask_mariadb, get):
    device = by_kind[Habit.MYSQL]
    before = ask_mariadb(device, "SELECT COUNT(*), MAX(t) FROM ROI_20")[0]
    lab.tick(60)
    after = ask_mariadb(device, "SELECT COUNT(*), MAX(t) FROM ROI_20")[0]
    assert after[0] == before[0] + 6
    assert after[1] == pytest.approx(before[1] + 60_000, abs=2)
    url = f"http://{device.address}:{lab.device_port}/data/{device.device_id}"
    info = get(url)["database_info"]
    assert info["table_counts"]["ROI_20"] == after[0] + 1
    assert info["db_size_bytes"] > 1_000_000


def test_the_next_run_drops_the_one_before_whoever_reads_it(lab, ask_mariadb):
    device = lab.devices[-1]
    login = {"host": device.address, "port": lab.database_port, "user": "node", "password": "node"}
    reading = pymysql.connect(**login, database=device.run.database_name)
    with reading.cursor() as cursor:
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        cursor.execute("SELECT COUNT(*) FROM ROI_3")
        lab.stop_run(device)
        lab.start_run(device)
        lab.tick(60)
        with pytest.raises(pymysql.OperationalError):
            cursor.execute("SELECT COUNT(*) FROM ROI_3")
    assert ask_mariadb(device, "SELECT COUNT(*) FROM ROI_3")[0][0] <= 6


def test_a_recording_grows_by_a_chunk_that_begins_as_before(lab, by_kind, on_device):
    device = by_kind[Habit.VIDEO]
    folder = f"{device.data_root}/videos/{device.recording.folder}"
    newest = device.recording.chunk(device.recording.chunk_count).name
    before = on_device(device, f"od -An -tx1 -v {folder}/{newest}").split()
    count = int(on_device(device, f"ls {folder} | wc -l"))
    lab.tick(300)
    after = on_device(device, f"od -An -tx1 -v {folder}/{newest}").split()
    assert after[: len(before)] == before
    assert int(on_device(device, f"ls {folder} | wc -l")) == count + 1


def test_the_node_holds_only_what_is_older(lab, by_kind, query):
    tracking = (Habit.MYSQL, Habit.IDLE, Habit.SQLITE)
    held = {kind: lab.results_dir / by_kind[kind].runs[-1].path for kind in tracking}
    assert not held[Habit.MYSQL].exists()
    assert not held[Habit.IDLE].exists()
    rows = query(held[Habit.SQLITE], "SELECT COUNT(*) FROM ROI_3")[0][0]
    assert 0 < rows < by_kind[Habit.SQLITE].run.rows
    recordings = by_kind[Habit.VIDEO].recordings
    there = [(lab.videos_dir / recording.folder).exists() for recording in recordings]
    assert there == [True] * (len(there) - 1) + [False]


def test_the_labs_daemons_leave_them_alone(lab, get):
    lab.tick(700)
    opened = {device.device_id for device in lab.devices if device.opened}
    others = {device.device_id for device in lab.devices} - opened
    assert set(get(f"{lab.mysql_service_url}/status")) == others
    assert set(get(f"{lab.rsync_service_url}/status")["devices"]) == others


def test_a_device_that_is_off_lets_no_one_in(lab, by_kind, on_device, ask_mariadb):
    lab.turn_off(by_kind[Habit.IDLE])
    lab.turn_off(by_kind[Habit.MYSQL])
    with pytest.raises(AssertionError, match="Connection refused"):
        on_device(by_kind[Habit.IDLE], "true")
    with pytest.raises(pymysql.OperationalError, match="refused"):
        ask_mariadb(by_kind[Habit.MYSQL], "SELECT 1")
    lab.turn_on(by_kind[Habit.IDLE])
    lab.turn_on(by_kind[Habit.MYSQL])
    assert on_device(by_kind[Habit.IDLE], "echo in") == "in\n"
