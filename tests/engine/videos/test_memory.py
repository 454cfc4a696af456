"""What a scan with memory asks the disk, and that nothing which changed is missed."""

import os
import shutil
import time
from datetime import timedelta

import pytest

from tests.engine.videos.conftest import DAY, RECORDING

OLD = "2026-01-03_10-00-00"


def next_tick(tree):
    """Wait until the filesystem's clock, which may be coarse, has moved."""
    probe = tree.root / "probe"
    probe.touch()
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        os.utime(probe)


def grow(tree):
    young = next(tree.folder().glob("*_00003.h264"))
    os.truncate(young, 5000)


def replace_by_rename(tree):
    temporary = tree.file(".x.h264.AbCdEf", size=77)
    temporary.rename(next(tree.folder().glob("*_00001.h264")))


def replace_in_two_steps(tree):
    path = next(tree.folder().glob("*_00001.h264"))
    path.unlink()
    tree.chunk(1, size=88)


def add_backdated(tree):
    before = tree.folder().stat()
    tree.chunk(9, age_days=300)
    os.utime(tree.folder(), ns=(before.st_atime_ns, before.st_mtime_ns))


def rename_chunk(tree):
    path = next(tree.folder().glob("*_00002.h264"))
    path.rename(path.with_name("other_00007.h264"))


def move_chunk(tree):
    path = next(tree.folder().glob("*_00002.h264"))
    path.rename(tree.folder("ETHOSCOPE_019/2026-05-05_10-00-00") / path.name)


CHANGES = {
    "added": lambda tree: tree.chunk(4),
    "added back-dated": add_backdated,
    "deleted": lambda tree: next(tree.folder().glob("*_00001.h264")).unlink(),
    "renamed": rename_chunk,
    "moved": move_chunk,
    "grown": grow,
    "shrunk": lambda tree: os.truncate(next(tree.folder().glob("*_00003.h264")), 0),
    "replaced by rename": replace_by_rename,
    "deleted and made anew": replace_in_two_steps,
    "half-copied": lambda tree: tree.file(".a_00009.h264.Ab12Cd", size=3),
    "partial under its name": lambda tree: tree.chunk(9, size=3, age_days=20_000),
    "recording deleted": lambda tree: shutil.rmtree(tree.folder()),
    "recording renamed": lambda tree: tree.folder().rename(tree.folder().with_name("b")),
    "recording added": lambda tree: tree.chunk(1, recording="ETHOSCOPE_019/x"),
    "name's folder renamed": lambda tree: tree.folder().parent.rename(tree.device_dir / "NEW"),
    "device deleted": lambda tree: shutil.rmtree(tree.device_dir),
}


@pytest.fixture
def seen(tree):
    """Two old chunks and a young one, seen twice: memory has nothing left to prove."""
    tree.chunk(1)
    tree.chunk(2)
    tree.chunk(3, age_days=2)
    next_tick(tree)
    return tree.scan(tree.scan().cache)


def test_nothing_changed_is_nothing_to_save(tree, seen):
    again = tree.scan(seen.cache)
    assert (again.changed, again.worth_saving) == (frozenset(), False)
    assert again.recordings == seen.recordings


def test_settled_files_are_not_touched_and_no_folder_is_listed(tree, seen, watched):
    again = tree.scan(seen.cache, look=watched)
    assert [name for name in watched.asked if name.endswith(b".h264")] == [
        next(tree.folder().glob("*_00003.h264")).name.encode()
    ]
    assert (len(watched.asked), again.listed_folder_count) == (4, 0)  # three folders, one file
    assert (again.cached_count, again.fresh_count) == (2, 1)
    assert again.hit_ratio == pytest.approx(2 / 3)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_seen(tree, seen, change):
    change(tree)
    again = tree.scan(seen.cache)
    assert again.recordings == tree.scan().recordings != seen.recordings
    assert again.worth_saving
    old = {recording.folder: recording for recording in seen.recordings}
    new = {recording.folder: recording for recording in again.recordings}
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    assert differing <= again.changed


def test_a_partial_copy_is_watched_until_it_is_whole(tree, seen):
    """rsync --partial: the final name, an mtime of 1970, and more bytes each time."""
    path = tree.chunk(9, size=10, age_days=20_000)
    real_now = time.time()  # its ctime is young, whatever its mtime says
    cache = tree.scan(seen.cache, now=real_now).cache
    os.truncate(path, 4000)
    os.utime(path, (tree.now - 300 * DAY,) * 2)
    assert tree.scan(cache, now=real_now + 60).recordings == tree.scan().recordings


def test_a_file_is_looked_at_once_more_when_it_has_become_old(tree, watched):
    tree.chunk(1, age_days=6)
    next_tick(tree)
    cache = tree.scan().cache
    later = tree.scan(cache, now=tree.now + 2 * DAY)
    assert (later.fresh_count, later.worth_saving) == (1, True)
    assert tree.scan(later.cache, now=tree.now + 2 * DAY).fresh_count == 0


def test_a_change_before_it_became_old_is_seen_after(tree):
    path = tree.chunk(1, age_days=6)
    next_tick(tree)
    cache = tree.scan().cache
    os.truncate(path, 9)
    tree.age(path, days=6)
    assert tree.scan(cache, now=tree.now + 2 * DAY).size_bytes == 9


def test_a_folder_listed_just_after_it_changed_is_listed_again(tree):
    tree.chunk(1)
    first = tree.scan(now=time.time())
    assert tree.scan(first.cache, now=time.time()).listed_folder_count == 3
    later = tree.scan(first.cache, now=time.time() + 10)
    assert tree.scan(later.cache, now=time.time() + 10).listed_folder_count == 0


def test_after_the_clock_was_set_back_nothing_is_settled(tree, seen, watched):
    again = tree.scan(seen.cache, now=tree.now - 1, look=watched)
    assert again.fresh_count == 3


def test_a_clock_a_year_behind_gives_the_right_answer(tree, seen):
    tree.chunk(5, size=123)
    again = tree.scan(seen.cache, now=tree.now - 365 * DAY)
    assert again.recordings == tree.scan().recordings
    os.truncate(next(tree.folder().glob("*_00001.h264")), 1)
    assert tree.scan(again.cache, now=tree.now - 364 * DAY).recordings == tree.scan().recordings


def test_a_clock_that_was_ahead_settled_nothing(tree):
    path = tree.chunk(1, age_days=1)
    ahead = tree.scan(now=tree.now + 365 * DAY)
    os.truncate(path, 5)
    assert tree.scan(ahead.cache).size_bytes == 5


def rewrite_in_place(tree):
    path = next(tree.folder().glob("*_00001.h264"))
    before = path.stat()
    os.truncate(path, 4321)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_an_old_file_rewritten_in_place_is_found_by_the_re_check(tree, seen):
    rewrite_in_place(tree)
    assert tree.scan(seen.cache).size_bytes == seen.size_bytes  # the one stated exception
    later = tree.scan(seen.cache, now=tree.now + 30 * DAY)
    assert later.size_bytes == seen.size_bytes - 1000 + 4321
    assert later.changed == {RECORDING}
    assert later.rechecked_count == 3


def test_every_file_is_proven_within_the_set_days_and_a_share_at_a_time(tree):
    for number in range(1, 61):
        tree.chunk(1, recording=f"ETHOSCOPE_019/r{number}")
    next_tick(tree)
    cache = tree.scan().cache
    proven = []
    for day in range(1, 31):
        result = tree.scan(cache, now=tree.now + day * DAY)
        cache = result.cache
        proven.append(result.rechecked_count)
    assert sum(proven) >= 60
    assert max(proven) < 15


def test_a_folder_proven_by_a_clock_ahead_is_proven_again(tree, seen):
    ahead = tree.scan(seen.cache, now=tree.now + 365 * DAY)
    rewrite_in_place(tree)
    assert tree.scan(ahead.cache).recordings == tree.scan().recordings


def test_no_setting_makes_young_files_old(tree):
    path = tree.chunk(1, age_days=0.5)
    settled_after = timedelta(days=1)
    cache = tree.scan(settled_after=settled_after).cache
    os.truncate(path, 5)
    assert tree.scan(cache, settled_after=settled_after).size_bytes == 5


def test_the_same_facts_for_twenty_thousand_entries(tree):
    folder = os.fsencode(tree.folder())
    for number in range(1, int(os.environ.get("ETHONODE_TEST_ENTRIES", "20000")) + 1):
        os.close(os.open(folder + b"/a_%07d.h264" % number, os.O_CREAT | os.O_WRONLY))
    next_tick(tree)
    first = tree.scan()
    again = tree.scan(first.cache)
    assert again.recordings == first.recordings
    assert (again.fresh_count, first.recordings[0].missing_count) == (0, 0)


def test_a_file_that_could_not_be_looked_at_is_not_taken_for_settled(tree):
    path = tree.chunk(1, age_days=6)
    next_tick(tree)
    cache = tree.scan().cache
    os.truncate(path, 9)
    tree.age(path, days=6)

    def failing(name, *, dir_fd=None):
        if name.endswith(b".h264"):
            raise OSError(5, "Input/output error")
        return os.lstat(name, dir_fd=dir_fd)

    later = tree.now + 2 * DAY
    failed = tree.scan(cache, now=later, look=failing)
    assert failed.errors == (f"{RECORDING}: Input/output error",)
    assert tree.scan(failed.cache, now=later).size_bytes == 9
