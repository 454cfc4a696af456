"""Scanning a device: the cache is used, and the rows say what the disk holds."""

import os
import pickle
import shutil
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backups.engine.videos.facts import VideosUnreadable
from backups.engine.videos.folder import chunk_names
from backups.models import Recording
from backups.services.video_pages import BadCursor, video_page
from backups.services.videos import cache_file, moved_caches, scan_videos
from devices.models import Device, Lifecycle

RECORDING = "ETHOSCOPE_019/2026-01-03_10-00-00"
LATER = timedelta(days=60)  # by then what is made here is old


@pytest.fixture
def now():
    return timezone.now() + LATER


@pytest.fixture
def videos(settings, tmp_path):
    settings.VIDEOS_DIR = tmp_path / "videos"
    settings.VIDEO_CACHE_DIR = settings.VIDEOS_DIR / ".cache"
    settings.VIDEOS_DIR.mkdir()
    return settings.VIDEOS_DIR


@pytest.fixture
def make_chunk(videos, device):
    def make(number=1, *, recording=RECORDING, size=1000, of=device):
        folder = videos / of.device_id / recording
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"2026-01-03_10-00-00_{of.device_id}__1280x960@15fps-20q_{number:05d}.h264"
        path.touch()
        os.truncate(path, size)
        return path

    return make


@pytest.fixture
def other(device, now):
    return Device.objects.create(
        device_id="VIR0123", name="ETHOSCOPE_020", first_seen_at=now, told_at=now, told_by="node"
    )


def test_a_recording_becomes_a_row(device, make_chunk, now):
    make_chunk(1, size=10)
    make_chunk(3, size=0)
    result = scan_videos(device, now=now)
    row = device.recordings.get()
    assert (row.folder, row.chunk_count, row.size_bytes) == (RECORDING, 2, 10)
    assert (row.missing_numbers, row.missing_count, row.empty_count) == ([2], 1, 1)
    assert row.newest_change_at == result.newest_change_at
    assert result.seconds > 0


def test_the_second_scan_is_served_from_the_cache(device, make_chunk, now):
    make_chunk(1)
    scan_videos(device, now=now)
    result = scan_videos(device, now=now)
    assert (result.cached_count, result.fresh_count, result.hit_ratio) == (1, 0, 1.0)


def test_an_unchanged_device_writes_neither_rows_nor_cache(
    device, make_chunk, now, django_assert_num_queries
):
    make_chunk(1)
    scan_videos(device, now=now)
    before = cache_file(device.device_id).path.stat()
    with django_assert_num_queries(1):
        scan_videos(device, now=now)
    assert cache_file(device.device_id).path.stat().st_ino == before.st_ino


def test_rows_follow_the_disk(device, make_chunk, videos, now):
    make_chunk(1)
    make_chunk(1, recording="ETHOSCOPE_019/gone")
    scan_videos(device, now=now)
    kept = device.recordings.get(folder=RECORDING)
    shutil.rmtree(videos / device.device_id / "ETHOSCOPE_019/gone")
    make_chunk(1, recording="ETHOSCOPE_019/new")
    make_chunk(2)
    scan_videos(device, now=now)
    rows = {row.folder: row for row in device.recordings.all()}
    assert rows.keys() == {RECORDING, "ETHOSCOPE_019/new"}
    assert (rows[RECORDING].pk, rows[RECORDING].chunk_count) == (kept.pk, 2)


def test_a_lost_row_is_written_again(device, make_chunk, now):
    make_chunk(1)
    make_chunk(1, recording="ETHOSCOPE_019/lost")
    scan_videos(device, now=now)
    device.recordings.filter(folder="ETHOSCOPE_019/lost").delete()
    scan_videos(device, now=now)
    assert device.recordings.count() == 2


def test_another_devices_rows_are_left_alone(device, other, make_chunk, now):
    make_chunk(1)
    make_chunk(1, of=other)
    scan_videos(other, now=now)
    scan_videos(device, now=now)
    assert Recording.objects.count() == 2


def test_without_the_videos_folder_the_rows_stay(device, make_chunk, videos, now):
    make_chunk(1)
    scan_videos(device, now=now)
    shutil.rmtree(videos)
    with pytest.raises(VideosUnreadable):
        scan_videos(device, now=now)
    assert device.recordings.count() == 1
    assert not videos.exists()


def test_an_empty_videos_folder_is_a_lost_mount_until_someone_says_it_is_not(
    device, make_chunk, videos, now
):
    make_chunk(1)
    scan_videos(device, now=now)
    shutil.rmtree(videos)
    videos.mkdir()
    with pytest.raises(VideosUnreadable, match="is its disk mounted"):
        scan_videos(device, now=now)
    assert device.recordings.count() == 1
    assert scan_videos(device, now=now, rebuild=True).recordings == ()
    assert device.recordings.count() == 0


def test_a_device_whose_folder_alone_is_gone_has_no_recordings(device, make_chunk, videos, now):
    make_chunk(1)
    scan_videos(device, now=now)
    shutil.rmtree(videos / device.device_id)
    (videos / "another").mkdir()
    assert scan_videos(device, now=now).recordings == ()
    assert device.recordings.count() == 0


@pytest.mark.parametrize("device_id", ["..", "a/b", "a\nb", ""])
def test_an_id_that_is_no_name_is_unreadable(videos, now, device_id):
    with pytest.raises(VideosUnreadable, match="is no machine id"):
        scan_videos(Device(device_id=device_id), now=now)


def test_a_cache_that_cannot_be_written_is_a_warning(device, make_chunk, videos, now):
    make_chunk(1)
    (videos / ".cache").touch()
    result = scan_videos(device, now=now)
    assert "its folder is a link or no folder" in result.cache_problem
    assert chunk_names(result.cache)
    assert device.recordings.count() == 1


def test_a_bad_cache_is_told_once_and_replaced(device, make_chunk, now):
    make_chunk(1)
    scan_videos(device, now=now)
    cache_file(device.device_id).path.write_bytes(b"planted")
    assert "not written by this installation" in scan_videos(device, now=now).cache_problem
    assert scan_videos(device, now=now).cache_problem == ""


def test_a_rebuild_finds_an_old_file_rewritten_in_place(device, make_chunk, now):
    path = make_chunk(1, size=10)
    scan_videos(device, now=now)
    scan_videos(device, now=now)
    os.truncate(path, 20)
    assert scan_videos(device, now=now).size_bytes == 10  # the one stated exception
    assert scan_videos(device, now=now, rebuild=True).size_bytes == 20
    assert device.recordings.get().size_bytes == 20


def test_sparse_files_of_absurd_size_fit_the_database(device, make_chunk, now):
    for recording in ("a", "b"):
        for number in range(1, 4):
            make_chunk(number, recording=recording, size=2**43)
    assert scan_videos(device, now=now).size_bytes == 6 * 2**43
    scan_videos(device, now=now)


def walk_pages(device_id, **asked):
    page = video_page(device_id, **asked)
    yield page
    while page.following:
        page = video_page(device_id, after=page.following, **asked)
        yield page


def names(pages):
    return [video.chunk.name for page in pages for video in page.videos]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_every_video_once(device, other, make_chunk, now, limit):
    made = [make_chunk(n, recording=f"E/{r}", of=each)
            for each in (device, other) for r in "ab" for n in (1, 2, 3)]  # fmt: skip
    for each in (device, other):
        scan_videos(each, now=now)
    assert names(walk_pages(None, limit=limit)) == [path.name for path in made]
    assert names(walk_pages(device.device_id, limit=limit)) == [path.name for path in made[:6]]


def test_a_page_keeps_its_place_while_videos_come_and_go(device, make_chunk, now):
    first, _, third = (make_chunk(number) for number in (2, 3, 4))
    scan_videos(device, now=now)
    page = video_page(device.device_id, limit=2)
    first.unlink()
    make_chunk(1)
    scan_videos(device, now=now)
    assert names([video_page(device.device_id, limit=2, after=page.following)]) == [third.name]


def test_a_recording_alone(device, make_chunk, now):
    make_chunk(1)
    make_chunk(2, recording="E/b")
    scan_videos(device, now=now)
    page = video_page(device.device_id, recording="E/b", limit=9)
    assert [video.chunk.folder for video in page.videos] == ["E/b"]


@pytest.mark.parametrize(
    ("search", "found"), [("00003.H264", 1), ("1280X960", 5), ("nothing", 0), ("/", 0), ("", 5)]
)
def test_search_is_by_part_of_the_name_in_any_case(device, make_chunk, now, search, found):
    for number in range(1, 6):
        make_chunk(number)
    scan_videos(device, now=now)
    assert len(video_page(device.device_id, search=search, limit=9).videos) == found


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "====", "Li4AAGE=", "YQ=="])
def test_a_cursor_made_up_by_hand_is_refused(db, cursor):
    with pytest.raises(BadCursor):
        video_page(None, after=cursor, limit=1)


def test_names_that_cannot_be_listed_are_said_to_be(device, make_chunk, now):
    make_chunk(1)
    scan_videos(device, now=now)
    cache_file(device.device_id).path.unlink()
    page = video_page(None, limit=1)
    assert (page.videos, len(page.problems)) == ((), 1)


def run(*arguments):
    call_command("scan_videos", *arguments)


def test_the_command_scans_all_that_are_not_retired(device, other, make_chunk, capsys):
    make_chunk(1)
    make_chunk(1, of=other)
    Device.objects.filter(pk=other.pk).update(lifecycle=Lifecycle.RETIRED)
    run()
    said = capsys.readouterr().out
    assert "ETHOSCOPE_019 (1 of 1)" in said
    for column in ("Chunks", "Hits", "Fresh", "Folders", "Listed", "Calls", "Seconds"):
        assert column in said
    assert "ETHOSCOPE_020" not in said
    assert device.recordings.count() == 1
    assert other.recordings.count() == 0


def test_the_command_scans_one_device(device, other, make_chunk):
    make_chunk(1)
    run("--device", other.device_id)
    assert device.recordings.count() == 0


def test_the_command_knows_no_other_device(db):
    with pytest.raises(CommandError, match="no device 'x'"):
        run("--device", "x")


def test_the_command_says_what_it_could_not_read(device, videos):
    videos.rmdir()
    with pytest.raises(CommandError, match="could not be read"):
        run()


@pytest.fixture
def aside(videos, settings, tmp_path):
    settings.VIDEO_CACHE_ASIDE = tmp_path / "aside"
    return settings.VIDEO_CACHE_ASIDE


def rewrite_as_the_old_node(device):
    """Under our name, in its own way."""
    path = cache_file(device.device_id).path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pickle.dumps({"files": {}, "timestamp": 1.0}))
    return path


def test_beside_an_old_node_our_cache_moves_aside_and_says_so(device, make_chunk, now, aside):
    make_chunk(1)
    scan_videos(device, now=now)
    theirs = rewrite_as_the_old_node(device)
    assert "ours moves aside" in scan_videos(device, now=now).cache_problem
    before = theirs.read_bytes()
    again = scan_videos(device, now=now)
    assert (again.cached_count, again.fresh_count, again.cache_problem) == (1, 0, "")
    assert theirs.read_bytes() == before
    assert (moved_caches(), cache_file(device.device_id).directory) == (1, aside)


def test_another_devices_cache_stays_where_it_is(device, other, make_chunk, now, aside):
    make_chunk(1)
    rewrite_as_the_old_node(device)
    scan_videos(device, now=now)
    make_chunk(1, of=other)
    scan_videos(other, now=now)
    assert cache_file(other.device_id).directory != aside


def test_a_folder_that_a_person_chose_is_kept(device, make_chunk, now, settings):
    settings.VIDEO_CACHE_ASIDE = None  # as with ETHONODE_CACHE_DIR
    make_chunk(1)
    rewrite_as_the_old_node(device)
    scan_videos(device, now=now)
    assert cache_file(device.device_id).directory == settings.VIDEO_CACHE_DIR
    assert moved_caches() == 0
