"""A device's videos: real files, a device that lists them or does not, and what is then known."""

import os
import pickle
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from backups.engine.facts import BackupType
from backups.engine.pull.outcome import Difference, ListedFile, PulledVideos
from backups.engine.verdict import judge
from backups.engine.videos.damage import ChunkReading
from backups.models import DamagedFile, RecordingLedger, VideoComparison
from backups.models.policy import DEFAULT_LIMITS
from backups.services.pulled_videos import store_comparison, store_no_videos
from backups.services.video_digests import reread_order, store_digests
from backups.services.video_facts import read_videos
from backups.services.videos import scan_videos
from tests.devices.conftest import Server, http
from tests.engine.videos.chunks import NAL

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STAMP = "2026-01-03_10-00-00"
KINDS = ("corrupt", "lost", "missing", "unproven", "behind", "lagging")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def server():
    found = Server({})
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.stopping.set()
    found.shutdown()
    found.server_close()
    thread.join()


class Bench:
    """One device, its videos here, and looks at them."""

    def __init__(self, device, videos, server, now):
        self.device, self.videos, self.server, self.now = device, videos, server, now
        server.routes["/id"] = http({"id": device.device_id})

    def name(self, number, suffix="h264", stamp=STAMP):
        return f"{stamp}_{self.device.device_id}__1280x960@15fps-20q_{number:05}.{suffix}"

    def path(self, number, *, folder="ETHOSCOPE_019", stamp=STAMP, **others):
        own = self.videos / self.device.device_id
        return own / folder / stamp / self.name(number, stamp=stamp, **others)

    def put(self, *numbers, content=NAL * 200, at=None, **where):
        for number in numbers:
            path = self.path(number, **where)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if at is not None:
                os.utime(path, (at, at))

    def lists(self, *names):
        listing = {name: {"path": "/x"} for name in names}
        self.server.routes["/list_video_files"] = http({"video_files": listing})

    def look(self, after=timedelta(0)):
        self.now += after
        self.device.inventory_read_at = self.now
        return read_videos(self.device, now=self.now).facts

    def verdict(self, after=timedelta(0)):
        facts = self.look(after)
        limits = DEFAULT_LIMITS[BackupType.VIDEO]
        return judge(facts, limits=limits, now=self.now).verdict.value

    def pull(self, *sizes, left=(), **others):
        """As if a pull had listed these: (number, size)."""
        scan_videos(self.device, now=self.now)
        own = self.videos / self.device.device_id
        files = [
            ListedFile(
                path=str(self.path(number).relative_to(own)),
                size_bytes=size,
                is_here=any(own.rglob(self.name(number))),
                by_content=False,
            )
            for number, size in sizes
        ]
        nothing = dict.fromkeys(("newer", "quarantined", "refused", "skipped", "problems"), ())
        counts = dict.fromkeys(("files_added", "files_grown", "wire_bytes", "seconds"), 0)
        facts = {"began_at": self.now, "compared_at": self.now, "file_count": len(files)}
        told = {**nothing, **counts, **facts, "left": left, "files": tuple(files), **others}
        store_comparison(self.device, PulledVideos(folder=own, **told), held_count=0, now=self.now)


@pytest.fixture
def bench(device, settings, tmp_path, server, now):
    settings.VIDEOS_DIR = tmp_path / "videos"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    settings.VIDEOS_DIR.mkdir()
    (settings.VIDEOS_DIR / "another").mkdir()  # a disk that is mounted holds more than one
    settings.DEVICE_TIMEOUT = timedelta(seconds=0.5)
    device.address, device.clock_skew_seconds = server.address, None
    device.save()
    return Bench(device, settings.VIDEOS_DIR, server, now)


SIZE = len(NAL * 200)


def kinds(facts):
    return {kind for kind in KINDS if getattr(facts, kind)}


def test_of_a_device_of_which_nobody_ever_told_nothing_is_known(bench):
    assert bench.look().source_count is None
    assert bench.verdict() == "unknown"


def test_a_device_that_lists_no_videos_and_has_none_here_has_none(bench):
    bench.lists()
    assert bench.look().source_count == 0
    assert bench.verdict() == "none"


def test_a_pull_that_found_no_folder_tells_that_there_is_none(bench):
    store_no_videos(bench.device, held_count=0, now=bench.now)
    assert bench.verdict() == "none"


def test_names_alone_prove_nothing(bench):
    bench.put(1, 2)
    bench.lists(bench.name(1), bench.name(2))
    facts = bench.look()
    assert (facts.source_count, facts.copy_count, facts.proofs["named"]) == (2, 2, 2)
    assert kinds(facts) == {"unproven"}
    assert bench.verdict(7 * HOUR) == "unknown"


def test_sizes_of_a_pull_do(bench):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    facts = bench.look()
    assert (kinds(facts), facts.proofs["counted"]) == (set(), 2)
    assert bench.verdict() == "protected"


@pytest.mark.parametrize("suffix", ["h264", "avi", "mp4"])
def test_listed_videos_of_each_kind_are_missed(bench, suffix):
    bench.lists(bench.name(1, suffix), bench.name(2, suffix))
    (missing,) = bench.look().missing
    assert (missing.name, missing.reason) == (STAMP, "chunks 1-2 (2) are not here")


def test_problems_are_never_cut(bench):
    bench.lists(*(bench.name(1, stamp=f"2026-01-03_10-{n:02}-00") for n in range(60)))
    assert (len(bench.look().missing), bench.look().counts["missing"]) == (60, 60)


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.rename(path.with_suffix(".mp4")), "missing"),
        (lambda path: path.write_bytes(b""), "corrupt"),
        (lambda path: os.truncate(path, 500), "corrupt"),
        (lambda path: path.write_bytes(bytes(SIZE)), "corrupt"),
        (lambda path: path.write_bytes(b"x" * SIZE), "corrupt"),
        (lambda path: shutil.rmtree(path.parents[2]), "missing"),
    ],
)
def test_what_is_done_to_a_chunk_after_its_proof_shows(bench, harm, kind):
    bench.put(1, 2, 3)
    bench.pull(*((n, SIZE) for n in (1, 2, 3)))
    assert bench.verdict() == "protected"
    harm(bench.path(2))
    assert kind in kinds(bench.look(MINUTE))
    bench.lists(bench.name(1))  # whatever else is told
    assert kind in kinds(bench.look(MINUTE)) or "lost" in kinds(bench.look())


def test_the_bad_news_of_a_file_are_kept_in_a_row_until_it_is_gone(bench):
    bench.put(1, 2)
    bench.put(1, content=bytes(SIZE))
    bench.look()
    found = DamagedFile.objects.get()
    assert (found.path, found.kind) == (bench.name(1), "zeros")
    bench.path(1).unlink()
    assert kinds(bench.look(MINUTE)) == {"missing", "unproven"}
    assert not DamagedFile.objects.exists()


def test_a_chunk_that_is_sparse_holds_zeros(bench):
    bench.put(1)
    os.truncate(bench.path(1), 0)
    os.truncate(bench.path(1), SIZE)
    bench.look()
    assert DamagedFile.objects.get().kind == "zeros"


def test_what_a_firmware_no_longer_lists_is_not_forgotten(bench):
    bench.put(1)
    bench.lists(bench.name(1), bench.name(2))
    before = bench.look()
    del bench.server.routes["/list_video_files"]
    after = bench.look(MINUTE)
    assert (after.missing, after.source_count) == (before.missing, 2)


@pytest.mark.parametrize(
    "answer", [{"error": "no"}, {"metadata": {}}, {}, {"video_files": None}, {"error": {}, "a": 1}]
)
def test_an_answer_without_a_list_is_no_list(bench, answer):
    bench.lists(bench.name(1))
    bench.look()
    read_at = bench.now
    bench.server.routes["/list_video_files"] = http(answer)
    facts = bench.look(MINUTE)
    assert (len(facts.missing), facts.source_count, bool(facts.source_error)) == (1, 1, True)
    assert facts.source_read_at == read_at


def test_a_device_that_hangs_is_not_asked_again_at_once(bench):
    bench.server.routes["/list_video_files"] = bench.server.hang
    assert "whole answer" in bench.look().source_error
    asked = len(bench.server.asked)
    assert bench.look(MINUTE).source_error
    assert len(bench.server.asked) == asked
    bench.look(HOUR)
    assert len(bench.server.asked) > asked


def test_a_device_that_was_seen_recording_and_left_nothing_is_missing_since_then(bench):
    since = bench.now - 5 * HOUR
    bench.device.recording_since = bench.device.recording_at = since
    (missing,) = bench.look().missing
    assert missing.since == since
    assert "holds no chunk" in missing.reason


def test_a_recording_that_was_wholly_lost_is_not_forgotten_when_the_next_comes(bench):
    bench.device.recording_since = bench.device.recording_at = bench.now - 5 * HOUR
    bench.look()
    bench.device.recording_since = bench.device.recording_at = bench.now
    bench.put(1)
    assert len(bench.look(MINUTE).missing) == 1
    assert RecordingLedger.objects.count() == 2


def test_a_recording_that_came_late_after_all_explains_what_was_seen(bench):
    bench.device.recording_since = bench.device.recording_at = bench.now - 5 * HOUR
    bench.look()
    bench.put(1)
    assert bench.look(HOUR).missing == ()


def recording(bench):
    bench.device.reported_status = "recording"
    bench.device.recording_since = bench.device.recording_since or bench.now
    bench.device.recording_at = bench.now


def test_a_healthy_recording_that_is_pulled_stays_green_for_days(bench):
    for number in range(1, 40):
        recording(bench)
        bench.put(number)
        bench.pull(*((n, SIZE) for n in range(1, number + 1)))
        assert bench.verdict(5 * MINUTE) == "protected"


def test_a_recording_whose_sizes_nobody_tells_is_unknown_however_fresh_it_is(bench):
    for number in range(1, 80):
        recording(bench)
        bench.put(number)
        verdict = bench.verdict(5 * MINUTE)
        assert verdict != "protected" or number == 1
    assert verdict == "unknown"


def test_chunks_that_came_since_the_last_pull_lag_and_are_late_in_time(bench):
    recording(bench)
    bench.put(1)
    bench.pull((1, SIZE))
    for number in range(2, 7):
        recording(bench)
        bench.put(number)
        assert bench.verdict(HOUR) == "protected"
    recording(bench)
    bench.put(7)
    assert bench.verdict(HOUR) == "late"


def test_it_is_late_when_no_newer_number_comes_whatever_the_times_say(bench):
    recording(bench)
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    bench.put(2, at=(bench.now + 300 * HOUR).timestamp())
    assert bench.verdict(6 * HOUR - MINUTE) == "protected"
    assert bench.verdict(MINUTE) == "late"


def test_when_it_ends_nothing_proves_it_until_a_pull_does(bench):
    recording(bench)
    bench.put(1, 2)
    bench.look()
    bench.device.reported_status = "stopped"
    assert bench.verdict(HOUR) == "waiting"
    assert bench.verdict(6 * HOUR) == "unknown"
    bench.pull((1, SIZE), (2, SIZE))
    assert bench.verdict() == "protected"


def test_an_unreadable_disk_keeps_what_was_known(bench):
    bench.lists(bench.name(1))
    bench.look()
    looked_at = bench.now
    bench.videos.rename(bench.videos.with_name("unmounted"))
    facts = bench.look(HOUR)
    assert (len(facts.missing), facts.disk_read_at, bool(facts.disk_error)) == (1, looked_at, True)


def test_an_empty_mount_point_keeps_what_was_known(bench):
    bench.put(1)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    shutil.rmtree(bench.videos)
    bench.videos.mkdir()
    facts = bench.look(HOUR)
    assert (kinds(facts), "mounted" in facts.disk_error) == ({"missing"}, True)


def test_a_device_renamed_has_one_recording_in_two_folders(bench):
    bench.put(1, folder="ETHOSCOPE_019")
    bench.put(2, folder="ETHOSCOPE_020")
    bench.put(1, folder="ETHOSCOPE_020", content=b"")
    bench.pull((1, SIZE), (2, SIZE))
    assert bench.verdict() == "protected"


def test_chunks_of_another_device_are_said_and_count_for_nothing(bench):
    foreign = bench.path(1).with_name(bench.name(1).replace(bench.device.device_id, "0" * 32))
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(NAL)
    facts = bench.look()
    assert (facts.copy_count, facts.source_count) == (0, None)
    assert "another device" in facts.findings[0]


@pytest.mark.parametrize("what", ["refused", "skipped"])
def test_what_a_pull_does_not_copy_is_unproven_since_it_was_first_seen(bench, what):
    named = (Difference(path="a", reason="why"),) if what == "refused" else ("a",)
    bench.pull(**{what: named})
    first = bench.now
    bench.now += HOUR
    bench.pull(**{what: named})
    (unproven,) = bench.look().unproven
    assert (unproven.name, unproven.since) == ("a", first)


def test_a_listing_with_links_is_no_evidence_of_absence(bench):
    bench.put(1)
    bench.pull((1, SIZE), (2, SIZE))
    bench.pull((1, SIZE), skipped=("link",))
    assert bench.look().lost == ()


def test_counts_of_a_comparison_make_the_ledger_remember_what_was_here(bench):
    bench.put(1, 2)
    VideoComparison.objects.create(
        device=bench.device, began_at=bench.now, file_count=2, held_count=2
    )
    assert bench.verdict() == "protected"
    bench.path(1).unlink()
    assert kinds(bench.look(MINUTE)) == {"missing"}


@pytest.mark.parametrize(
    "facts",
    [
        {"file_count": 2, "held_count": 3},
        {"file_count": 3, "held_count": 3},
        {"file_count": 2, "held_count": 2, "lacking": {"E/ts": [1, "2026-01-03T10:00:00+00:00"]}},
        {"file_count": 2, "held_count": 2, "refused": [["a", "why"]]},
        {"file_count": 2, "held_count": 2, "inherited": True},
    ],
)
def test_counts_that_do_not_agree_or_were_inherited_prove_nothing(bench, facts):
    bench.put(1, 2)
    VideoComparison.objects.create(device=bench.device, began_at=bench.now, **facts)
    assert "unproven" in kinds(bench.look())


def test_a_device_that_is_away_is_judged_by_the_last_pull(bench):
    bench.put(1)
    bench.pull((1, SIZE))
    bench.device.inventory_error = "no answer"
    bench.device.inventory_read_at = None
    facts = read_videos(bench.device, now=bench.now).facts
    assert (facts.source_read_at, facts.source_count) == (bench.now, 1)


def test_an_unchanged_device_is_not_unpacked_again(bench, django_assert_max_num_queries):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    before = RecordingLedger.objects.get().version
    with django_assert_max_num_queries(14):
        bench.look(MINUTE)
    assert RecordingLedger.objects.get().version == before


def test_a_digest_that_changes_is_corrupt_until_the_device_is_asked(bench):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    paths = reread_order(bench.device)
    first = ChunkReading(size_bytes=SIZE, digest="aa")
    assert store_digests(bench.device, dict.fromkeys(paths, first), now=bench.now) == []
    other = {paths[0]: ChunkReading(size_bytes=SIZE, digest="bb")}
    (said,) = store_digests(bench.device, other, now=bench.now)
    assert "another than when it was first read" in said
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    store_digests(bench.device, {paths[0]: first}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == set()


def test_those_never_read_are_read_first(bench):
    bench.put(1, 2, 3)
    bench.look()
    paths = reread_order(bench.device)
    assert len(paths) == 3
    read = ChunkReading(size_bytes=SIZE, digest="aa")
    store_digests(bench.device, {paths[0]: read}, now=bench.now)
    assert reread_order(bench.device) == [*paths[1:], paths[0]]


def test_an_old_recording_is_as_old_as_its_start_at_first_sight(bench):
    bench.device.clock_skew_seconds = 0.0
    bench.lists(bench.name(1))
    (missing,) = bench.look().missing
    assert missing.since == datetime(2026, 1, 3, 22, tzinfo=UTC)


def test_a_recording_that_comes_later_does_not_stand_for_one_that_was_lost(bench):
    bench.device.recording_since = bench.device.recording_at = bench.now - 50 * HOUR
    bench.look()
    for hours in (40, 30):
        bench.device.recording_since = bench.now - hours * HOUR
        bench.put(1, stamp=f"2026-02-03_{hours}-00-00")
        assert len(bench.look(MINUTE).missing) == 1


def test_old_recordings_here_do_not_stand_for_what_is_recorded_now(bench):
    """At first sight, with a clock that is right: they ended long ago."""
    bench.put(1, 2)
    bench.device.clock_skew_seconds = 0.0
    recording(bench)
    assert kinds(bench.look()) == {"missing", "unproven"}


def test_what_goes_between_a_pull_and_the_next_look_is_missed(bench):
    bench.put(1)
    bench.pull((1, SIZE))
    shutil.rmtree(bench.videos / bench.device.device_id)
    assert kinds(bench.look()) == {"missing"}


def test_a_list_that_never_named_what_is_gone_says_that_it_is_lost(bench):
    bench.put(1)
    bench.look()  # nobody tells
    bench.path(1).unlink()
    bench.look(MINUTE)
    bench.lists()
    assert kinds(bench.look(MINUTE)) == {"lost"}


def version(bench):
    return RecordingLedger.objects.get().version


def test_the_same_listing_again_is_no_work(bench):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    before = version(bench)
    bench.now += HOUR
    bench.pull((1, SIZE), (2, SIZE))
    assert (version(bench), RecordingLedger.objects.get().told_at) == (before, bench.now)


def test_the_same_listing_is_news_when_the_recording_went_on_since(bench):
    recording(bench)
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    bench.device.reported_status = "stopped"
    assert kinds(bench.look(MINUTE)) == {"unproven"}
    bench.pull((1, SIZE), (2, SIZE))
    assert kinds(bench.look(MINUTE)) == set()


def test_a_listing_of_sizes_that_changed_is_news(bench):
    bench.put(1)
    bench.pull((1, SIZE))
    bench.look()
    bench.pull((1, SIZE + 1))
    assert kinds(bench.look(MINUTE)) == {"behind"}


def test_an_old_node_that_rewrites_our_cache_is_a_finding(bench, settings):
    bench.put(1)
    bench.look()
    (cache,) = settings.VIDEO_CACHE_DIR.glob("*.pkl")
    cache.write_bytes(pickle.dumps({"files": {}, "timestamp": 1.0}))
    assert any("another program" in finding for finding in bench.look().findings)
    assert not any("another program" in finding for finding in bench.look().findings)


def test_a_device_that_answers_without_its_inventory_is_asked_for_its_videos(bench):
    bench.look()
    bench.device.inventory_error = "its inventory could not be read"
    bench.device.reported_status = "stopped"
    bench.lists(bench.name(1))
    facts = bench.look(HOUR)
    assert (len(facts.missing), facts.source_count, facts.source_read_at) == (1, 1, bench.now)


def test_a_silent_device_is_not_asked_for_its_videos(bench):
    bench.look()
    bench.device.inventory_error = "timed out"
    bench.device.reported_status = "offline"
    asked = len(bench.server.asked)
    bench.look(HOUR)
    assert len(bench.server.asked) == asked
