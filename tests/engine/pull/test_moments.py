"""Which files, copied one after the other, are one moment; and what a device may answer."""

from dataclasses import replace

import pytest

from backups.engine.pull import Method, Phase, Progress
from backups.engine.pull.errors import KeepsChanging, RemoteFailed, RemoteFull
from backups.engine.pull.heard import unescaped
from backups.engine.pull.on_device import DatabaseFiles, Stamp, look_at, snapshot
from backups.engine.pull.processes import Leash
from backups.engine.pull.progress import Meter
from tests.engine.pull import recorder
from tests.engine.pull.conftest import NAME

LEASH = Leash(silent_seconds=60)
DB = Stamp(4096, "1.1", "1.1", "7")
WAL = Stamp(32 + 4120, "2.1", "2.1", "8")
LOOK = DatabaseFiles(db=DB, wal=WAL, journal=None, salt="salt|a")


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        pytest.param(LOOK, True, id="nothing changed"),
        pytest.param(replace(LOOK, wal=replace(WAL, size=9999, modified="3")), True, id="commits"),
        pytest.param(replace(LOOK, db=replace(DB, modified="3")), False, id="checkpoint"),
        pytest.param(replace(LOOK, db=replace(DB, changed="3")), False, id="back-dated"),
        pytest.param(replace(LOOK, salt="salt|b"), False, id="wal begun anew"),
        pytest.param(replace(LOOK, wal=replace(WAL, size=32)), False, id="wal cut"),
        pytest.param(replace(LOOK, wal=replace(WAL, inode="9")), False, id="another wal"),
        pytest.param(replace(LOOK, wal=None), False, id="wal gone"),
        pytest.param(replace(LOOK, journal=DB), False, id="a journal came"),
    ],
)
def test_two_files_are_one_moment_if_only_commits_were_added(later, fits):
    assert LOOK.is_continued_by(later) is fits


@pytest.mark.parametrize("tail", ["", "-wal"])
def test_a_link_is_no_database(target, device, tmp_path, tail):
    (tmp_path / "device" / f"other.db{tail}").symlink_to(device.path)
    (tmp_path / "device" / "other.db").touch()
    with pytest.raises(RemoteFailed, match="symbolic link"):
        look_at(target, device.remote.with_name("other.db"), leash=LEASH)


def test_a_device_without_room_says_so(target, device):
    words = {"name": NAME, "size_bytes": 2**60, "leash": LEASH}
    with pytest.raises(RemoteFull), snapshot(target, device.remote, **words):
        pass


def test_a_database_under_a_rollback_journal_is_not_copied_as_files(copy, device):
    device.path.with_name(f"{NAME}-journal").write_bytes(b"hot")
    with pytest.raises(KeepsChanging, match="journal"):
        copy.pull(methods=(Method.WITH_WAL,))


def test_a_database_that_is_always_rewritten_is_given_up(copy, device):
    def checkpoint(step):
        if step.phase is Phase.COPYING:
            recorder.write(device.database)
            device.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    with pytest.raises(KeepsChanging):
        copy.pull(methods=(Method.WITH_WAL,), progress=checkpoint)
    assert not copy.path.exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("  50,000  33%  1.50MB/s    0:00:01 (xfr#1, to-chk=2/3)", (50_000, 1_572_864, 1, 2)),
        ("50000  33%  2.00kB/s    0:00:01", (50_000, 2048, 0, 3)),
    ],
)
def test_progress_is_read(line, told):
    heard = []
    assert Meter(heard.append, 150_000, 3).hear(line)
    step = heard[0]
    assert (step.bytes_done, step.bytes_per_second, step.files_done, step.files_left) == told
    assert step.percent == 33


@pytest.mark.parametrize("line", ["", "50,000", "x 33% 1MB/s 0:00:01", "1 1% ...B/s x", "\x1b[2J"])
def test_other_lines_are_no_progress(line):
    assert not Meter(print, 1, 1).hear(line)


def test_the_time_left_is_unknown_without_a_rate():
    assert Progress(phase=Phase.COPYING, bytes_expected=10).seconds_left is None
    step = Progress(phase=Phase.COPYING, bytes_expected=10, bytes_done=4, bytes_per_second=2)
    assert step.seconds_left == 3


@pytest.mark.parametrize(
    ("told", "name"), [("a\\#012b", "a\nb"), ("\\#303\\#266", "ö"), ("\\#134#012", "\\#012")]
)
def test_escaped_names_are_read(told, name):
    assert unescaped(told) == name
