"""What a scan without any memory finds."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.videos.facts import VideosUnreadable
from backups.engine.videos.folder import VideoCache, chunk_names, iter_chunks
from tests.engine.videos.conftest import DEVICE, RECORDING


def only(result):
    [recording] = result.recordings
    return recording


def test_a_device_without_a_folder_has_no_recordings(tree):
    result = tree.scan()
    assert (result.recordings, result.errors, result.worth_saving) == ((), (), False)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.touch()])
def test_without_a_videos_folder_nothing_is_known(tree, make):
    tree.root.rmdir()
    make(tree.root)
    with pytest.raises(VideosUnreadable, match="videos: "):
        tree.scan()


def test_chunks_are_counted_by_recording(tree):
    tree.chunk(1, size=10)
    tree.chunk(2, size=20)
    tree.chunk(1, recording="ETHOSCOPE_019/2026-02-01_10-00-00", size=5)
    first, second = tree.scan().recordings
    assert (first.folder, first.chunk_count, first.size_bytes) == (RECORDING, 2, 30)
    assert (second.chunk_count, second.size_bytes) == (1, 5)
    assert tree.scan().size_bytes == 35


def test_the_newest_change_is_that_of_a_chunk(tree):
    tree.chunk(1, age_days=30)
    tree.chunk(2, age_days=20)
    tree.file("merged.mp4", age_days=1)
    wanted = datetime.fromtimestamp(tree.now, UTC) - timedelta(days=20)
    assert abs(tree.scan().newest_change_at - wanted) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "name",
    [
        "a_00001.h264.md5",
        "a_merged.mp4",
        "a_merged.tmp",
        "a.avi",
        "index.html",
        ".a_00001.h264.Xy12Zz",
        ".a_00001.h264",
        "h264",
    ],
)
def test_what_is_no_video_is_counted_apart(tree, name):
    tree.chunk(1, size=10)
    tree.file(name, size=7)
    recording = only(tree.scan())
    assert (recording.chunk_count, recording.size_bytes) == (1, 10)
    assert (recording.other_count, recording.other_bytes) == (1, 7)


def test_nothing_in_a_hidden_folder_is_a_video(tree):
    tree.chunk(1, recording=".cache/2026-01-03_10-00-00")
    assert (tree.scan().chunk_count, tree.scan().other_count) == (0, 1)


def test_holes_in_the_numbers_and_empty_chunks_are_told(tree):
    for number in (2, 3, 6, 150):
        tree.chunk(number, size=0 if number == 3 else 9)
    recording = only(tree.scan())
    assert recording.missing_numbers == tuple(sorted({*range(1, 150)} - {2, 3, 6}))[:100]
    assert (recording.missing_count, recording.empty_count) == (146, 1)


def test_the_first_and_last_chunk_are_named(tree):
    names = [tree.chunk(number).name for number in (3, 1, 2)]
    recording = only(tree.scan())
    assert (recording.first_chunk, recording.last_chunk) == (names[1], names[0])


@pytest.mark.parametrize("depth", range(7))
def test_chunks_are_found_at_any_depth(tree, depth):
    tree.chunk(1, recording="/".join(["folder"] * depth))
    recording = only(tree.scan())
    assert (recording.folder, recording.chunk_count) == ("/".join(["folder"] * depth) or ".", 1)


def test_what_lies_too_deep_is_an_error(tree):
    tree.chunk(1, recording="/".join(["deep"] * 7))
    [error] = tree.scan().errors
    assert "more than 6 folders deep" in error


def test_links_are_not_followed(tree, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x_00001.h264").touch()
    (tree.folder() / "link_00001.h264").symlink_to(outside / "x_00001.h264")
    (tree.folder() / "folder").symlink_to(outside)
    os.mkfifo(tree.folder() / "pipe_00001.h264")
    assert tree.scan().recordings == ()


def test_a_device_folder_that_is_a_link_is_an_error(tree, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    tree.device_dir.symlink_to(tmp_path / "elsewhere")
    result = tree.scan()
    assert result.errors == (".: is a link or a file, not a folder",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(b"caf\xe9_00001.h264", "caf\\xe9_00001.h264", id="not UTF-8"),
        pytest.param("café_00001.h264".encode(), "café_00001.h264", id="UTF-8"),
        pytest.param(b"two\nlines_00001.h264", "two\\x0alines_00001.h264", id="newline"),
        pytest.param(b"back\\xe9_00001.h264", "back\\\\xe9_00001.h264", id="backslash"),
        pytest.param(b"_00001.h264", "_00001.h264", id="no prefix"),
        pytest.param(b".h264x.h264", "", id="hidden"),
    ],
)
def test_any_name_has_a_text(tree, name, text):
    folder = os.fsencode(tree.folder("näme\n/" + os.fsdecode(b"ts\xff")))
    os.close(os.open(folder + b"/" + name, os.O_CREAT | os.O_WRONLY))
    recording = only(tree.scan())
    assert recording.folder == "näme\\x0a/ts\\xff"
    assert recording.first_chunk == text


@pytest.mark.parametrize("year", [1, 1901, 1970, 2200, 2400, 9999])
def test_no_time_is_too_odd(tree, year):
    path = tree.chunk(1)
    os.utime(path, (datetime(year, 6, 1, tzinfo=UTC).timestamp(),) * 2)
    first = tree.scan()
    assert only(first).newest_change_at is not None
    assert tree.scan(first.cache).recordings == first.recordings


def test_names_and_sizes_come_from_memory_alone(tree):
    paths = [tree.chunk(number, size=number) for number in range(1, 12)]
    paths.append(tree.file("other_00001.h264", size=99))
    cache = tree.scan().cache
    shutil.rmtree(tree.device_dir)
    assert chunk_names(cache) == {path.name for path in paths}
    assert [chunk.size_bytes for chunk in iter_chunks(cache)] == [*range(1, 12), 99]


def test_another_disk_without_the_device_is_not_an_empty_device(tree):
    tree.chunk(1)
    seen = tree.scan().cache
    shutil.rmtree(tree.device_dir)
    elsewhere = VideoCache(folders=seen.folders, timestamp=seen.timestamp, disk=seen.disk + 1)
    with pytest.raises(VideosUnreadable, match="not the disk of the last scan"):
        tree.scan(elsewhere)


def test_a_device_removed_from_the_same_disk_is_empty(tree):
    tree.chunk(1)
    seen = tree.scan()
    shutil.rmtree(tree.device_dir)
    result = tree.scan(seen.cache)
    assert result.recordings == ()
    assert RECORDING in result.changed


def test_videos_unmounted_during_the_scan_are_not_gone(tree):
    tree.chunk(1)

    def unmounting(path, *, dir_fd=None):
        if path.endswith(DEVICE.encode()):
            tree.root.rename(tree.root.with_name("moved"))
            tree.root.mkdir()
        return os.lstat(path, dir_fd=dir_fd)

    with pytest.raises(VideosUnreadable, match="unmounted during the scan"):
        tree.scan(look=unmounting)


@pytest.mark.parametrize("victim", ["file", "folder", "swap"])
def test_a_tree_that_changes_while_it_is_scanned_is_right_the_next_time(tree, victim):
    paths = [tree.chunk(number, age_days=1) for number in range(1, 9)]
    cache = tree.scan().cache

    def meddling(path, *, dir_fd=None):
        if path.endswith(b"00004.h264") and paths[4].is_file():
            if victim == "folder":
                shutil.rmtree(tree.folder())
            else:
                paths[4].unlink()
            if victim == "swap":
                paths[4].mkdir()
        return os.lstat(path, dir_fd=dir_fd)

    during = tree.scan(cache, look=meddling)
    assert during.errors == ()
    assert tree.scan(during.cache).recordings == tree.scan().recordings


def test_progress_is_told_of_every_folder(tree):
    for number in (1, 2, 3):
        tree.chunk(number)
    files = []
    tree.scan(progress=files.append)
    assert files == [0, 0, 3]


def test_many_errors_are_counted_and_the_first_are_named(tree):
    for number in range(120):
        tree.chunk(1, recording=f"E/{number}")

    def failing(path, *, dir_fd=None):
        if dir_fd is not None:
            raise OSError(5, "Input/output error")
        return os.lstat(path)

    result = tree.scan(look=failing)
    assert (len(result.errors), result.errors[-1]) == (101, "and 20 more")
    assert result.recordings == ()
