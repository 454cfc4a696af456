"""The parts, one by one: video cache, sizes, the rsync service, what is known of a device.

The classes are those of the document in docs/backup-system-tests.md; tests/README.md says which
test answers which of its sentences.
"""

import pickle
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from backups import dashboard
from backups.engine import claims
from backups.engine.byte_sizes import human_size
from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict
from backups.engine.videos.folder import VideoCache, iter_chunks
from backups.models import DaemonStatus
from backups.services.videos import cache_file, scan_videos
from devices.models import Device
from tests.recorded import REAL
from tests.suite.disk import SECRET, WEEK, Looks, write

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
OTHER = "0115bbf19edc4a798a9c2053fb26f9b6"
SCAN_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from tests.recorded import REAL
from tests.suite.disk import VideoDisk
disk = VideoDisk(Path(sys.argv[1]), now=float(sys.argv[3]))
result = disk.scan(sys.argv[2])
print(result.chunk_count, result.cached_count, result.size_bytes)
"""


@pytest.fixture
def filled(disk):
    """One device with a hundred files: 70 old, 20 of middle age, 10 recent."""
    disk.fill(DEVICE, 100)
    return disk


def later(disk, seconds=300):
    return disk.now + seconds


class TestVideoCacheSystem:
    def test_the_first_scan_creates_the_cache_file(self, filled):
        assert not filled.cache_dir.exists()
        filled.scan(DEVICE)
        assert [path.name for path in filled.cache_dir.iterdir()] == [f"video_cache_{DEVICE}.pkl"]

    def test_its_place_is_in_the_videos_folder_of_the_node(self):
        assert django_settings.VIDEO_CACHE_DIR == django_settings.VIDEOS_DIR / ".cache"
        assert cache_file(DEVICE).path == (
            django_settings.VIDEOS_DIR / ".cache" / f"video_cache_{DEVICE}.pkl"
        )

    def test_the_place_of_a_default_installation_is_below_ethoscope_data(self):
        assert str(cache_file(DEVICE).path) == (
            f"/ethoscope_data/videos/.cache/video_cache_{DEVICE}.pkl"
        )

    def test_each_device_has_a_cache_file_of_its_own(self, filled):
        filled.fill(OTHER, 10)
        assert (filled.scan(DEVICE).chunk_count, filled.scan(OTHER).chunk_count) == (100, 10)
        assert len(list(filled.cache_dir.iterdir())) == 2

    def test_the_format_is_a_python_pickle_of_files_and_timestamp(self, filled):
        filled.scan(DEVICE)
        path = filled.cache_file(DEVICE).path
        stored = pickle.loads(path.read_bytes())  # noqa: S301 - written a line above
        assert {"files", "timestamp"} <= stored.keys()
        assert stored["timestamp"] == filled.now

    def test_save_and_load_video_cache(self, filled):
        cache = filled.scan(DEVICE).cache
        file = filled.cache_file(DEVICE)
        file.save(cache)
        loaded = file.load()
        assert loaded == cache
        assert len(list(iter_chunks(loaded))) == 100

    def test_a_missing_cache_is_no_files_and_timestamp_zero_to_a_caller(self, disk):
        assert disk.cache_file(DEVICE).raw() == {"files": {}, "timestamp": 0}

    def test_a_cache_survives_into_another_session(self, filled):
        first = filled.scan(DEVICE)
        command = [sys.executable, "-c", SCAN_IN_ANOTHER_PROCESS, filled.root, DEVICE]
        answer = subprocess.run(
            [*map(str, command), str(later(filled))],
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.split() == ["100", "90", str(first.size_bytes)]

    def test_files_over_a_week_old_come_from_the_cache_and_are_not_touched(self, filled):
        first = filled.scan(DEVICE)
        looks = Looks()
        second = filled.scan(DEVICE, now=later(filled), look=looks)
        assert (second.cached_count, second.fresh_count) == (90, 10)
        assert looks.count == second.folder_count + 10
        assert second.recordings == first.recordings

    def test_a_week_is_the_default_limit(self):
        assert django_settings.VIDEO_SETTLED_AFTER == WEEK

    def test_files_under_a_week_old_are_looked_at_afresh(self, filled):
        filled.scan(DEVICE)
        newest = max(filled.root.rglob("*.h264"), key=lambda path: path.stat().st_mtime)
        grown = newest.stat().st_size + 1000
        write(newest, grown, filled.now - 60)
        chunks = {c.name: c for c in iter_chunks(filled.scan(DEVICE, now=later(filled)).cache)}
        assert chunks[newest.name].size_bytes == grown

    def test_a_file_that_came_since_the_last_scan_is_found(self, filled):
        filled.scan(DEVICE)
        filled.record(DEVICE, 1, ended_at=filled.now)
        assert filled.scan(DEVICE, now=later(filled)).chunk_count == 101

    def test_a_file_that_was_deleted_is_forgotten(self, filled):
        filled.scan(DEVICE)
        next(filled.root.rglob("*.h264")).unlink()
        assert filled.scan(DEVICE, now=later(filled)).chunk_count == 99

    def test_the_cache_is_updated_by_each_scan_that_saw_a_change(self, filled):
        filled.scan(DEVICE)
        filled.record(DEVICE, 1, ended_at=filled.now)
        filled.scan(DEVICE, now=later(filled))
        assert len(list(iter_chunks(filled.cache_file(DEVICE).load()))) == 101

    def test_a_scan_that_saw_no_change_writes_nothing(self, filled):
        filled.scan(DEVICE)
        before = filled.cache_file(DEVICE).path.stat().st_mtime_ns
        filled.scan(DEVICE, now=later(filled))
        assert filled.cache_file(DEVICE).path.stat().st_mtime_ns == before

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: data[: len(data) // 2],
            lambda data: b"not a pickle",
            lambda data: data[:50] + b"\xff" + data[51:],
            lambda data: pickle.dumps({"files": {}, "timestamp": 1.0}),
        ],
        ids=["empty", "cut short", "text", "one byte changed", "another program's"],
    )
    def test_a_corrupted_cache_is_noticed_and_made_anew(self, filled, damage):
        whole = filled.scan(DEVICE)
        path = filled.cache_file(DEVICE).path
        path.write_bytes(damage(path.read_bytes()))
        again = filled.scan(DEVICE, now=later(filled))
        assert str(path) in again.cache_problem
        assert again.recordings == whole.recordings
        assert filled.scan(DEVICE, now=later(filled)).cached_count == 90


class TestBytesFormatting:
    @pytest.mark.parametrize(
        ("size_bytes", "text"),
        [
            (0, "0.0 B"),
            (1, "1.0 B"),
            (1023, "1023.0 B"),
            (1024, "1.0 KB"),
            (1536, "1.5 KB"),
            (1024**2, "1.0 MB"),
            (51_310_592, "48.9 MB"),
            (1024**3, "1.0 GB"),
            (1024**4, "1.0 TB"),
            (5 * 1024**5, "5.0 PB"),
        ],
    )
    def test_a_number_of_bytes_is_readable_by_people(self, size_bytes, text):
        assert human_size(size_bytes) == text

    def test_a_readable_size_is_within_five_hundredths_of_the_true_one(self):
        units = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
        for size_bytes in (7, 999, 1025, 123_456, 98_765_432, 10**10, 10**12):
            number, unit = human_size(size_bytes).split()
            assert abs(float(number) - size_bytes / units[unit]) <= 0.0501

    def test_the_size_of_a_device_is_the_sum_of_its_files_to_the_byte(self, filled):
        expected = sum(path.stat().st_size for path in filled.root.rglob("*.h264"))
        assert filled.scan(DEVICE).size_bytes == expected
        assert filled.scan(DEVICE, now=later(filled)).size_bytes == expected

    def test_another_devices_files_are_no_part_of_it(self, filled):
        alone = filled.scan(DEVICE).size_bytes
        filled.fill(OTHER, 50)
        assert filled.scan(DEVICE, now=later(filled)).size_bytes == alone


class TestRsyncEnhancement:
    @pytest.mark.parametrize("name", REAL.names("rsync/*_status_*"))
    def test_every_recorded_answer_of_the_service_is_parsed(self, name):
        body = REAL.body(name)
        report = claims.parse(body, daemon="rsync", now=timezone.now() + timedelta(days=3650))
        told = msgspec.json.decode(body)["devices"]
        assert {claim.device_id for claim in report.claims} == told.keys()
        assert {c.device_id for c in report.claims if c.processing} == {
            device_id for device_id, block in told.items() if block["processing"]
        }

    def test_the_recordings_are_there(self):
        assert REAL.names("rsync/*_status_*")

    def test_the_service_is_asked_over_its_socket_and_its_answer_kept(self, installation):
        installation.cycle()
        rsync = DaemonStatus.objects.get(daemon="rsync")
        assert rsync.answered
        assert rsync.answer_seconds > 0
        asked = [request.path for request in installation.lab.requests if request.role == "rsync"]
        assert asked == ["/status"]

    def test_without_the_service_the_files_are_found_on_the_disk(self, installation, client):
        installation.lab.kill("rsync")
        installation.cycle()
        recorder = installation.of_kind("video")
        files = list((installation.lab.videos_dir / recorder.device_id).rglob("*.h264"))
        answer = client.get(f"/device/{recorder.device_id}/backup").json()
        found = answer["databases"]["Video"]["video_backup"]["files"]
        assert set(found) == {path.name for path in files}
        assert all(entry["filesystem_enhanced"] for entry in found.values())
        assert not DaemonStatus.objects.get(daemon="rsync").answered

    def test_what_the_service_claims_is_not_what_is_counted(self, installation):
        """Its totals are those of the whole tree, for every device the same."""
        installation.cycle()
        fleet = dashboard.fleet(now=installation.now()).devices
        for status in fleet:
            folder = installation.lab.videos_dir / status.device.device_id
            held = len(list(folder.rglob("*.h264")))
            assert status.backups[BackupType.VIDEO].facts.copy_count == held

    def test_files_are_named_from_the_cache_without_a_look_at_the_disk(
        self, installation, client, opened
    ):
        installation.cycle()
        recorder = installation.of_kind("video")
        with opened.watch() as paths:
            answer = client.get(f"/device/{recorder.device_id}/backup").json()
        files = answer["databases"]["Video"]["video_backup"]["files"]
        assert files
        assert all(entry["cache_hit"] for entry in files.values())
        assert not [path for path in paths if str(installation.lab.videos_dir) in path]


class TestDeviceBackupInfo:
    def test_mysql_sqlite_and_video_backups_are_detected(self, installation, client):
        installation.cycle()
        found = set()
        for device in installation.lab.devices:
            here = {kind for kind, told in _device_status(client, device) if told["available"]}
            assert here == _on_disk(installation.lab, device)
            found |= here
        assert found == {"mysql", "sqlite", "video"}

    def test_of_each_detected_database_the_name_and_the_size_are_told(self, installation, client):
        installation.cycle()
        tracker = installation.of_kind("idle")
        told = client.get(f"/device/{tracker.device_id}/backup").json()["backup_status"]["sqlite"]
        files = list((installation.lab.results_dir / tracker.device_id).rglob("*.db"))
        assert set(told["databases"]) == {path.name for path in files}
        assert told["database_count"] == len(files)
        assert told["total_size_bytes"] == sum(path.stat().st_size for path in files)

    def test_the_backup_to_use_is_recommended(self, installation, client):
        installation.cycle()
        found = set()
        for device in installation.lab.devices:
            answer = client.get(f"/device/{device.device_id}/backup").json()
            here = _on_disk(installation.lab, device)
            # The old page paints its icon green at "mysql", and nobody tells of this one's videos.
            recommended = "rsync" if here & {"sqlite", "mysql"} else "none"
            assert answer["recommended_backup_type"] == recommended
            assert answer["supports_video_backup"] is ("video" in here)
            found.add(recommended)
        assert found == {"rsync", "none"}

    def test_a_device_without_any_data_has_no_backups_and_no_alarm(self, installation, client):
        installation.cycle()
        empty = installation.of_kind("nothing")
        status = next(
            status
            for status in dashboard.fleet(now=installation.now()).devices
            if status.device.device_id == empty.device_id
        )
        databases = (BackupType.MYSQL, BackupType.SQLITE)
        assert {status.backups[kind].judgement.verdict for kind in databases} == {Verdict.NONE}
        answer = client.get(f"/device/{empty.device_id}/backup").json()
        assert answer["databases"]["SQLite"] == answer["databases"]["MariaDB"] == {}
        assert answer["backup_status"]["total_databases"] == 0

    def test_an_offline_device_of_which_nothing_is_held_is_offline_with_zeros(
        self, client, bare_device
    ):
        Device.objects.update(reported_status="offline")
        blocks = _old_blocks(client, bare_device.device_id)
        for block in blocks.values():
            assert (block["available"], block["status"], block["size"]) == (False, "offline", 0)
            assert block.get("files", block.get("records")) == block["last_backup"] == 0

    def test_an_offline_device_whose_copies_exist_keeps_its_numbers(self, installation, client):
        installation.cycle()
        tracker = installation.of_kind("idle")
        online = _old_blocks(client, tracker.device_id)
        Device.objects.filter(device_id=tracker.device_id).update(reported_status="offline")
        offline = _old_blocks(client, tracker.device_id)
        assert offline["sqlite"]["size"] == online["sqlite"]["size"] > 0
        assert offline["video"]["files"] == online["video"]["files"] > 0
        assert "offline" not in {block["status"] for block in offline.values()}


def _on_disk(lab, device):
    """Which types of backup the node holds of a simulated device."""
    videos = (lab.videos_dir / device.device_id).rglob("*.h264")
    databases = (lab.results_dir / device.device_id).rglob("*.db")
    return {"video" for _ in videos} | {device.writer.name.lower() for _ in databases}


def _device_status(client, device):
    told = client.get(f"/device/{device.device_id}/backup").json()["backup_status"]
    return [(kind, told[kind]) for kind in ("mysql", "sqlite", "video")]


def _old_blocks(client, device_id):
    return client.get("/backup/status").json()["devices"][device_id]["backup_types"]


class TestCachePerformance:
    def test_nine_of_ten_files_of_a_small_device_are_cache_hits(self, filled):
        assert filled.scan(DEVICE).hit_ratio == 0
        assert filled.scan(DEVICE, now=later(filled)).hit_ratio == 0.9

    def test_a_small_device_costs_a_tenth_of_the_lookups(self, filled):
        first, second = Looks(), Looks()
        folders = filled.scan(DEVICE, look=first).folder_count
        filled.scan(DEVICE, now=later(filled), look=second)
        assert first.count == folders + 100
        assert second.count == folders + 10

    def test_unchanged_folders_are_not_listed_again(self, filled):
        assert filled.scan(DEVICE).listed_folder_count > 1
        assert filled.scan(DEVICE, now=later(filled)).listed_folder_count == 0

    @pytest.mark.parametrize("count", [100, 1000])
    def test_a_file_costs_few_bytes_in_the_cache(self, disk, count):
        disk.fill(DEVICE, count)
        disk.scan(DEVICE)
        assert disk.cache_file(DEVICE).path.stat().st_size <= 110 * count

    def test_an_empty_cache_is_smaller_than_a_kilobyte(self, disk):
        disk.cache_file(DEVICE).save(VideoCache())
        assert disk.cache_file(DEVICE).path.stat().st_size < 1000

    @pytest.mark.django_db
    def test_the_service_scans_as_the_engine_does(self, filled, settings, bare_device):
        settings.VIDEOS_DIR, settings.VIDEO_CACHE_DIR = filled.root, filled.cache_dir
        settings.SECRET_KEY = SECRET.decode()
        now = timezone.now() + timedelta(days=60)
        assert scan_videos(bare_device, now=now).chunk_count == 100
        again = scan_videos(bare_device, now=now + timedelta(minutes=5))
        assert (again.cached_count, again.fresh_count) == (90, 10)
