"""A device's videos: real files, a device that lists them or does not, and what is then known."""

import errno
import os
import pickle
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups.engine.facts import BackupType
from backups.engine.pull.outcome import Difference, ListedFile, PulledVideos
from backups.engine.verdict import judge
from backups.engine.videos import damage
from backups.engine.videos.damage import ChunkReading
from backups.engine.videos.held import parts_by_name
from backups.engine.videos.telling import Told
from backups.models import DamagedFile, RecordingLedger, VideoComparison
from backups.models.policy import DEFAULT_LIMITS
from backups.services.pulled_videos import (
    CardVideos,
    store_card_videos,
    store_comparison,
    store_no_videos,
)
from backups.services.video_digests import damaged_paths, reread_order, store_digests
from backups.services.video_facts import LISTS_NO_MORE, read_videos
from backups.services.video_ledger import LedgerComparison
from backups.services.video_listings import Hearing
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

    def pull(self, *sizes, left=(), stamp=STAMP, **others):
        """As if a pull had listed these: (number, size)."""
        held = scan_videos(self.device, now=self.now)
        own = self.videos / self.device.device_id
        files = [
            ListedFile(
                path=str(self.path(number, stamp=stamp).relative_to(own)),
                size_bytes=size,
                is_here=any(own.rglob(self.path(number, stamp=stamp).name)),
                by_content=False,
            )
            for number, size in sizes
        ]
        nothing = dict.fromkeys(("newer", "quarantined", "refused", "skipped", "problems"), ())
        counts = dict.fromkeys(("files_added", "files_grown", "wire_bytes", "seconds"), 0)
        facts = {"began_at": self.now, "compared_at": self.now, "file_count": len(files)}
        told = {**nothing, **counts, **facts, "left": left, "files": tuple(files)} | others
        store_comparison(self.device, PulledVideos(folder=own, **told), held=held, now=self.now)


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


def parts_now(bench):
    return parts_by_name(scan_videos(bench.device, now=bench.now).cache)


def to_read(bench):
    return reread_order(bench.device, parts_now(bench))


def no_videos(bench, began):
    held = scan_videos(bench.device, now=bench.now)
    store_no_videos(bench.device, held=held, began_at=began, now=bench.now)


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
    no_videos(bench, bench.now)
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


def test_the_bad_news_of_a_file_are_kept_in_a_row_also_when_it_is_gone(bench):
    bench.put(1, 2)
    bench.put(1, content=bytes(SIZE))
    bench.look()
    found = DamagedFile.objects.get()
    assert (found.path, found.kind) == (bench.name(1), "zeros")
    bench.path(1).unlink()
    assert kinds(bench.look(MINUTE)) == {"missing", "unproven"}
    assert DamagedFile.objects.get() == found


UNREAD = ChunkReading(size_bytes=0, problem="it cannot be read: EIO")
OTHER = ChunkReading(size_bytes=SIZE, digest="bb")
WELL = ChunkReading(size_bytes=SIZE, digest="aa")


@pytest.mark.parametrize("bad", [UNREAD, OTHER])
def test_what_was_not_read_well_to_its_end_is_bad_until_it_is(bench, bad):
    """Whatever lists it, however often it is gone, touched, or put back."""
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    path = next(p for p in to_read(bench) if p.endswith(bench.name(1)))
    for reading in (WELL, bad):
        store_digests(bench.device, {path: reading}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    os.utime(bench.path(1))
    bench.pull((1, SIZE), (2, SIZE))
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    aside = bench.path(1).rename(bench.videos / "aside")
    assert kinds(bench.look(MINUTE)) == {"missing"}
    aside.rename(bench.path(1))
    bench.pull((1, SIZE), (2, SIZE))
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    store_digests(bench.device, {path: WELL}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == set()
    assert not DamagedFile.objects.exists()


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_touched_is_counted_again_by_the_same_listing(bench, times):
    """Nothing else would tell that it is whole: the listing is word for word what it was."""
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    assert kinds(bench.look(MINUTE)) == set()
    for _ in range(times):
        os.utime(bench.path(1), (1, 1_700_000_000))
        os.utime(bench.path(2))
        assert kinds(bench.look(MINUTE)) == {"unproven"}
        bench.pull((1, SIZE), (2, SIZE))
        assert kinds(bench.look(MINUTE)) == set()


def test_what_was_rewritten_shorter_is_not_whole_by_the_same_listing(bench):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look(MINUTE)
    bench.put(1, content=NAL * 199)
    for _ in range(2):
        assert kinds(bench.look(MINUTE)) == {"corrupt"}
        bench.pull((1, SIZE), (2, SIZE))


CLOSED = ChunkReading(size_bytes=0, unread="a.h264: Permission denied", closed=True)
IN_MEMORY = ChunkReading(size_bytes=0, unread="another program has it in memory")


def test_what_may_not_be_read_is_unknown_and_not_damaged_until_it_was_read(bench, monkeypatch):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    bench.look()
    path = next(p for p in to_read(bench) if p.endswith(bench.name(1)))
    with monkeypatch.context() as patched:
        patched.setattr("backups.engine.videos.damage._head", closed_to({bench.name(1)}))
        assert store_digests(bench.device, {path: CLOSED}, now=bench.now) == []
        assert kinds(bench.look(MINUTE)) == {"unproven"}
        assert not damaged_paths(bench.device, parts_now(bench))
        store_digests(bench.device, {path: IN_MEMORY}, now=bench.now)
        assert kinds(bench.look(MINUTE)) == {"unproven"}
    store_digests(bench.device, {path: WELL}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == set()


@pytest.mark.parametrize("unread", [CLOSED, IN_MEMORY])
def test_what_is_bad_stays_so_while_it_may_not_be_read(bench, unread):
    bench.put(1)
    bench.pull((1, SIZE))
    bench.look()
    (path,) = to_read(bench)
    for reading in (WELL, unread, OTHER, unread, unread):
        store_digests(bench.device, {path: reading}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    assert damaged_paths(bench.device, parts_now(bench))


def test_what_a_file_was_read_as_outlasts_its_absence(bench):
    bench.put(1, 2)
    bench.look()
    path = next(p for p in to_read(bench) if p.endswith(bench.name(1)))
    store_digests(bench.device, {path: WELL}, now=bench.now)
    aside = bench.path(1).rename(bench.videos / "aside")
    assert kinds(bench.look(MINUTE)) == {"missing", "unproven"}
    aside.rename(bench.path(1))
    bench.look(MINUTE)
    store_digests(bench.device, {path: OTHER}, now=bench.now)
    assert DamagedFile.objects.get().kind == "changed"


def test_a_first_look_at_a_file_that_may_not_be_read_makes_it_unknown(bench, monkeypatch):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    with monkeypatch.context() as patched:
        patched.setattr("backups.engine.videos.damage._head", closed_to({bench.name(1)}))
        for _ in range(2):
            assert kinds(bench.look(MINUTE)) == {"unproven"}
    RecordingLedger.objects.update(disk_mark=b"")  # as when its folder changes
    assert kinds(bench.look(MINUTE)) == set()


def closed_to(names):
    """As one who may not read these files: root, as whom tests may run, may read all."""
    real = damage._head

    def head(path):
        if Path(os.fsdecode(path)).name in names:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    return head


@pytest.mark.parametrize("content", [bytes(100) + NAL * 200, b"x" * 1000])
def test_a_bad_file_that_is_read_again_and_again_as_the_same_is_not_cured(bench, content):
    bench.put(1, content=content)
    bench.pull((1, len(content)))
    for after in range(3):
        assert kinds(bench.look(MINUTE)) == {"corrupt"}
        if after == 1:
            os.utime(bench.path(1))
        path, *_ = to_read(bench)
        reading = ChunkReading(size_bytes=len(content), digest="aa")
        store_digests(bench.device, {path: reading}, now=bench.now)
        store_digests(bench.device, {path: reading}, now=bench.now)
        assert not RecordingLedger.objects.get().digests
    assert kinds(bench.look(MINUTE)) == {"corrupt"}


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


@pytest.mark.parametrize("named", [(), (1,)])
def test_a_list_that_is_given_no_more_is_as_old_as_it_was(bench, named):
    bench.lists(*(bench.name(number) for number in named))
    bench.look()
    read_at = bench.now
    del bench.server.routes["/list_video_files"]
    for _ in range(2):
        facts = bench.look(HOUR)
        assert (facts.source_read_at, facts.source_error) == (read_at, LISTS_NO_MORE)
    bench.pull()
    assert bench.look().source_read_at == bench.now


def test_a_firmware_that_never_listed_any_is_read_with_its_inventory(bench):
    bench.look()
    facts = bench.look(HOUR)
    assert (facts.source_read_at, facts.source_error) == (bench.now, "")


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


def test_an_unread_disk_shows_no_zero_but_what_it_held(bench):
    bench.put(1, 2)
    bench.pull((1, SIZE), (2, SIZE))
    seen = bench.look()
    bench.videos.rename(bench.videos.with_name("unmounted"))
    facts = bench.look(HOUR)
    assert (facts.size_bytes, facts.copy_count) == (seen.size_bytes, 2)
    assert facts.size_bytes == 2 * SIZE


def test_a_sum_of_no_files_is_no_evidence_of_absence(bench):
    VideoComparison.objects.create(
        device=bench.device, began_at=bench.now, file_count=0, held_count=0
    )
    assert bench.look().source_count is None


@pytest.mark.parametrize(
    "facts",
    [
        {"file_count": 2, "held_count": 3},
        {"file_count": 3, "held_count": 3},
        {"file_count": 2, "held_count": 2, "lacking": {"E/ts": [1, "2026-01-03T10:00:00+00:00"]}},
        {"file_count": 2, "held_count": 2, "refused": [["a", "why"]]},
        {"file_count": 2, "held_count": 2},
    ],
)
def test_counts_prove_nothing_whether_or_not_they_agree(bench, facts):
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
    paths = to_read(bench)
    first = ChunkReading(size_bytes=SIZE, digest="aa")
    assert store_digests(bench.device, dict.fromkeys(paths, first), now=bench.now) == []
    other = {paths[0]: ChunkReading(size_bytes=SIZE, digest="bb")}
    (said,) = store_digests(bench.device, other, now=bench.now)
    assert "another than when it was first read" in said
    assert kinds(bench.look(MINUTE)) == {"corrupt"}
    store_digests(bench.device, {paths[0]: first}, now=bench.now)
    assert kinds(bench.look(MINUTE)) == set()


class Interrupted(dict):
    """Parts in the middle of whose use something else happens, once."""

    def __init__(self, parts, act):
        super().__init__(parts)
        self.act = act

    def get(self, *words):
        act, self.act = self.act, lambda: None
        act()
        return super().get(*words)


@pytest.fixture
def rotten(bench):
    """A chunk that was read well; gives what finds it to be another one."""
    bench.put(1)
    bench.pull((1, SIZE))
    assert bench.verdict() == "protected"
    (path,) = to_read(bench)
    reading = ChunkReading(size_bytes=SIZE, digest="aa")
    store_digests(bench.device, {path: reading}, now=bench.now)
    other = {path: ChunkReading(size_bytes=SIZE, digest="bb")}
    return lambda: store_digests(bench.device, other, now=bench.now)


@pytest.mark.parametrize("who", ["a look", "a listing"])
def test_what_a_verification_finds_while_others_look_is_not_written_over(bench, rotten, who):
    parts = Interrupted(parts_now(bench), rotten)
    bench.now += MINUTE
    if who == "a look":
        RecordingLedger.objects.update(disk_mark=b"")
        comparison = LedgerComparison(
            device=bench.device, now=bench.now, parts=parts, listing=None, listed_before=None
        )
        (row,) = comparison.run().values()
        assert row.kind == "corrupt"
    else:
        told = {STAMP: {bench.name(1).encode(): Told(size=SIZE, by_content=False, is_other=True)}}
        facts = {"complete": True, "parts": parts, "at": bench.now, "now": bench.now}
        Hearing(device=bench.device, listing=told, **facts).run()
    assert DamagedFile.objects.get().kind == "changed"
    assert "corrupt" in kinds(bench.look(MINUTE))


def test_a_look_that_was_overtaken_keeps_none_of_the_damage_that_it_saw(bench, rotten):
    """It saw the file before it was mended and read to its end."""
    rotten()
    bench.look()
    (path,) = to_read(bench)
    well = {path: ChunkReading(size_bytes=SIZE, digest="aa")}
    parts = Interrupted(parts_now(bench), lambda: store_digests(bench.device, well, now=bench.now))
    RecordingLedger.objects.update(disk_mark=b"")
    LedgerComparison(
        device=bench.device, now=bench.now, parts=parts, listing=None, listed_before=None
    ).run()
    assert not DamagedFile.objects.exists()
    assert bench.verdict(MINUTE) == "protected"


def test_the_same_listing_is_news_after_a_file_was_found_bad(bench, rotten):
    rotten()
    assert not RecordingLedger.objects.get().listed_mark


def test_those_never_read_are_read_first(bench):
    bench.put(1, 2, 3)
    bench.look()
    paths = to_read(bench)
    assert len(paths) == 3
    read = ChunkReading(size_bytes=SIZE, digest="aa")
    store_digests(bench.device, {paths[0]: read}, now=bench.now)
    assert to_read(bench) == [*paths[1:], paths[0]]


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


OLD, LAST, NEW = "2023-01-01_10-00-00", STAMP, "2026-02-03_10-00-00"


def lost_recording(bench, skew):
    """One is known from before; another was seen, and nothing of it comes."""
    bench.device.clock_skew_seconds = skew
    bench.put(1, stamp=LAST)
    bench.look()
    bench.now += 24 * HOUR
    bench.device.first_seen_at = bench.now - 99 * HOUR
    recording(bench)
    bench.device.recording_since = bench.now
    assert len(bench.look().missing) == 1


def never_came(facts):
    return [one for one in facts.missing if "seen recording" in one.reason]


@pytest.mark.parametrize("skew", [0.0, None, 9e7])
@pytest.mark.parametrize("is_over", [True, False])
@pytest.mark.parametrize(
    "come",
    [
        pytest.param({"stamp": OLD}, id="an older recording that was never here"),
        pytest.param({"stamp": LAST}, id="more of the one before"),
    ],
)
def test_what_comes_late_of_another_recording_does_not_stand_for_one_that_was_lost(
    bench, skew, come, is_over
):
    lost_recording(bench, skew)
    if is_over:
        bench.device.reported_status = "stopped"
    bench.put(2, **come)
    for _ in range(3):
        assert never_came(bench.look(MINUTE))
    bench.now += HOUR
    bench.device.recording_since = bench.now  # and the next one
    bench.put(3, **come)
    assert len(never_came(bench.look(MINUTE))) == 2


@pytest.mark.parametrize("skew", [None, 9e7])
@pytest.mark.parametrize("before", [OLD, "2099-01-01_10-00-00"])
def test_the_recording_itself_stands_for_it_whatever_a_clock_left_before(bench, skew, before):
    bench.device.clock_skew_seconds = skew
    bench.put(1, stamp=before)
    bench.look()
    bench.now += 24 * HOUR
    bench.device.first_seen_at = bench.now - 99 * HOUR
    recording(bench)
    bench.device.recording_since = bench.now
    bench.put(1, stamp=NEW)
    for _ in range(3):
        assert not bench.look(MINUTE).missing
    bench.device.reported_status = "stopped"
    assert not bench.look(MINUTE).missing


BACK = [timedelta(hours=30), timedelta(days=31), timedelta(days=365), timedelta(days=20_000)]


def lost_by_a_clock_that_went_back(bench, back):
    lost_recording(bench, -back.total_seconds())
    return f"{bench.now - back:%Y-%m-%d_%H-%M-%S}"


@pytest.mark.parametrize("back", BACK)
def test_what_a_clock_that_was_set_back_names_stands_for_what_was_seen(bench, back):
    """Its name is older than those before it, and as old as that clock."""
    bench.put(1, stamp=lost_by_a_clock_that_went_back(bench, back))
    for _ in range(3):
        assert not never_came(bench.look(MINUTE))
    bench.device.reported_status = "stopped"
    assert not never_came(bench.look(MINUTE))


@pytest.mark.parametrize(
    ("back", "older"),
    [(365, timedelta(days=3)), (365, timedelta(days=900)), (31, timedelta(days=900))],
)
def test_what_is_older_than_that_clock_does_not(bench, back, older):
    back = timedelta(days=back)
    lost_by_a_clock_that_went_back(bench, back)
    bench.put(1, stamp=f"{bench.now - back - older:%Y-%m-%d_%H-%M-%S}")
    for _ in range(3):
        assert never_came(bench.look(MINUTE))


@pytest.mark.parametrize("back", BACK[2:])
def test_nor_does_what_that_clock_named_long_after(bench, back):
    """One that nobody saw, when the one that was seen is lost for long."""
    lost_by_a_clock_that_went_back(bench, back)
    bench.device.reported_status = "stopped"
    bench.now += timedelta(days=20)
    bench.put(1, stamp=f"{bench.now - back:%Y-%m-%d_%H-%M-%S}")
    for _ in range(3):
        assert never_came(bench.look(MINUTE))


def test_one_that_goes_on_for_days_at_first_sight_is_the_one_that_is_seen(bench):
    begun = bench.now - 72 * HOUR
    stamp = f"{begun:%Y-%m-%d_%H-%M-%S}"
    bench.device.clock_skew_seconds, bench.device.first_seen_at = 0.0, bench.now
    recording(bench)
    bench.put(*range(1, 72 * 12), stamp=stamp)
    for _ in range(3):
        assert not bench.look(MINUTE).missing
    assert RecordingLedger.objects.get().growing
    bench.device.reported_status = "stopped"
    assert not bench.look(HOUR).missing


@pytest.mark.parametrize("hours", [1, 6, 13, 30])
def test_one_that_began_long_before_anybody_saw_it_is_the_one_that_is_seen(bench, hours):
    """Its name is older than the first sight of it: that is no sign that it was known."""
    bench.device.clock_skew_seconds = 0.0
    bench.device.first_seen_at = bench.now - 999 * HOUR
    bench.put(1, stamp=LAST)
    bench.look()
    bench.now += 48 * HOUR
    recording(bench)
    bench.device.recording_since = bench.now
    stamp = f"{bench.now - hours * HOUR:%Y-%m-%d_%H-%M-%S}"
    bench.put(*range(1, hours * 12 + 1), stamp=stamp)
    bench.pull(*((number, SIZE) for number in range(1, hours * 12 + 1)), stamp=stamp)
    assert not never_came(bench.look(MINUTE))
    assert RecordingLedger.objects.get(recording=stamp).growing
    bench.device.reported_status = "stopped"
    assert not never_came(bench.look(MINUTE))


def test_one_that_began_while_nobody_looked_is_the_one_that_goes_on(bench):
    """Seen recording before a silence and after it: another one may have begun in between."""
    bench.device.clock_skew_seconds = 0.0
    bench.device.first_seen_at = bench.now - 999 * HOUR
    recording(bench)
    bench.device.recording_since = bench.now
    first = f"{bench.now:%Y-%m-%d_%H-%M-%S}"
    bench.put(1, 2, stamp=first)
    bench.pull((1, SIZE), (2, SIZE), stamp=first)
    bench.look()
    assert RecordingLedger.objects.get(recording=first).growing
    bench.now += 50 * HOUR
    second = f"{bench.now:%Y-%m-%d_%H-%M-%S}"
    bench.put(1, stamp=second)
    for number in (2, 3):
        bench.put(number, stamp=second)
        facts = bench.look(5 * MINUTE)
    assert [row.recording for row in RecordingLedger.objects.filter(growing=True)] == [second]
    assert [one.name for one in facts.lagging] == [second]


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
    for _ in range(2):  # of what was seen here since the first, it says more
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


def listing_of_card(bench, *sizes, began, skipped=()):
    held = scan_videos(bench.device, now=bench.now)
    own = bench.videos / bench.device.device_id
    files = [
        ListedFile(
            path=str(bench.path(number).relative_to(own)), size_bytes=size,
            is_here=True, by_content=False,
        )
        for number, size in sizes
    ]  # fmt: skip
    card = CardVideos(files=tuple(files), skipped=skipped)
    store_card_videos(bench.device, card, held=held, began_at=began, now=bench.now)


def by_card(bench, began):
    listing_of_card(bench, (1, SIZE), (3, SIZE), began=began)


def by_pull(bench, began):
    bench.pull((1, SIZE), (3, SIZE), compared_at=began)


def by_no_folder(bench, began):
    no_videos(bench, began)


@pytest.mark.parametrize("tell", [by_card, by_pull, by_no_folder])
def test_an_older_listing_that_comes_after_a_newer_one_changes_nothing(bench, tell):
    bench.put(1)
    bench.pull((1, SIZE), (3, SIZE))
    bench.now += HOUR
    bench.pull((1, SIZE + 9), (2, SIZE))
    before, told_at = bench.look(), RecordingLedger.objects.get().told_at
    assert kinds(before) == {"lost", "missing", "behind"}
    bench.now += MINUTE
    tell(bench, bench.now - HOUR)
    after = bench.look()
    assert [getattr(after, kind) for kind in KINDS] == [getattr(before, kind) for kind in KINDS]
    assert RecordingLedger.objects.get().told_at == told_at
    assert after.source_count == before.source_count


@pytest.mark.parametrize("tell", [by_card, by_pull])
def test_a_listing_of_a_time_that_has_not_come_keeps_no_other_from_being_heard(bench, tell):
    bench.put(1, 3)
    VideoComparison.objects.create(
        device=bench.device, began_at=bench.now, listed_at=bench.now + 1000 * HOUR,
        file_count=0, held_count=0, in_ledger=True,
    )  # fmt: skip
    tell(bench, bench.now)
    assert bench.look().proofs["counted"] == 2


def test_what_was_told_while_it_grew_is_not_its_end_though_it_is_heard_after(bench):
    recording(bench)
    bench.put(1)
    bench.look()
    began = bench.now - MINUTE
    bench.device.reported_status = "stopped"
    bench.now += MINUTE
    listing_of_card(bench, (1, SIZE), began=began)
    assert kinds(bench.look()) == {"unproven"}
    listing_of_card(bench, (1, SIZE), began=bench.now)
    assert kinds(bench.look(MINUTE)) == set()


def test_of_two_files_of_one_name_the_larger_is_wanted(bench):
    bench.put(1)
    paths = [f"{folder}/{STAMP}/{bench.name(1)}" for folder in ("ETHOSCOPE_019", "Z")]
    sizes = (SIZE + 1, SIZE)
    for order in (zip(paths, sizes, strict=True), zip(paths, sizes[::-1], strict=True)):
        files = [
            ListedFile(path=path, size_bytes=size, is_here=False, by_content=False)
            for path, size in order
        ]
        bench.pull(files=tuple(files))
        assert kinds(bench.look(MINUTE)) == {"behind"}


@pytest.mark.parametrize("harm", ["gone", "foreign", "not writable"])
def test_a_cache_that_is_not_there_is_no_empty_disk(bench, settings, harm):
    bench.put(1, 2)
    bench.put(2, content=b"x" * SIZE)
    if harm == "not writable":
        settings.VIDEO_CACHE_DIR = bench.videos / "nowhere" / "cache"
        (bench.videos / "nowhere").touch()
    held = scan_videos(bench.device, now=bench.now)
    for cache in settings.VIDEO_CACHE_DIR.glob("*.pkl"):
        cache.unlink() if harm == "gone" else cache.write_bytes(pickle.dumps({"files": {}}))
    told = {"complete": True, "at": bench.now, "now": bench.now}
    parts = parts_by_name(held.cache)
    listing = {STAMP: {bench.name(n).encode(): Told(size=SIZE, by_content=n == 1) for n in (1, 2)}}
    Hearing(device=bench.device, listing=listing, parts=parts, **told).run()
    LedgerComparison(
        device=bench.device, now=bench.now, parts=parts, listing=None, listed_before=None
    ).run()
    assert RecordingLedger.objects.get().equal_count == 1
    assert len(reread_order(bench.device, parts)) == 2
    (path,) = damaged_paths(bench.device, parts)
    assert path.endswith(bench.name(2))


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
