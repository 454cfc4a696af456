"""Videos come whole, only into their device's own tree, and nothing that is here is lost."""

import contextlib
import os
import re
import shutil
import socket
import tempfile
from itertools import chain
from pathlib import Path, PurePosixPath

import pytest

from backups.engine.copies.errors import LocalFailed, LocalFull, LocalInUse
from backups.engine.pull import Phase
from backups.engine.pull.errors import BadName, RemoteMissing, SourceVanished, TransferIncomplete
from backups.engine.pull.failures import rsync_failure
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Route, listing
from backups.engine.pull.tree import opened_tree
from tests.engine.pull.conftest import DEVICE_ID, chunk, files_below, put


def test_all_chunks_arrive_and_the_comparison_says_so(videos, now):
    done = videos.pull()
    assert files_below(videos.here) == files_below(videos.there)
    assert (done.complete, done.file_count, done.files_added) == (True, 3, 3)
    assert done.compared_at > now


def test_a_second_pull_copies_nothing(videos):
    videos.pull()
    done = videos.pull()
    assert (done.complete, done.file_count, done.files_added, done.files_grown) == (True, 3, 0, 0)


def test_a_growing_chunk_grows_here(videos):
    videos.pull()
    put(videos.there / chunk(3), bytes([3]) * 70_000, at=1_767_323_099)
    done = videos.pull()
    assert (done.complete, done.files_grown) == (True, 1)
    assert files_below(videos.here) == files_below(videos.there)


def test_only_the_new_end_of_a_grown_chunk_goes_over_the_wire(videos):
    put(videos.there / chunk(3), os.urandom(3_000_000))
    videos.pull()
    put(
        videos.there / chunk(3),
        (videos.there / chunk(3)).read_bytes() + b"x" * 999,
        at=1_767_400_000,
    )
    assert videos.pull().wire_bytes < 200_000


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\1" * 20_000, id="smaller"),
        pytest.param(b"\7" * 50_000, id="same size, other content"),
        pytest.param(b"\7" * 90_000, id="larger, other beginning"),
        pytest.param(b"", id="empty"),
    ],
)
def test_another_file_under_a_chunks_name_is_kept_apart(videos, content):
    videos.pull()
    before = files_below(videos.here)
    put(videos.there / chunk(1), content, at=1_767_400_000)
    done = videos.pull()
    assert files_below(videos.here) == before
    assert [difference.path for difference in done.quarantined] == [chunk(1)]
    assert (videos.top / ".quarantine" / DEVICE_ID / chunk(1)).read_bytes() == content
    assert not done.complete


def test_what_is_in_quarantine_is_not_fetched_again_and_still_told(videos):
    put(videos.there / chunk(1), os.urandom(500_000))
    videos.pull()
    put(videos.there / chunk(1), os.urandom(400_000), at=1_767_400_000)
    videos.pull()
    done = videos.pull()
    assert done.wire_bytes < 20_000
    assert len(done.quarantined) == 1
    assert len(files_below(videos.top / ".quarantine")) == 1


def test_each_other_version_is_kept_up_to_a_limit(videos):
    videos.pull()
    for number in range(11):
        put(videos.there / chunk(1), bytes([99]) * (100 + number), at=1_767_400_000 + number)
        done = videos.pull()
    assert len(files_below(videos.top / ".quarantine")) == 9
    assert not done.complete


def test_a_touched_chunk_is_no_other_file(videos):
    videos.pull()
    put(videos.there / chunk(1), b"\1" * 50_000, at=1_767_400_000)
    done = videos.pull()
    assert (done.complete, done.quarantined) == (True, ())


def test_what_a_device_removed_stays_here(videos):
    videos.pull()
    (videos.there / chunk(1)).unlink()
    assert videos.pull().complete
    assert (videos.here / chunk(1)).exists()


def test_nothing_changes_on_the_device(videos):
    before = files_below(videos.there)
    put(videos.here / "only_here.h264", b"old")
    videos.pull()
    assert files_below(videos.there) == before


def test_hidden_files_stay_on_the_device(videos):
    put(videos.there / ".cache" / "video_cache.pkl", b"code")
    put(videos.there / chunk(1).replace("2026-01-02_03-04-05_", ".2026"), b"half")
    done = videos.pull()
    assert set(files_below(videos.here)) == {chunk(1), chunk(2), chunk(3)}
    assert done.complete


@pytest.mark.parametrize("name", ["a\nb.h264", "tab\there.h264", "\x1b[2J.h264", "\udcff.h264"])
def test_a_name_that_cannot_be_shown_is_refused_and_told(videos, name):
    put(videos.there / name, b"video")
    done = videos.pull()
    assert set(files_below(videos.here)) == {chunk(1), chunk(2), chunk(3)}
    assert (len(done.refused), done.complete) == (1, False)


@pytest.mark.parametrize(
    "name",
    [
        "-rf.h264",
        "a b'c\"d.h264",
        "$(touch x);`id`.h264",
        "ö\\#012.h264",
        "--delete",
        "..x/a",
        "[!*?",
    ],
)
def test_an_odd_name_is_only_a_name(videos, name):
    put(videos.there / name, b"video")
    done = videos.pull()
    hidden = name.startswith(".")
    assert ((videos.here / name).exists(), done.complete) == (not hidden, True)


def a_socket(place, elsewhere):
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(place.parent):
        server.bind(place.name)


ODD = {
    "a link to a file": lambda place, elsewhere: place.symlink_to(elsewhere / "secret"),
    "a link to a folder": lambda place, elsewhere: place.symlink_to(elsewhere),
    "a link to nothing": lambda place, elsewhere: place.symlink_to(elsewhere / "gone"),
    "a pipe": lambda place, elsewhere: os.mkfifo(place),
    "a socket": a_socket,
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["odd.h264", "ETHOSCOPE_019/2026-01-01_00-00-00"])
def test_what_is_no_file_is_not_taken_and_what_may_be_behind_it_is_said(
    videos, tmp_path, make, name
):
    (tmp_path / "secret").write_text("secret")
    make(videos.there / name, tmp_path)
    done = videos.pull()
    assert set(files_below(videos.here)) == {chunk(1), chunk(2), chunk(3)}
    assert (done.skipped, done.complete) == ((name,), False)


def test_what_came_during_the_pull_is_told_apart_from_what_was_left(videos):
    def meanwhile(told):
        if told.phase is Phase.PROVING:
            put(videos.there / chunk(3), bytes([3]) * 60_000, at=1_767_400_000)
            put(videos.there / chunk(4), b"new")

    done = videos.pull(progress=meanwhile)
    assert (set(done.newer), done.left) == ({chunk(3), chunk(4)}, ())
    assert done.complete
    assert {file.path: file.is_here for file in done.files} == {
        chunk(1): True, chunk(2): True, chunk(3): False, chunk(4): False,
    }  # fmt: skip


def test_every_file_of_the_device_is_listed_with_its_size(videos):
    put(videos.there / chunk(4), b"x" * 7)
    put(videos.there / "a\nb.h264", b"refused")
    done = videos.pull()
    sizes = {file.path: (file.size_bytes, file.is_here, file.by_content) for file in done.files}
    came = {chunk(number): (50_000, True, True) for number in (1, 2, 3)}
    assert sizes == came | {chunk(4): (7, True, True), "a\nb.h264": (7, False, False)}


SECOND = 1_767_323_045


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\7" * 50_000, id="all of it"),
        pytest.param(b"\1" * 49_999 + b"\7", id="the last byte"),
        pytest.param(b"\0" * 50_000, id="zeros"),
    ],
)
@pytest.mark.parametrize("side", ["there", "here"])
def test_another_content_of_the_same_size_and_time_is_found(videos, content, side):
    videos.pull()
    put(getattr(videos, side) / chunk(1), content, at=SECOND)
    before = files_below(videos.here)
    for _ in range(2):  # and it stays said
        done = videos.pull()
        assert [one.path for one in done.quarantined] == [chunk(1)]
        assert [file.path for file in done.files if not file.is_here] == [chunk(1)]
        assert not done.complete
        assert files_below(videos.here) == before


@pytest.mark.parametrize("is_in_quarantine", [False, True], ids=["at once", "found before"])
@pytest.mark.parametrize(
    "content", [b"\0" * 50_000, b"\1" * 49_999 + b"\7", b"\7" * 100], ids=["zeros", "bit", "short"]
)
def test_a_file_that_is_known_to_be_damaged_here_is_replaced_and_kept_apart(
    videos, content, is_in_quarantine
):
    videos.pull()
    put(videos.here / chunk(1), content, at=SECOND)
    if is_in_quarantine:
        videos.pull()
    done = videos.pull(damaged=frozenset({chunk(1)}), content_bytes=1, content_after=chunk(1))
    assert (done.repaired, done.quarantined, done.complete) == ((chunk(1),), (), True)
    assert files_below(videos.here) == files_below(videos.there)
    assert content in files_below(videos.top / ".quarantine").values()


@pytest.mark.parametrize("content", [b"\7" * 100, b""])
def test_a_damaged_file_is_not_replaced_by_less(videos, content):
    videos.pull()
    before = files_below(videos.here)
    put(videos.there / chunk(1), content, at=1_767_400_000)
    done = videos.pull(damaged=frozenset({chunk(1)}))
    assert (done.repaired, len(done.quarantined)) == ((), 1)
    assert files_below(videos.here) == before


def test_contents_are_compared_by_and_by_where_they_are_many(videos):
    for number in range(4, 9):
        put(videos.there / chunk(number), bytes([number]) * 50_000)
    after, rounds = videos.pull().content_upto, []
    for _ in range(4):
        done = videos.pull(content_bytes=110_000, content_after=after)
        rounds.append([file.path for file in done.files if file.by_content])
        after = done.content_upto
    assert [len(found) for found in rounds] == [2, 2, 2, 2]
    assert sorted(chain(*rounds)) == [chunk(number) for number in range(1, 9)]


@pytest.mark.parametrize("at", [SECOND, SECOND + 1], ids=["an odd second", "an even second"])
def test_a_disk_that_counts_in_two_seconds_keeps_whole_copies(videos, at):
    put(videos.there / chunk(1), b"\1" * 50_000, at=at)
    videos.pull()
    for path in videos.here.rglob("*.h264"):
        cut = int(path.stat().st_mtime) // 2 * 2
        os.utime(path, (cut, cut))
    done = videos.pull()
    assert (done.complete, done.files_grown, done.wire_bytes < 5000) == (True, 0, True)


def test_a_disk_with_coarse_times_is_no_excuse_for_another_content(videos):
    videos.pull()
    put(videos.here / chunk(1), b"\7" * 50_000, at=SECOND - 1)
    done = videos.pull()
    assert [one.path for one in done.quarantined] == [chunk(1)]


def test_nothing_of_a_pull_stays_beside_the_videos(videos):
    for _ in range(2):
        videos.pull()
        assert [path.name for path in videos.top.iterdir()] == [DEVICE_ID]


@pytest.mark.parametrize("folder", ["incubator 3 left", "dr. müller's; $(id)", "a*b[?]", "-x"])
def test_folders_are_called_as_people_like_it(videos, folder):
    path = chunk(9).replace("ETHOSCOPE_019", folder)
    put(videos.there / path, b"video")
    done = videos.pull()
    assert done.complete
    assert (videos.here / path).read_bytes() == b"video"


def test_what_was_there_and_did_not_come_is_left(videos):
    locked = videos.here / "ETHOSCOPE_019"

    def lose(told):
        if told.phase is Phase.PROVING:
            shutil.rmtree(locked)

    done = videos.pull(progress=lose)
    assert set(done.left) == {chunk(1), chunk(2), chunk(3)}
    assert not done.complete


@pytest.mark.parametrize("part", ["ETHOSCOPE_019", chunk(2)])
def test_a_link_is_not_followed_here(videos, tmp_path, part):
    outside = tmp_path / "outside"
    outside.mkdir()
    (videos.here / part).parent.mkdir(parents=True)
    (videos.here / part).symlink_to(outside)
    done = videos.pull()
    assert (list(outside.iterdir()), done.complete) == ([], False)
    assert (videos.here / part).is_symlink()


def test_a_devices_folder_that_is_a_link_is_refused(videos, tmp_path):
    videos.here.symlink_to(tmp_path)
    with pytest.raises(LocalFailed, match="link"):
        videos.pull()


def test_a_device_without_videos_is_told_from_one_that_could_not_be_asked(videos):
    with pytest.raises(RemoteMissing):
        videos.pull(device_id="other")
    assert not (videos.top / "other").exists()


@pytest.mark.parametrize("device_id", ["..", "", "-x", "a/b", ".cache", "a" * 65])
def test_a_device_id_that_is_no_folder_is_refused(videos, device_id):
    with pytest.raises(BadName):
        videos.pull(device_id=device_id)


def test_a_missing_videos_folder_is_not_made(videos):
    videos.top.rmdir()
    with pytest.raises(LocalFailed):
        videos.pull()
    assert not videos.top.exists()


def test_two_pulls_of_one_device_do_not_run_at_once(videos):
    with opened_tree(videos.top, DEVICE_ID), pytest.raises(LocalInUse):
        videos.pull()


def test_no_room_is_said_before_anything_is_copied(videos):
    with pytest.raises(LocalFull, match="are free"):
        videos.pull(keep_free_bytes=2**60)


def test_progress_ends_with_all_files_and_bytes(videos):
    told = []
    videos.pull(progress=told.append)
    last = [step for step in told if step.files_expected][-1]
    assert (last.files_done, last.files_left, last.percent) == (3, 0, 100)
    assert (last.bytes_done, last.bytes_expected) == (150_000, 150_000)


def test_the_bandwidth_limit_is_kept(videos):
    put(videos.there / chunk(4), os.urandom(2_000_000))
    told = []
    videos.pull(bandwidth_kib=1000, progress=told.append)
    assert 0 < max(step.bytes_per_second for step in told if step.bytes_done > 500_000) < 4_000_000


@pytest.mark.parametrize(
    ("code", "kind"), [(23, TransferIncomplete), (24, SourceVanished)], ids=["23", "24"]
)
def test_codes_have_names(code, kind):
    assert isinstance(rsync_failure(code, "rsync: x"), kind)


@pytest.mark.parametrize("seconds", [300_000_000_000, -5_000_000_000_000, 2**63 - 1])
def test_a_time_that_no_calendar_has_is_no_file_s_here(tmp_path, seconds):
    """As rsync itself writes it: ext4 has none of these, a card need not be of ext4."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # its files may be of any year
        path = Path(folder) / "a"
        path.write_bytes(b"x")
        os.utime(path, (seconds, seconds))
        heard = listed(folder, tmp_path)
    (item,) = heard.items
    assert (item.path, item.size_bytes, item.has_time(0), heard.problem) == ("a", 1, False, "")


def test_a_file_that_rsync_counts_and_no_line_names_is_a_problem(tmp_path, monkeypatch):
    """A line that we cannot read would be a file that nobody misses."""
    there = tmp_path / "there"
    there.mkdir()
    for name in ("a", "b"):
        (there / name).write_bytes(b"x")
    monkeypatch.setattr("backups.engine.pull.heard._ITEM", re.compile(r".f(.{9})\|(.*)\|(.*)\|(b)"))
    heard = listed(there, tmp_path)
    assert [item.path for item in heard.items] == ["b"]
    assert heard.problem == "rsync counts 2 files there, and 1 of its lines name one"


def listed(there, here):
    route = Route(target=None, leash=Leash(), tell=lambda _: None)
    return listing(route, PurePosixPath(there), here, phase=Phase.COMPARING)
