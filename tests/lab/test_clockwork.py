"""The lab lives: what devices have grows, and the daemons bring it to the node."""

import pytest

from lab.tracking import ResultWriter
from tests.lab.conftest import wait_until


def rows(query, path):
    return query(path, "SELECT COUNT(*) FROM ROI_3")[0][0]


@pytest.mark.parametrize("kind", ["sqlite", "mysql", "old"])
def test_rows_grow_on_the_device_first_and_then_on_the_node(lab, query, by_kind, kind):
    run = by_kind[kind].run
    copy = lab.results_dir / run.path
    before, held = run.rows, rows(query, copy)
    lab.tick(120)
    assert (run.rows, rows(query, copy)) == (before + 12, held)
    lab.tick(300)
    assert rows(query, copy) > held


def test_a_recording_grows_by_a_chunk_in_five_minutes(lab, ask_device, by_kind):
    device = by_kind["video"]
    folder = lab.videos_dir / device.recording.folder
    before = len(list(folder.iterdir()))
    lab.tick(1800)
    assert device.recording.chunk_count == before + 6
    assert before + 4 <= len(list(folder.iterdir())) <= before + 6


def test_the_device_tells_its_rows_as_highest_id_plus_one(lab, ask_device, by_kind):
    device = by_kind["sqlite"]
    lab.tick(60)
    counts = ask_device(device, "/data/{id}")["database_info"]["table_counts"]
    assert counts["ROI_3"] == device.run.rows + 1


def test_the_daemon_tells_of_what_it_copied_last(lab, get, by_kind):
    lab.tick(400)
    block = get(f"{lab.rsync_service_url}/status")["devices"][by_kind["sqlite"].device_id]
    assert list(block["synced"]["results"]["detailed_files"]) == [by_kind["sqlite"].run.filename]
    assert block["count"] == 2


def test_a_run_stops_and_the_next_one_starts(lab, query, by_kind):
    device = by_kind["mysql"]
    old = lab.stop_run(device)
    lab.tick(400)
    new = lab.start_run(device)
    lab.tick(400)
    stop = "SELECT COUNT(*) FROM METADATA WHERE field = 'stop_date_time'"
    assert query(lab.results_dir / old.path, stop) == [(1,)]
    assert rows(query, lab.results_dir / new.path) > 0


def test_a_recording_stops_and_the_next_one_starts(lab, ask_device, by_kind):
    device = by_kind["video"]
    lab.stop_recording(device)
    assert ask_device(device, "/data/{id}")["status"] == "stopped"
    lab.tick(60)
    lab.start_recording(device)
    lab.tick(700)
    assert ask_device(device, "/data/{id}")["status"] == "recording"
    assert list((lab.videos_dir / device.recording.folder).iterdir())


def test_mariadb_lists_the_newest_run_only(lab, ask_device, by_kind):
    device = by_kind["mysql"]
    [listed] = ask_device(device, "/data/databases/{id}")["MariaDB"].values()
    assert listed["backup_filename"] == device.run.filename


def test_a_job_fails_when_its_device_is_gone(lab, get):
    for device in lab.devices:
        lab.tick(5)
        lab.turn_off(device)
    lab.tick(400)
    blocks = get(f"{lab.rsync_service_url}/status")["devices"].values()
    assert {block["count"] for block in blocks} == {1}


def test_a_restless_lab_loses_and_finds_devices_and_begins_new_runs(make_lab):
    lab = make_lab(restless=True)
    runs = sum(len(device.runs) for device in lab.devices)
    lab.tick(605)
    assert sum(not device.online for device in lab.devices) == 1
    lab.tick(300)
    assert all(device.online for device in lab.devices)
    assert sum(len(device.runs) for device in lab.devices) == runs + 1


def test_a_restless_lab_drops_no_mariadb_that_nobody_copied(make_lab):
    """A start takes the run before along: a loss that nobody switched on would be a red lamp."""
    lab = make_lab(restless=True)
    mysql = [device for device in lab.devices if device.writer is ResultWriter.MYSQL]
    runs = {device.name: list(device.runs) for device in mysql}
    lab.tick(900 * 2 * len(lab.devices))
    assert {device.name: device.runs for device in mysql} == runs


def test_a_live_lab_moves_by_itself(make_lab, monkeypatch):
    monkeypatch.setattr("lab.server.STEP_SECONDS", 0.05)
    lab = make_lab(live=True)
    recording = next(device.recording for device in lab.devices if device.recording)
    before = recording.ended_at
    wait_until(lambda: recording.ended_at > before)
