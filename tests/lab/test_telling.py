"""What a device says of its databases is what they hold."""

import pytest

from lab.schema import counting


@pytest.fixture
def info(ask_device):
    return lambda device: ask_device(device, "/data/{id}")["database_info"]


@pytest.fixture
def counted(lab, query):
    """What is in a device's own file, as firmware counts it."""

    def count(run):
        path = lab.results_dir.parent / "devices" / "results" / run.path
        names = query(path, "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        return dict(query(path, counting([name for (name,) in names])))

    return count


def test_counts_are_highest_id_and_one_or_rows_where_there_is_no_id(lab, by_kind, info):
    run = by_kind["sqlite"].run
    lab.tick(100)
    told = info(by_kind["sqlite"])["table_counts"]
    assert len(told) == 27
    assert told["ROI_20"] == run.rows + 1
    assert (told["ROI_MAP"], told["VAR_MAP"], told["METADATA"]) == (20, 8, 13)
    assert told["START_EVENTS"] == 2


@pytest.mark.parametrize(("kind", "rows"), [("sqlite", 14), ("mysql", 13)])
def test_after_a_stop_the_last_telling_stays(lab, by_kind, info, kind, rows):
    device = by_kind[kind]
    lab.tick(100)
    run = lab.stop_run(device)
    told = info(device)
    assert told["table_counts"]["METADATA"] == rows
    lab.tick(100)
    assert info(device)["table_counts"] == told["table_counts"]
    assert info(device)["db_size_bytes"] == told["db_size_bytes"]
    assert told["table_counts"]["ROI_1"] == run.rows + 1


def test_a_stopped_files_own_rows_are_those_told(lab, by_kind, info, counted):
    device = by_kind["sqlite"]
    lab.tick(100)
    run = lab.stop_run(device)
    assert counted(run) == info(device)["table_counts"]


def test_the_size_is_the_files_without_its_wal(lab, by_kind, info):
    device = by_kind["sqlite"]
    path = lab.results_dir.parent / "devices" / "results" / device.run.path
    assert info(device)["db_size_bytes"] == path.stat().st_size
    lab.tick(100)
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    assert info(device)["db_size_bytes"] == path.stat().st_size


def test_a_live_copy_lacks_the_wal_and_catches_up(lab, by_kind, query):
    device = by_kind["sqlite"]
    copy = lab.results_dir / device.run.path
    for _ in range(4):
        lab.tick(300)
        held = query(copy, "SELECT MAX(id) FROM ROI_1")[0][0]
        assert device.run.rows - 61 <= held < device.run.rows


def test_the_copy_of_a_run_just_begun_has_no_tables(lab, by_kind, query):
    device = by_kind["sqlite"]
    lab.stop_run(device)
    lab.tick(240)
    lab.start_run(device)
    lab.tick(100)
    copy = lab.results_dir / device.run.path
    assert copy.stat().st_size <= 4096
    lab.tick(700)
    assert query(copy, "SELECT COUNT(*) FROM ROI_1")[0][0] > 0


def test_an_inventory_tells_no_sizes_but_of_older_firmware(lab, by_kind, ask_device, info):
    device = by_kind["idle"]
    file = device.runs[-1].filename

    def told():
        return ask_device(device, "/data/databases/{id}")["SQLite"][file]

    assert (told()["filesize"], told()["table_counts"], told()["file_exists"]) == (0, {}, True)
    lab.faults.switch_on("telling-inventory", device=device)
    path = lab.results_dir / device.runs[-1].path
    assert told()["filesize"] == path.stat().st_size
    assert told()["table_counts"]["METADATA"] == 14
    assert told()["table_counts"]["ROI_1"] == device.runs[-1].rows + 1


def test_a_lab_begun_again_still_knows_what_was_told(make_lab, get):
    first = make_lab()
    device = first.devices[0]
    first.tick(100)
    first.stop_run(device)
    url = f"http://{device.address}:%s/data/{device.device_id}"
    told = get(url % first.device_port)["database_info"]
    first.stop()
    second = make_lab(started_at=first.now())
    assert get(url % second.device_port)["database_info"] == told
