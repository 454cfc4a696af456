"""The lab's answers have the keys and types of the real ones."""

import pytest

from tests.lab.shapes import differences, shape

MAPS = ("table_counts", "SQLite", "MariaDB", "detailed_files", "files")
T1 = "t1_devices_after_success"


def assert_alike(ours, theirs):
    assert differences(shape(ours, keyed=MAPS), shape(theirs, keyed=MAPS)) == []


def without(entry, *keys):
    return {key: value for key, value in entry.items() if key not in keys}


@pytest.mark.parametrize(
    ("kind", "recording", "number"),
    [
        ("sqlite", T1, "012"),
        ("mysql", T1, "011"),
        ("nothing", T1, "014"),
        ("video", "t2_devices_13_unreached_15_recording", "015"),
    ],
)
def test_a_live_device_is_told_of_as_the_node_does(
    lab, get, real, by_kind, kind, recording, number
):
    theirs = next(
        entry
        for device_id, entry in real.told(f"node/{recording}").items()
        if device_id.startswith(number)
    )
    theirs["databases"].pop("Video", None)  # only after a job that copied videos
    lab.tick(880)
    ours = get(f"{lab.node_url}/devices")[by_kind[kind].device_id]
    ours["databases"].pop("Video", None)
    ours["databases"]["SQLite"] = dict(list(ours["databases"]["SQLite"].items())[-1:])
    assert_alike(without(ours, "autostop"), without(theirs, "autostop"))


def test_the_video_claim_is_added_after_a_job_that_copied_some(lab, get, real, by_kind):
    lab.tick(880)
    ours = get(f"{lab.node_url}/devices")[by_kind["video"].device_id]["databases"]["Video"]
    theirs = real.told(f"node/{T1}")["012b8e41d07c4f3aa95d6c1830fe2b79"]["databases"]["Video"]
    assert_alike(ours, theirs)


def test_a_device_that_went_away_keeps_its_old_words(lab, get, real, by_kind):
    lab.turn_off(by_kind["nothing"])
    lab.tick(200)
    ours = get(f"{lab.node_url}/devices")[by_kind["nothing"].device_id]
    theirs = real.told("node/t3_devices_13_offline")["0137aa5c60de4b118f02c9e4751b3d86"]
    assert_alike(ours, theirs)
    assert (ours["status"], ours["skip_scanning"]) == ("offline", True)


def test_an_unreached_device_is_still_seen_by_its_last_seen(lab, get, by_kind):
    device = by_kind["nothing"]
    lab.turn_off(device)
    lab.tick(60)
    entry = get(f"{lab.node_url}/devices")[device.device_id]
    assert entry["status"] == "unreached"
    assert entry["last_seen"] == pytest.approx(lab.now())


@pytest.mark.parametrize(
    ("kind", "recording"),
    [
        ("sqlite", "run_12_data_running_sqlite_later"),
        ("mysql", "run_11_data_running_mysql_5k"),
        ("video", "rec_15_data_recording"),
        ("idle", "boot_11_data_after_restart_previous_run"),
        ("nothing", "fresh_11_data"),
    ],
)
def test_a_device_says_of_itself_what_a_real_one_says(ask_device, real, by_kind, kind, recording):
    ours = ask_device(by_kind[kind], "/data/{id}")
    theirs = real.told(f"device/{recording}")
    assert_alike(without(ours, "autostop"), without(theirs, "autostop"))


def test_a_device_that_was_just_stopped_blanks_its_user(lab, ask_device, real, by_kind):
    lab.stop_run(by_kind["sqlite"])
    ours = ask_device(by_kind["sqlite"], "/data/{id}")
    assert_alike(ours, real.told("device/stop_12_data_stopped"))


@pytest.mark.parametrize(
    ("kind", "recording"),
    [
        ("sqlite", "run_12_databases"),
        ("mysql", "run_11_databases"),
        ("nothing", "fresh_11_databases"),
    ],
)
def test_the_inventory_is_a_real_one(ask_device, real, by_kind, kind, recording):
    ours = ask_device(by_kind[kind], "/data/databases/{id}")
    assert_alike(ours, real.told(f"device/{recording}"))


def test_id_and_machine_are_real_ones(ask_device, real, by_kind):
    device = by_kind["sqlite"]
    assert ask_device(device, "/id") == {"id": device.device_id}
    ours, theirs = ask_device(device, "/machine/{id}"), real.told("device/run_12_machine")
    assert ours.keys() == theirs.keys()
    assert ours["partitions"][0].keys() == theirs["partitions"][0].keys()


def test_a_wrong_id_is_told_with_http_200(ask_device, real, by_kind):
    ours = ask_device(by_kind["sqlite"], "/data/0123")
    assert ours == real.told("device/err_12_wrong_id_data")


def test_only_old_firmware_lists_its_videos(lab, ask_device, connect, by_kind):
    device = by_kind["old"]
    listed = ask_device(device, "/list_video_files")
    held = {path.name for path in (lab.videos_dir / device.device_id).rglob("*.h264")}
    assert set(listed["video_files"]) == held
    assert listed["metadata"]["total_files"] == 20
    new = by_kind["sqlite"]
    client = connect(f"http://{new.address}:{lab.device_port}/list_video_files")
    assert client.recv(64).startswith(b"HTTP/1.0 404")


def test_the_rsync_daemon_has_the_real_blocks(lab, get, real, by_kind):
    lab.tick(880)
    ours = get(f"{lab.rsync_service_url}/status")
    theirs = real.told("rsync/t1_status_after_success")
    assert_alike(ours["disk_usage_summary"], theirs["disk_usage_summary"])
    for kind, device_id in (
        ("sqlite", "012b8e41d07c4f3aa95d6c1830fe2b79"),
        ("nothing", "0149d2b7e83f4a60915cbe07d6a2f418"),
    ):
        block = ours["devices"][by_kind[kind].device_id]
        if kind == "sqlite":  # no new video in that job
            theirs["devices"][device_id]["synced"]["videos"].pop("detailed_files")
        assert_alike(block, theirs["devices"][device_id])


def test_a_running_rsync_job_has_no_end_and_a_message(lab, get):
    lab.tick(305)
    blocks = get(f"{lab.rsync_service_url}/status")["devices"].values()
    running = [block for block in blocks if block["processing"]]
    assert running
    assert all(block["ended"] == 0 for block in running)
    assert all("completion_time" not in block["progress"] for block in running)


def test_the_mysql_daemon_has_the_real_answers(lab, get, real):
    ours = list(get(f"{lab.mysql_service_url}/status").values())
    theirs = list(real.told("mysql/t1_status_after_success").values())
    assert_alike(ours[0], theirs[0])
    root = get(f"{lab.mysql_service_url}/")
    assert_alike(root, real.told("mysql/t1_root_after_success"))


def test_the_rsync_root_is_the_real_one(lab, get, real):
    assert_alike(get(f"{lab.rsync_service_url}/"), real.told("rsync/t1_root_after_success"))


@pytest.mark.parametrize(
    ("kind", "recording"),
    [
        ("mysql", "t1_device11_backup_after_success"),
        ("nothing", "t1_device14_backup_after_success"),
    ],
)
def test_the_nodes_own_view_of_one_device(lab, get, real, by_kind, kind, recording):
    ours = get(f"{lab.node_url}/device/{by_kind[kind].device_id}/backup")
    assert_alike(ours, real.told(f"node/{recording}"))


def test_the_nodes_own_view_of_all_backups(lab, get, real, by_kind):
    ours = get(f"{lab.node_url}/backup/status")
    theirs = real.told("node/t1_backup_status_after_success")
    device = ours["devices"].pop(by_kind["sqlite"].device_id)
    assert_alike(device, theirs["devices"].pop("012b8e41d07c4f3aa95d6c1830fe2b79"))
    ours["devices"], theirs["devices"] = {}, {}
    assert_alike(ours, theirs)


def test_the_node_tells_its_own_data_of_a_device(lab, get, real, by_kind):
    ours = get(f"{lab.node_url}/device/{by_kind['sqlite'].device_id}/data")
    assert_alike(ours, real.told("node/t1_device12_data"))


@pytest.mark.parametrize("what", ["data", "backup"])
def test_an_unknown_device_is_told_with_http_200(lab, get, real, what):
    device_id = "0990000000000000000000000000abcd"
    ours = get(f"{lab.node_url}/device/{device_id}/{what}")
    assert ours == real.told(f"node/t00_unknown_device_{what}")
