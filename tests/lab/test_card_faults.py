"""Each fault of what a device has and says."""

from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest

from lab.faults.cards import CARD_FAULTS
from lab.faults.options import FaultError

YEAR = 365 * 86_400


@pytest.fixture
def data(ask_device):
    return lambda device: ask_device(device, "/data/{id}")


@pytest.fixture
def inventory(ask_device):
    return lambda device: ask_device(device, "/data/databases/{id}")


@pytest.mark.parametrize("fault", CARD_FAULTS)
def test_each_finds_a_device_and_ends(lab, fault):
    if fault == "old-daemons-too":
        lab.devices[0].opened = True
    [device] = lab.faults.switch_on(fault)
    lab.tick(700)
    lab.faults.switch_off(fault)
    lab.tick(700)
    assert device in lab.devices


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("clock-jump", 5 * 3600),
        ("clock-jump-back", -5 * 3600),
        ("clock-year-ahead", YEAR),
        ("clock-year-behind", -YEAR),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
def test_a_clock_jumps_and_the_run_goes_on(lab, by_kind, data, kind, fault, seconds):
    device = by_kind[kind]
    run, rows = device.run, device.run.rows
    lab.faults.switch_on(fault, device=device)
    lab.tick(120)
    assert data(device)["current_timestamp"] == pytest.approx(lab.now() + seconds)
    assert device.run is run
    assert run.rows == rows + 12
    assert data(device)["database_info"]["table_counts"]["ROI_7"] == run.rows + 1


@pytest.mark.parametrize("hours", [5, -5, 24 * 365])
def test_a_clock_jumps_and_the_recording_goes_on(lab, by_kind, hours):
    device = by_kind["video"]
    recording, chunks = device.recording, device.recording.chunk_count
    lab.faults.switch_on("clock-jump", device=device, hours=hours)
    lab.tick(900)
    folder = lab.videos_dir / recording.folder
    assert recording.chunk_count == chunks + 3
    times = [(folder / recording.chunk(index).name).stat().st_mtime for index in (1, chunks + 1)]
    assert times[1] - times[0] == pytest.approx(300 * chunks + hours * 3600, abs=1)


def test_a_jump_is_taken_back(lab, by_kind, data):
    lab.faults.switch_on("clock-jump", device=by_kind["sqlite"], hours=-7)
    lab.faults.switch_off("clock-jump")
    assert data(by_kind["sqlite"])["current_timestamp"] == pytest.approx(lab.now())


def test_an_unfolded_stop_keeps_the_end_from_the_copy(lab, by_kind, query, data):
    device = by_kind["sqlite"]
    run, rows = device.run, device.run.rows
    lab.tick(100)
    lab.faults.switch_on("unfolded-stop", device=device)
    lab.tick(700)
    copy = lab.results_dir / run.path
    stopped = "SELECT COUNT(*) FROM METADATA WHERE field = 'stop_date_time'"
    assert query(copy, stopped) == [(0,)]
    assert query(copy, "SELECT MAX(id) FROM ROI_1") == [(rows,)]
    told = data(device)["database_info"]["table_counts"]
    assert (told["METADATA"], told["ROI_1"]) == (14, rows + 10 + 1)
    lab.start_run(device)
    lab.tick(700)
    assert query(copy, stopped) == [(1,)]


def test_a_power_cut_leaves_no_stop_row_even_after_the_next_start(lab, by_kind, query, data):
    device = by_kind["sqlite"]
    run, rows = device.run, device.run.rows
    lab.tick(100)
    lab.faults.switch_on("power-cut", device=device)
    assert data(device)["database_info"]["db_status"] == "no_cache"
    lab.start_run(device)
    lab.tick(700)
    assert query(lab.results_dir / run.path, "SELECT MAX(id) FROM ROI_1") == [(rows,)]


@pytest.mark.parametrize("kind", ["sqlite", "mysql"])
def test_an_aborted_start_has_no_row(lab, by_kind, data, kind, query):
    device = by_kind[kind]
    lab.faults.switch_on("aborted-start", device=device)
    run = device.runs[-1]
    told = data(device)["database_info"]["table_counts"]
    assert (run.rows, told["VAR_MAP"], "ROI_1" in told) == (0, 0, False)
    lab.tick(700)
    copy = lab.results_dir / run.path
    if kind == "mysql":  # "not ready"
        assert copy.stat().st_size == 0
    else:
        assert query(copy, "SELECT COUNT(*) FROM METADATA") == [(14,)]


def test_an_appended_run_grows_after_its_stop_row(lab, by_kind, query):
    device = by_kind["sqlite"]
    lab.faults.switch_on("appended-run", device=device)
    run, copied = device.run, lab.results_dir / device.run.path
    held = query(copied, "SELECT MAX(id) FROM ROI_1")[0][0]
    lab.tick(700)
    assert run.rows > held == query(copied, "SELECT MAX(id) FROM ROI_1")[0][0]
    assert query(copied, "SELECT COUNT(*) FROM METADATA WHERE field = 'stop_date_time'") == [(1,)]


def test_a_dropped_mariadb_is_nowhere(lab, by_kind, inventory):
    device = by_kind["mysql"]
    run = device.run
    lab.faults.switch_on("dropped-mariadb", device=device)
    assert device.run is not run
    assert not (lab.results_dir / run.path).exists()
    [listed] = inventory(device)["MariaDB"].values()
    assert listed["backup_filename"] == device.run.filename


@pytest.mark.parametrize(("fault", "held"), [("purged-run", True), ("lost-run", False)])
def test_a_purged_run_is_told_as_not_there(lab, by_kind, inventory, fault, held):
    device = by_kind["idle"]
    lab.faults.switch_on(fault, device=device)
    exist = {name: told["file_exists"] for name, told in inventory(device)["SQLite"].items()}
    assert exist == {device.runs[0].filename: False, device.runs[1].filename: True}
    assert (lab.results_dir / device.runs[0].path).exists() == held


def test_a_purged_recording_is_listed_no_more_and_stays_on_the_node(lab, by_kind, ask_device):
    device = by_kind["old"]
    oldest = device.recordings[0]
    lab.faults.switch_on("purged-recording", device=device)
    listed = ask_device(device, "/list_video_files")["video_files"]
    assert oldest.chunk(1).name not in listed
    assert (lab.videos_dir / oldest.folder / oldest.chunk(1).name).exists()


def test_two_cards_bear_one_id_and_have_runs_of_their_own(lab, by_kind, get, ask_device):
    [twin] = lab.faults.switch_on("twin-cards", device=by_kind["old"])
    other = next(each for each in lab.devices if each.device_id == twin.device_id)
    assert other is not twin
    for device in (twin, other):
        assert ask_device(device, "/id") == {"id": twin.device_id}
    assert twin.run.path.parts[:1] == other.run.path.parts[:1]
    assert twin.run.path.parts[1] != other.run.path.parts[1]
    assert len(get(f"{lab.node_url}/devices")) == len(lab.devices) - 1
    lab.faults.switch_off("twin-cards")
    assert len({device.device_id for device in lab.devices}) == len(lab.devices)


@pytest.mark.parametrize(
    ("fault", "keys"),
    [("listing-nothing", set()), ("listing-error", {"error"}), ("listing-metadata", {"metadata"})],
)
def test_a_listing_without_files(lab, by_kind, ask_device, fault, keys):
    lab.faults.switch_on(fault, device=by_kind["old"])
    assert set(ask_device(by_kind["old"], "/list_video_files")) == keys


def test_a_listing_that_is_gone(lab, by_kind, ask_device):
    lab.faults.switch_on("listing-gone", device=by_kind["old"])
    with pytest.raises(HTTPError, match="404"):
        ask_device(by_kind["old"], "/list_video_files")


def test_an_older_listing_has_sums_and_no_frame(lab, by_kind, ask_device):
    lab.faults.switch_on("listing-hashes", device=by_kind["old"])
    listed = ask_device(by_kind["old"], "/list_video_files")
    assert all(set(told) == {"path", "hash"} for told in listed.values())


def test_a_listing_never_tells_sizes(by_kind, ask_device):
    files = ask_device(by_kind["old"], "/list_video_files")["video_files"].values()
    assert {key for told in files for key in told} == {"path"}


def test_the_old_daemons_copy_an_open_device_only_then(lab, by_kind):
    device = by_kind["sqlite"]
    device.opened = True
    copy = lab.results_dir / device.run.path
    held = copy.read_bytes()
    lab.tick(700)
    assert copy.read_bytes() == held
    lab.faults.switch_on("old-daemons-too", device=device)
    lab.tick(700)
    assert copy.read_bytes() != held


def test_a_fault_that_a_device_cannot_have_is_refused(lab, by_kind):
    with pytest.raises(FaultError, match="no older SQLite run"):
        lab.faults.switch_on("purged-run", device=by_kind["mysql"])


def test_the_names_of_recordings_stay_of_the_clock_at_their_start(lab, by_kind):
    device = by_kind["video"]
    lab.faults.switch_on("clock-skew", device=device, hours=-5)
    lab.start_recording(device)
    lab.tick(400)
    began = datetime.fromtimestamp(device.recording.started_at, UTC)
    assert device.recording.stamp == began.strftime("%Y-%m-%d_%H-%M-%S")
    assert device.recording.started_at == pytest.approx(lab.now() - 400 - 5 * 3600, abs=1)
    assert device.recording.chunk_count == 2
