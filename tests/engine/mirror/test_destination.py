"""Disks that are full, copies that are broken or in use: a named error, and the copy unhurt."""
# ruff: noqa: S608

import fcntl
import os
import resource
import sqlite3
import threading
from contextlib import closing

import pytest

from backups.engine.copies import errors
from tests.engine.mirror.device import ROIS, differing_tables, rows_here


@pytest.mark.parametrize("limit", [0, 30_000, 1_000_000])
def test_a_full_disk_leaves_the_copy_as_it_was(device, copy, limit):
    copy.mirror()
    before = copy.path.read_bytes()
    device.track(1, first=101, last=60_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(errors.LocalFull):
            copy.mirror()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert copy.path.read_bytes() == before
    assert copy.mirror().complete


@pytest.mark.parametrize("damage", [b"no database at all, but text", b"SQLite format 3\0"])
def test_a_corrupt_copy_is_set_aside(device, copy, damage):
    copy.path.parent.mkdir()
    copy.path.write_bytes(damage)
    result = copy.mirror()
    assert differing_tables(device, copy.path) == []
    assert [finding.kind for finding in result.findings] == ["corrupt copy"]
    assert result.kept[0].read_bytes() == damage


def test_a_copy_damaged_inside_is_set_aside(device, copy):
    device.track(1, first=101, last=9000)
    copy.mirror()
    with copy.path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(100_000))
    copy.mirror(prove_within=1)
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize("wrong", [b"\xff\0", "N", "];[", 1.5, "null"])
def test_a_copy_with_no_number_where_one_belongs_is_mended(device, copy, wrong):
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as other, other:
        other.execute("UPDATE ROI_1 SET x = ? WHERE id = 50", (wrong,))
        other.execute("UPDATE ROI_1 SET has_interacted = ? WHERE id = 3", (wrong,))
    assert copy.mirror(prove_within=1).rows_replaced == 2
    assert differing_tables(device, copy.path) == []


def test_a_reader_that_never_ends_makes_it_busy(device, copy):
    copy.mirror()
    device.track(1, first=101, last=200)
    with closing(sqlite3.connect(copy.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT COUNT(*) FROM ROI_1").fetchone()
        with pytest.raises(errors.LocalBusy, match="in use"):
            copy.mirror(busy_seconds=0.1)
        assert reader.execute("SELECT COUNT(*) FROM ROI_1").fetchone() == before
    assert copy.mirror().complete


def test_a_reader_in_the_way_of_a_first_copy_does_not_matter(device, copy):
    copy.mirror()
    device.begin_run(started="1767400000")
    with closing(sqlite3.connect(copy.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM ROI_1").fetchone()
        assert copy.mirror().complete


def test_another_writer_of_the_copy_is_noticed(device, copy):
    copy.mirror()
    device.track(1, first=101, last=200)

    def meddle(progress):
        if progress.phase == "copying":
            with closing(sqlite3.connect(copy.path)) as other, other:
                other.execute("INSERT INTO START_EVENTS VALUES (99, 1, 'mine')")

    with pytest.raises(errors.LocalChanged):
        copy.mirror(progress=meddle)
    assert len(rows_here(copy.path, "ROI_1")) == 100
    assert copy.mirror().complete


def test_two_at_once_are_one(device, copy):
    copy.mirror()
    with copy.path.with_name(f".{copy.path.name}.mirror-lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(errors.LocalInUse):
            copy.mirror()


def test_a_link_at_the_destination_is_refused(device, copy, tmp_path):
    copy.path.parent.mkdir()
    copy.path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(errors.LocalFailed):
        copy.mirror()
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_journal_of_a_lost_file_does_not_spoil_the_new_one(device, copy):
    copy.path.parent.mkdir()
    copy.path.with_name(f"{copy.path.name}-journal").write_bytes(os.urandom(5000))
    copy.mirror()
    assert differing_tables(device, copy.path) == []


def counts(path) -> tuple[int, ...]:
    """All tables in one look, as a reader has it who opens the file now."""
    looks = (f"(SELECT COUNT(*) FROM ROI_{roi})" for roi in range(1, ROIS + 1))
    with closing(sqlite3.connect(path, timeout=20)) as reader:
        return reader.execute(f"SELECT {', '.join(looks)}").fetchone()


def test_readers_see_it_before_or_after_and_never_between(device, copy):
    copy.mirror()
    seen, over = set(), threading.Event()

    def look():
        while not over.is_set():
            seen.add(counts(copy.path))

    reader = threading.Thread(target=look)
    reader.start()
    known = {counts(copy.path)}
    for run in range(6):
        if run == 3:
            device.begin_run(started="1767400000", rows=50)  # the file is exchanged
        for roi in range(1, ROIS + 1):
            device.track(roi, first=1001 + 1000 * run, last=1500 + 1000 * run)
        copy.mirror()
        known.add(counts(copy.path))
    over.set()
    reader.join()
    assert len(seen) > 1
    assert seen <= known
