"""The cache and the API at the size of a lab that has run for years.

Times are told with `record_property`, and shown by run_backup_tests.py beside what the document
expects; they fail nothing. What fails is a count or a ratio that no slow machine can change.
The classes are those of the document in docs/backup-system-tests.md.
"""

import os
import pickle
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from backups.engine.videos.cache import CacheUnwritable
from backups.engine.videos.facts import VideosUnreadable
from backups.engine.videos.folder import VideoCache, iter_chunks
from backups.engine.videos.scan import scan_device
from backups.models import DaemonStatus
from backups.services import daemons
from benchmarks.fleet_rows import make_fleet
from ethonode import env
from tests.engine.videos.children import as_nobody
from tests.suite.disk import AGES, DAY, LEAST_BYTES, MOST_BYTES, WEEK, Looks, VideoDisk

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
MEGABYTE = 10**6
SOON = 300  # seconds to the next scan


@contextmanager
def timed(record_property, name):
    began = time.perf_counter()
    yield
    record_property(name, time.perf_counter() - began)


def ids(count):
    return [f"{number:03d}c3d4e5f60718293a4b5c6d7e8f90" for number in range(count)]


def save_and_load(disk, count, record_property):
    """Scan, save and load a device of that many files; give the first scan and what was loaded."""
    disk.fill(DEVICE, count)
    scan = disk.scan(DEVICE)
    file = disk.cache_file(DEVICE)
    with timed(record_property, f"save_{count}"):
        file.save(scan.cache)
    with timed(record_property, f"load_{count}"):
        loaded = file.load()
    assert loaded == scan.cache
    return scan, file.path.stat().st_size


class TestCachePerformanceRealistic:
    def test_one_thousand_files(self, disk, record_property):
        scan, size = save_and_load(disk, 1000, record_property)
        again = disk.scan(DEVICE, now=disk.now + SOON)
        record_property("hits_1000", 100 * again.hit_ratio)
        assert scan.chunk_count == again.chunk_count == 1000
        assert 0.6 <= again.hit_ratio <= 0.9
        assert size < 110 * 1000

    def test_ten_thousand_files(self, disk, record_property):
        scan, size = save_and_load(disk, 10_000, record_property)
        again = disk.scan(DEVICE, now=disk.now + SOON)
        record_property("megabytes_10000", size / MEGABYTE)
        record_property("hits_10000", 100 * again.hit_ratio)
        assert scan.chunk_count == again.chunk_count == 10_000
        assert size < 100 * MEGABYTE
        assert 0.7 < again.hit_ratio <= 0.9
        assert (again.cached_count, again.fresh_count) == (9000, 1000)
        assert again.listed_folder_count == 0

    def test_a_scan_with_the_cache_saves_most_lookups_of_one_without(self, disk, record_property):
        disk.fill(DEVICE, 10_000)
        whole, cached = Looks(), Looks()
        with timed(record_property, "seconds_without"):
            first = disk.scan(DEVICE, look=whole)
        began = time.perf_counter()
        disk.scan(DEVICE, now=disk.now + SOON, look=cached)
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        disk.scan(DEVICE, now=disk.now + SOON, cache=VideoCache(problem="none"))
        without = time.perf_counter() - began
        record_property("faster", 100 * (1 - seconds / without))
        record_property("fewer_calls", 100 * (1 - cached.count / whole.count))
        assert whole.count == first.folder_count + 10_000
        assert cached.count == first.folder_count + 1000

    @pytest.mark.parametrize("count", [100, 1000])
    def test_disk_space_of_the_cache_is_a_hundred_bytes_a_file_at_most(self, disk, count):
        disk.fill(DEVICE, count)
        disk.scan(DEVICE)
        files = list(disk.cache_dir.iterdir())
        assert len(files) == 1
        assert files[0].stat().st_size <= 100 * count

    @pytest.mark.parametrize("count", [1, 10, 50])
    def test_devices_are_scanned_at_once(self, disk, count, record_property):
        for device_id in ids(count):
            disk.fill(device_id, 100)
        with ThreadPoolExecutor(max_workers=count) as pool:
            first = list(pool.map(disk.scan, ids(count)))
            again = list(pool.map(lambda i: disk.scan(i, now=disk.now + SOON), ids(count)))
        record_property(f"at_once_{count}", count)
        assert [scan.chunk_count for scan in first] == [100] * count
        assert [scan.hit_ratio for scan in again] == [0.9] * count
        assert len(list(disk.cache_dir.iterdir())) == count

    @pytest.mark.django_db
    def test_status_of_fifty_devices(
        self, client, quiet_site, record_property, django_assert_num_queries
    ):
        make_fleet(50, now=timezone.now())
        client.get("/healthz")  # loads the addresses, once a process
        with timed(record_property, "status_50"), django_assert_num_queries(3):
            answer = client.get("/backup/status").json()
        assert len(answer["devices"]) == 50

    def test_the_status_is_answered_from_facts_and_no_cache_is_loaded(
        self, installation, client, opened
    ):
        installation.cycle()
        with opened.watch() as paths:
            client.get("/backup/status")
        assert not [path for path in paths if path.endswith(".pkl") or "/videos" in path]

    def test_a_scan_loads_the_cache_of_its_device_alone(self, disk, opened):
        for device_id in ids(3):
            disk.fill(device_id, 10)
            disk.scan(device_id)
        with opened.watch() as paths:
            disk.scan(ids(3)[1], now=disk.now + SOON)
        assert [path for path in paths if path.endswith(".pkl")] == [f"video_cache_{ids(3)[1]}.pkl"]

    def test_each_service_is_asked_once_and_answers(self, installation, record_property):
        daemons.check_daemons(now=timezone.now())
        for status in DaemonStatus.objects.all():
            record_property(f"answer_{status.daemon}", status.answer_seconds)
            assert status.answered
        asked = [str(request.role) for request in installation.lab.requests]
        assert sorted(asked) == ["mysql", "rsync"]

    def test_a_service_may_take_two_seconds_and_no_more(self):
        assert django_settings.SERVICE_TIMEOUT.total_seconds() == 2

    def test_the_status_holds_for_five_minutes(self, record_property):
        record_property("ttl", django_settings.STATUS_TTL.total_seconds())
        assert django_settings.STATUS_TTL.total_seconds() == 5 * 60

    def test_how_long_the_status_holds_is_configurable(self, monkeypatch):
        monkeypatch.setenv("ETHONODE_STATUS_TTL", "60")
        assert env.read_alone().status_ttl == timedelta(minutes=1)

    @pytest.mark.parametrize(("age", "available"), [(299, True), (300, False)])
    def test_what_a_service_said_is_shown_for_that_long(
        self, quiet_site, client, time_machine, age, available
    ):
        now = timezone.now()
        DaemonStatus.objects.create(daemon="rsync", checked_at=now, answered_at=now)
        time_machine.move_to(now + timedelta(seconds=age), tick=False)
        told = client.get("/backup/status").json()["services"]["rsync_backup"]
        assert told["available"] is available

    def test_the_data_is_as_the_document_says(self, disk):
        disk.fill(DEVICE, 1000)
        found = [path.stat() for path in disk.root.rglob("*.h264")]
        days = [(disk.now - status.st_mtime) / DAY for status in found]
        assert len(found) == 1000
        assert all(LEAST_BYTES <= status.st_size <= MOST_BYTES for status in found)
        assert (sum(d > 30 for d in days), sum(d < 7 for d in days)) == (700, 100)
        assert sum(share for share, *_ in AGES) == pytest.approx(1)

    def test_the_data_takes_no_room(self, disk):
        disk.fill(DEVICE, 100)
        assert sum(path.stat().st_blocks for path in disk.root.rglob("*.h264")) == 0


@pytest.fixture
def shared_disk():
    """Ten files that every user may read: pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="ethonode-videos-"))
    folder.chmod(0o755)
    (folder / "videos").mkdir()
    disk = VideoDisk(folder / "videos")
    disk.fill(DEVICE, 10)
    yield disk
    for path in (disk.root, *disk.root.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def folder_of(disk):
    return disk.root / DEVICE


def unremembered(disk):
    return scan_device(folder_of(disk), VideoCache(), now=disk.now, settled_after=WEEK)


class TestCacheRobustness:
    @pytest.fixture
    def filled(self, disk):
        disk.fill(DEVICE, 100)
        disk.scan(DEVICE)
        return disk

    @pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
    def test_a_cache_cut_short_is_recovered_from(self, filled, share):
        path = filled.cache_file(DEVICE).path
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        again = filled.scan(DEVICE, now=filled.now + SOON)
        assert again.cache_problem
        assert (again.chunk_count, again.fresh_count) == (100, 100)
        assert filled.scan(DEVICE, now=filled.now + 2 * SOON).cached_count == 90

    def test_a_corrupted_cache_of_one_device_costs_the_others_nothing(self, filled):
        other = ids(1)[0]
        filled.fill(other, 10)
        filled.scan(other)
        filled.cache_file(DEVICE).path.write_bytes(b"corrupt")
        assert not filled.scan(other, now=filled.now + SOON).cache_problem

    def test_a_cache_without_permission_costs_a_warning_and_not_the_scan(self, shared_disk):
        cache = shared_disk.scan(DEVICE).cache
        shared_disk.cache_dir.chmod(0)

        def scan_and_save():
            file = shared_disk.cache_file(DEVICE)
            loaded = file.load()
            scan = scan_device(
                folder_of(shared_disk), loaded, now=shared_disk.now, settled_after=WEEK
            )
            with pytest.raises(CacheUnwritable) as caught:
                file.save(cache)
            return scan.chunk_count, scan.cache_problem, str(caught.value)

        count, unread, unwritten = as_nobody(scan_and_save)
        assert count == 10
        assert "Permission denied" in unread
        assert "Permission denied" in unwritten

    def test_a_videos_folder_without_permission_is_an_error_and_not_empty(self, shared_disk):
        shared_disk.root.chmod(0)

        def scan():
            with pytest.raises(VideosUnreadable) as caught:
                unremembered(shared_disk)
            return str(caught.value)

        assert "Permission denied" in as_nobody(scan)

    def test_one_recording_without_permission_is_named_and_the_others_are_counted(
        self, shared_disk
    ):
        closed = shared_disk.record(DEVICE, 3, ended_at=shared_disk.now)
        closed.chmod(0)
        scan = as_nobody(lambda: unremembered(shared_disk))
        assert scan.chunk_count == 10
        assert closed.name in scan.errors[0]

    @pytest.mark.parametrize(
        "content",
        [
            [],
            {"files": {}},
            {"files": "many", "timestamp": 1.0},
            {"files": {b"": 1}, "timestamp": "now"},
            {"files": {"a.h264": {"size": -1}}, "timestamp": 1.0},
        ],
        ids=["a list", "no timestamp", "text for files", "numbers for files", "an old node's"],
    )
    def test_malformed_data_in_the_cache_is_not_believed(self, filled, content):
        filled.cache_file(DEVICE).path.write_bytes(pickle.dumps(content))
        again = filled.scan(DEVICE, now=filled.now + SOON)
        assert again.cache_problem
        assert again.chunk_count == 100

    @pytest.mark.parametrize(
        "name",
        [b"\xff\xfe.h264", b"new\nline.h264", b" .h264", "🪰.h264".encode(), b"x" * 250 + b".h264"],
    )
    def test_malformed_names_on_the_disk_are_counted_and_kept(self, filled, name):
        folder = os.fsencode(next(filled.root.rglob("*.h264")).parent)
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123 - bytes
            file.write(b"video")
        assert filled.scan(DEVICE, now=filled.now + SOON).chunk_count == 101
        assert len(list(iter_chunks(filled.cache_file(DEVICE).load()))) == 101

    def test_a_device_without_a_folder_has_no_videos(self, disk):
        scan = disk.scan(DEVICE)
        assert (scan.chunk_count, scan.size_bytes, scan.hit_ratio, scan.errors) == (0, 0, None, ())

    def test_an_empty_folder_has_no_videos(self, disk):
        (disk.root / DEVICE / "ETHOSCOPE_019").mkdir(parents=True)
        assert disk.scan(DEVICE).recordings == ()

    def test_an_empty_file_is_counted_and_named_as_empty(self, disk):
        folder = disk.record(DEVICE, 1, ended_at=disk.now)
        next(folder.iterdir()).write_bytes(b"")
        (recording,) = disk.scan(DEVICE).recordings
        assert (recording.chunk_count, recording.size_bytes, recording.empty_count) == (1, 0, 1)

    def test_an_empty_cache_is_saved_and_loaded(self, disk):
        disk.cache_file(DEVICE).save(VideoCache())
        assert disk.cache_file(DEVICE).load() == VideoCache()

    def test_no_disk_at_all_is_an_error_and_not_empty(self, disk):
        disk.root.rmdir()
        with pytest.raises(VideosUnreadable):
            disk.scan(DEVICE)
