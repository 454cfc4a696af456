"""What a scan tells of its own cost, and what it remembers, to the last one."""

import os

import pytest

from backups.engine.videos.folder import iter_chunks
from tests.engine.videos.conftest import DAY, RECORDING, WEEK, Watched

OTHER = "ETHOSCOPE_019/other"
THIRD = "ETHOSCOPE_019/third"
WEEK_SECONDS = WEEK.total_seconds()


@pytest.fixture
def mixed(tree):
    """Old and young chunks and other files, in three folders."""
    for recording in (RECORDING, OTHER, THIRD):
        for number in range(1, 4):
            tree.chunk(number, recording=recording)
        tree.chunk(4, recording=recording, age_days=1)
        tree.file("notes.txt", recording=recording)
        tree.file("young.txt", recording=recording, age_days=1)
    return tree


def test_the_costs_of_a_first_scan_are_counted_over_all_folders(mixed):
    seen = []
    result = mixed.scan(progress=seen.append)
    assert (result.folder_count, result.listed_folder_count) == (5, 5)
    assert (result.cached_count, result.fresh_count, result.saved_call_count) == (0, 12, 0)
    assert (result.chunk_count, result.other_count) == (12, 6)
    assert sorted(seen) == [0, 0, 6, 6, 6]


def test_the_costs_of_a_second_scan_are_counted_over_all_folders(mixed):
    cache = mixed.scan().cache
    watched = Watched()
    result = mixed.scan(cache, now=mixed.now + 60, look=watched)
    assert (result.cached_count, result.fresh_count) == (9, 3)
    assert len(watched.asked) == 5 + 6
    assert result.saved_call_count == 12 + 4 * 5
    assert result.worth_saving is False


def test_files_that_have_settled_since_are_worth_saving(mixed):
    cache = mixed.scan().cache
    later = mixed.scan(cache, now=mixed.now + 7 * DAY)
    assert later.fresh_count == 3
    assert later.worth_saving is True


def test_a_cache_that_could_not_be_read_is_worth_replacing(mixed):
    cache = mixed.scan().cache
    damaged = type(cache)(folders=cache.folders, timestamp=cache.timestamp, disk=cache.disk,
                          problem="damaged")  # fmt: skip
    result = mixed.scan(damaged, now=mixed.now + 60)
    assert result.cache_problem == "damaged"
    assert result.worth_saving is True


def test_chunks_have_their_folder_name_size_and_time(tree):
    path = tree.chunk(1, size=1234)
    (chunk,) = iter_chunks(tree.scan().cache)
    assert (chunk.folder, chunk.name, chunk.size_bytes) == (RECORDING, path.name, 1234)
    assert chunk.modified_at.timestamp() == pytest.approx(path.stat().st_mtime)


def test_a_link_is_neither_a_file_nor_a_folder(tree):
    target = tree.chunk(1)
    (target.parent / "link.h264").symlink_to(target)
    (target.parent / "linked").symlink_to(tree.folder(OTHER))
    tree.chunk(1, recording=OTHER)
    result = tree.scan()
    assert (result.chunk_count, result.folder_count) == (2, 4)


@pytest.mark.parametrize(
    ("change", "size", "days"), [("grown", 5000, 1), ("touched", 1000, 0.5), ("shrunk", 1, 1)]
)
def test_each_way_a_young_file_changes_is_remembered(tree, change, size, days):
    path = tree.chunk(1, age_days=1)
    still = tree.chunk(2, age_days=1)
    first = tree.scan()
    os.truncate(path, size)
    tree.age(path, days=days)
    second = tree.scan(first.cache, now=tree.now + 60)
    chunks = {chunk.name: chunk for chunk in iter_chunks(second.cache)}
    assert chunks[path.name].size_bytes == size
    assert chunks[path.name].modified_at.timestamp() == pytest.approx(path.stat().st_mtime)
    assert chunks[still.name].size_bytes == 1000
    assert second.changed == {RECORDING}
    assert tree.scan(second.cache, now=tree.now + 120).changed == frozenset()


def test_an_unchanged_young_folder_is_remembered_as_the_same(tree):
    tree.chunk(1, age_days=1)
    first = tree.scan()
    second = tree.scan(first.cache, now=tree.now + 60)
    assert second.cache.folders[RECORDING.encode()] is first.cache.folders[RECORDING.encode()]


def test_a_file_that_vanishes_while_its_folder_is_listed_is_left_out_alone(tree):
    for number in (1, 2, 3):
        tree.chunk(number)
    gone = next(iter(sorted(tree.folder().iterdir())))

    def look(path, *, dir_fd=None):
        if os.path.basename(path) == os.fsencode(gone.name):  # noqa: PTH119 - bytes
            raise FileNotFoundError
        return os.lstat(path, dir_fd=dir_fd)

    assert tree.scan(look=look).chunk_count == 2


@pytest.mark.parametrize(("days_ahead", "looked_at"), [(1, 0), (2, 1)])
def test_a_folder_proven_by_a_clock_that_was_ahead_is_proven_again(tree, days_ahead, looked_at):
    tree.chunk(1)
    cache = tree.scan().cache
    folders = {
        path: folder._replace(proven_day=folder.proven_day + days_ahead)
        for path, folder in cache.folders.items()
    }
    ahead = type(cache)(folders=folders, timestamp=cache.timestamp, disk=cache.disk)
    assert tree.scan(ahead).rechecked_count == looked_at


def test_a_hundred_errors_are_named_and_more_are_counted(tree):
    for number in range(103):
        tree.chunk(1, recording=f"ETHOSCOPE_019/{number:03}")

    def look(path, *, dir_fd=None):
        if path.endswith(tuple(b"/%03d" % number for number in range(103))):
            raise PermissionError(13, "Permission denied")
        return os.lstat(path, dir_fd=dir_fd)

    errors = tree.scan(look=look).errors
    assert len(errors) == 101
    assert errors[0] == "ETHOSCOPE_019/000: Permission denied"
    assert errors[-1] == "and 3 more"


def test_what_cannot_be_read_any_more_is_kept_with_all_below_it(tree):
    tree.chunk(1)
    tree.chunk(1, recording=f"{RECORDING}/deeper")
    cache = tree.scan().cache

    def look(path, *, dir_fd=None):
        if path.endswith(b"ETHOSCOPE_019"):
            raise PermissionError(13, "Permission denied")
        return os.lstat(path, dir_fd=dir_fd)

    result = tree.scan(cache, look=look)
    assert result.errors == ("ETHOSCOPE_019: Permission denied",)
    assert result.unread == {"ETHOSCOPE_019", RECORDING, f"{RECORDING}/deeper"}
    assert len(list(iter_chunks(result.cache))) == 2
    assert all(result.cache.folders[path.encode()].key is None for path in result.unread)


def test_a_folder_too_deep_is_named_and_not_looked_at(tree):
    deep = "/".join("abcdefgh")
    tree.chunk(1, recording=deep)
    result = tree.scan()
    assert result.errors == ("a/b/c/d/e/f/g: more than 6 folders deep, not looked at",)
    assert result.chunk_count == 0
