"""The form of everything that the old software reads or writes: JSON, sizes, cache, file names."""

import json
import pickle
from datetime import timedelta

import pytest
from django.utils import timezone

from backups.engine import claims
from backups.engine.byte_sizes import human_size
from tests.recorded import REAL

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
FLAT = {"started": 1.5, "ended": 2.5, "processing": False, "count": 3, "progress": {}}


def parse(answer, daemon="rsync"):
    now = timezone.now() + timedelta(days=3650)
    return claims.parse(json.dumps(answer).encode(), daemon=daemon, now=now)


def test_zero_bytes_are_written_with_a_decimal():
    assert human_size(0) == "0.0 B"


def test_one_and_a_half_kilobytes():
    assert human_size(1536) == "1.5 KB"


def test_a_terabyte():
    assert human_size(1024**4) == "1.0 TB"


def test_the_answer_of_the_mysql_service_is_devices_at_the_top():
    (claim,) = parse({DEVICE: FLAT}, daemon="mysql").claims
    assert (claim.device_id, claim.job_count) == (DEVICE, 3)


def test_the_answer_of_the_rsync_service_is_devices_below_a_name():
    (claim,) = parse({"devices": {DEVICE: FLAT}}).claims
    assert (claim.device_id, claim.job_count) == (DEVICE, 3)


@pytest.mark.parametrize(
    "answer",
    [
        {"processing_devices": [{"device_name": "ETHOSCOPE_019", "current_file": "a.h264"}]},
        {"current_device": "ETHOSCOPE_019", "current_file": "a.h264"},
    ],
    ids=["list of devices in work", "current device and file"],
)
def test_both_forms_of_a_service_in_work_are_read(answer):
    report = parse(answer)
    assert (report.current_device, report.current_file) == ("ETHOSCOPE_019", "a.h264")


@pytest.mark.parametrize("answer", [[], 1, "text", None, {"error": "x"}, {"a": 1}])
def test_an_answer_in_no_known_form_is_an_error_by_name(answer):
    with pytest.raises(claims.DaemonError):
        parse(answer)


@pytest.mark.parametrize("name", REAL.names("mysql/*_status_*"))
def test_each_recorded_answer_of_the_mysql_service_has_a_known_form(name):
    assert parse(REAL.told(name), daemon="mysql").claims


def test_times_are_whole_epoch_seconds_and_the_timestamp_has_a_fraction(installation, client):
    installation.cycle()
    answer = client.get("/backup/status").json()
    assert isinstance(answer["timestamp"], float)
    for told in answer["devices"].values():
        for block in told["backup_types"].values():
            assert isinstance(block["last_backup"], int)
            assert 0 <= block["last_backup"] <= answer["timestamp"]


def test_a_video_block_alone_has_a_size_in_words(installation, client):
    installation.cycle()
    for told in client.get("/backup/status").json()["devices"].values():
        assert told["backup_types"]["video"]["size_human"].endswith("B")
        assert "size_human" not in told["backup_types"]["sqlite"]


def test_mysql_counts_records_and_the_others_count_files(installation, client):
    installation.cycle()
    for told in client.get("/backup/status").json()["devices"].values():
        counted = {kind: {"records", "files"} & set(b) for kind, b in told["backup_types"].items()}
        assert counted == {"mysql": {"records"}, "sqlite": {"files"}, "video": {"files"}}


def test_a_video_directory_is_that_of_its_device(installation, client):
    installation.cycle()
    recorder = installation.of_kind("video").device_id
    told = client.get("/backup/status").json()["devices"][recorder]["backup_types"]["video"]
    assert told["directory"] == str(installation.lab.videos_dir / recorder)


def test_the_answer_is_json_by_its_content_type(quiet_site, client):
    assert client.get("/backup/status")["Content-Type"] == "application/json"


def test_what_an_old_node_left_in_the_cache_folder_is_recognised(disk):
    old = {"files": {"a_00001.h264": {"size_bytes": 100, "path": "x"}}, "timestamp": 1.5}
    disk.cache_dir.mkdir()
    disk.cache_file(DEVICE).path.write_bytes(pickle.dumps(old))
    assert "ETHONODE_CACHE_DIR" in disk.cache_file(DEVICE).load().problem


def test_the_cache_has_the_name_that_an_old_node_gives_it(disk):
    assert disk.cache_file(DEVICE).path.name == f"video_cache_{DEVICE}.pkl"
