"""Each fault of a device or a copy is there to see, and can be undone."""

import sqlite3

import pytest


@pytest.fixture
def newest_copy(lab):
    def find(device):
        return lab.results_dir / device.runs[-1].path

    return find


def check(path, query):
    try:
        return query(path, "PRAGMA quick_check")[0][0]
    except sqlite3.DatabaseError as error:
        return str(error)


def test_corrupt_copies_fail_their_check_until_mended(lab, newest_copy, query):
    [device] = lab.faults.switch_on("corrupt-copy")
    assert check(newest_copy(device), query) != "ok"
    lab.tick(900)
    assert check(newest_copy(device), query) != "ok"
    lab.faults.switch_off("corrupt-copy")
    assert check(newest_copy(device), query) == "ok"


def test_missing_copies_stay_missing_while_the_daemon_says_completed(lab, newest_copy, get):
    [device] = lab.faults.switch_on("missing-copy", device=lab.devices[0])
    lab.tick(880)
    assert not newest_copy(device).exists()
    block = get(f"{lab.rsync_service_url}/status")["devices"][device.device_id]
    assert block["progress"]["status"] == "completed"


def test_zero_byte_and_tableless_copies(lab, newest_copy, query):
    lab.faults.switch_on("zero-byte-copy", device="1")
    lab.faults.switch_on("tableless-copy", device="ETHOSCOPE_003")
    first, _, third, *_ = lab.devices
    assert newest_copy(first).stat().st_size == 0
    assert newest_copy(third).stat().st_size == 4096
    assert check(newest_copy(third), query) == "ok"
    assert query(newest_copy(third), "SELECT COUNT(*) FROM sqlite_master") == [(0,)]


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
def test_behind_copies_end_hours_ago_and_stay_so(lab, newest_copy, query, by_kind, kind):
    device = by_kind[kind]
    lab.faults.switch_on("behind-copy", device=device, hours=10)
    lab.tick(880)
    last = query(newest_copy(device), "SELECT MAX(t) FROM ROI_1")[0][0] / 1000
    assert device.run.started_at + last <= lab.now() - 10 * 3600
    assert check(newest_copy(device), query) == "ok"


def test_null_status_is_told_in_the_short_form(lab, get):
    [device] = lab.faults.switch_on("null-status")
    entry = get(f"{lab.node_url}/devices")[device.device_id]
    assert set(entry) == {"name", "id", "status", "ip", "last_ip", "time", "active"}
    assert entry["status"] is None
    assert isinstance(entry["time"], str)


def test_an_offline_device_refuses_connections(lab, get, ask_device):
    [device] = lab.faults.switch_on("offline-device")
    assert get(f"{lab.node_url}/devices")[device.device_id]["status"] == "offline"
    with pytest.raises(OSError, match="refused"):
        ask_device(device, "/id")
    lab.faults.switch_off("offline-device")
    assert ask_device(device, "/id")


def test_a_frozen_device_is_repeated_by_the_node(lab, get, ask_device):
    [device] = lab.faults.switch_on("frozen-device")
    before = get(f"{lab.node_url}/devices")[device.device_id]
    lab.tick(60)
    after = get(f"{lab.node_url}/devices")[device.device_id]
    assert after["current_timestamp"] == before["current_timestamp"]
    assert after["last_seen"] > before["last_seen"]
    assert "ConnectionRefusedError" in ask_device(device, "/data/{id}")["error"]
    assert ask_device(device, "/id") == {"id": device.device_id}


@pytest.mark.parametrize(
    ("fault", "told"),
    [("empty-inventory", {"SQLite": {}, "MariaDB": {}}), ("missing-inventory", {})],
)
def test_inventories_that_tell_nothing(lab, get, fault, told):
    lab.faults.switch_on(fault)
    for entry in get(f"{lab.node_url}/devices").values():
        assert {key: entry["databases"][key] for key in told} == told


def test_a_missing_inventory_is_an_error_on_the_device(lab, ask_device):
    lab.faults.switch_on("missing-inventory", device="1")
    assert "error" in ask_device(lab.devices[0], "/data/databases/{id}")


def test_duplicate_names(lab, get):
    lab.faults.switch_on("duplicate-names")
    names = [entry["name"] for entry in get(f"{lab.node_url}/devices").values()]
    assert len(set(names)) == len(names) - 1


def test_an_unlisted_run_is_told_by_the_state_only(lab, ask_device, by_kind):
    device = by_kind["sqlite"]
    lab.faults.switch_on("unlisted-run", device=device)
    newest = device.run.filename
    assert newest not in ask_device(device, "/data/databases/{id}")["SQLite"]
    assert ask_device(device, "/data/{id}")["backup_filename"] == newest


def test_a_skewed_clock_is_wrong_in_all_that_the_device_says(lab, ask_device, by_kind):
    device = by_kind["sqlite"]
    lab.faults.switch_on("clock-skew", device=device, hours=-5)
    lab.tick(60)
    told = ask_device(device, "/data/{id}")
    assert told["current_timestamp"] == pytest.approx(lab.now() - 5 * 3600)
    assert device.run.last_row_at == pytest.approx(lab.now() - 5 * 3600, abs=20)


def test_a_ghost_recording_writes_no_file(lab, ask_device, by_kind):
    device = by_kind["sqlite"]
    folder = lab.videos_dir / device.device_id
    before = sorted(folder.rglob("*"))
    lab.faults.switch_on("no-files-recording", device=device)
    lab.tick(1200)
    assert ask_device(device, "/data/{id}")["status"] == "recording"
    assert sorted(folder.rglob("*")) == before


def test_lost_chunks_are_listed_by_the_device_and_not_held(lab, ask_device):
    [device] = lab.faults.switch_on("missing-chunks")
    listed = set(ask_device(device, "/list_video_files")["video_files"])
    held = {path.name for path in (lab.videos_dir / device.device_id).rglob("*.h264")}
    assert len(listed - held) == 3
    lab.faults.switch_off("missing-chunks")
    held = {path.name for path in (lab.videos_dir / device.device_id).rglob("*.h264")}
    assert held == listed


def test_md5_companions_come_and_go(lab):
    lab.faults.switch_on("md5-companions")
    chunks = len(list(lab.videos_dir.rglob("*.h264")))
    assert len(list(lab.videos_dir.rglob("*.h264.md5"))) == chunks
    lab.faults.switch_off("md5-companions")
    assert not list(lab.videos_dir.rglob("*.md5"))


def test_daemons_mislead_unless_told_not_to(lab, get, by_kind):
    def completed():
        told = get(f"{lab.mysql_service_url}/status")[by_kind["nothing"].device_id]
        return told["progress"]["status"] == "completed"

    def local_files(kind):
        block = get(f"{lab.rsync_service_url}/status")["devices"][by_kind[kind].device_id]
        return block["synced"]["videos"]["local_files"]

    assert "false-completed" in lab.faults
    assert completed()
    assert local_files("nothing") == local_files("video") > 3 * 20
    lab.faults.switch_off("false-completed")
    lab.faults.switch_off("global-sizes")
    lab.tick(400)
    assert not completed()
    assert local_files("nothing") == 0
