"""The lister on a device: a private sshd and real files, of every sort that a card may hold."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import PurePosixPath

import pytest

from backups.engine.card import fetch, packed, unpacked
from backups.engine.card.errors import NoPython
from backups.engine.card.remote import LISTER, WHERE, source
from backups.engine.errors import Cancelled
from backups.engine.pull.errors import RemoteFailed, RemoteMissing
from backups.engine.pull.on_device import look_at
from backups.engine.pull.processes import Leash
from tests.deep import make_too_deep
from tests.engine.pull import recorder
from tests.engine.pull.conftest import files_below, put, target_at
from tests.servers import private_sshd


def of(listing, folder=b"videos"):
    return dict(listing.below(folder))


def test_every_file_is_listed_with_its_size_and_time(card):
    put(card.root / "videos" / "E" / "a_00001.h264", b"12345", at=1_700_000_000)
    put(card.root / "upload" / "mask.png", b"1")
    listing = card.read()
    ((path, file),) = of(listing).items()
    assert (path, file.size, file.modified, file.kind) == (
        b"E/a_00001.h264",
        5,
        1_700_000_000 * 10**9,
        "-",
    )
    assert (listing.file_count, listing.size_bytes, listing.is_whole) == (2, 6, True)
    assert set(listing.folders) == {b"", b"results", b"videos", b"videos/E", b"upload"}


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xc3\xa9.db", b"\xff\xfe.h264", b"a\nb", b"a\rb", b'q"\\', b" ", b"-rf", b"\x01",
        b"x" * 255,
    ],
)  # fmt: skip
def test_any_name_survives(card, name):
    folder = os.fsencode(card.root / "videos")
    with open(folder + b"/" + name, "wb"):  # noqa: PTH123
        pass
    (card.root / "videos" / "below").mkdir()
    assert list(of(card.read())) == [name]


def test_links_and_odd_files_are_named_and_never_followed(card, tmp_path, monkeypatch):
    put(tmp_path / "elsewhere" / "a.h264", b"12345")
    videos = card.root / "videos"
    (videos / "to a folder").symlink_to(tmp_path / "elsewhere")
    (videos / "to nothing").symlink_to("nowhere")
    os.mkfifo(videos / "pipe")
    monkeypatch.chdir(videos)  # the whole path is too long for one
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
    kinds = {name: file.kind for name, file in of(card.read()).items()}
    assert kinds == {b"to a folder": "l", b"to nothing": "l", b"pipe": "p", b"s": "s"}


def test_nothing_is_left_or_changed_on_the_device(card, database):
    database.connection.close()
    closed = card.root / "results" / "closed.db"
    recorder.begin(closed).close()
    before = files_below(card.root)
    listing = card.read()
    assert files_below(card.root) == before
    assert [one.unread for one in listing.databases] == ["", ""]


def test_a_live_database_is_read_with_its_wal(card, database):
    before = set(card.root.rglob("*"))
    (one,) = card.read().databases
    assert ["ROI_1", 200, None] in [list(table) for table in one.tables]
    assert ["METADATA", None, 2] in [list(table) for table in one.tables]
    assert one.wal > 0
    assert one.words["machine_id"] == [database.path.stem[20:]]
    assert set(card.root.rglob("*")) == before


def marks(card, sshd):
    """By the listing, and by the look of a pull."""
    (one,) = card.read().databases
    path = PurePosixPath(card.root / one.path)
    pulled = look_at(target_at(sshd, card.root.parent), path, leash=Leash())
    return one.mark, pulled.mark


def test_a_database_is_marked_as_a_pull_marks_it(card, sshd, database):
    by_listing, by_pull = marks(card, sshd)
    assert by_listing == by_pull
    database.connection.close()
    os.utime(database.path, ns=(7, 7))
    at_rest, by_pull = marks(card, sshd)
    assert by_listing != at_rest == by_pull


def test_a_file_that_was_rewritten_has_another_mark_whatever_its_time_says(card):
    path = card.root / "videos" / "a.h264"
    put(path, b"12345", at=1_700_000_000)
    before = of(card.read())[b"a.h264"]
    put(path, b"54321", at=1_700_000_000)
    after = of(card.read())[b"a.h264"]
    assert (before.size, before.modified) == (after.size, after.modified)
    assert before.mark != after.mark


def test_a_database_left_by_a_writer_that_died_is_not_read(card, database):
    kept = files_below(card.root)
    database.connection.close()
    for name, content in kept.items():
        if not name.endswith("-shm"):
            put(card.root / name, content)
    before = files_below(card.root)
    (one,) = card.read().databases
    assert "left behind" in one.unread
    assert one.tables == []
    assert files_below(card.root) == before


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_database_says_why(card, content):
    put(card.root / "results" / "a.db", content)
    (one,) = card.read().databases
    assert one.unread
    assert one.tables == []


def test_a_stop_row_is_told(card):
    with closing(recorder.begin(card.root / "results" / "a.db")) as connection:
        connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767330000.5')")
    (one,) = card.read().databases
    assert one.words["stop_date_time"] == ["1767330000.5"]
    assert one.wal is None


def test_a_database_with_very_many_tables_costs_itself_alone(card):
    with closing(sqlite3.connect(card.root / "results" / "a.db")) as connection:
        for number in range(200):
            connection.execute(f"CREATE TABLE t{number} (id INTEGER)")
    listing = card.read()
    assert "too many" in listing.databases[0].unread
    assert listing.is_whole


def test_a_folder_that_cannot_be_read_is_an_error(card):
    """Its path is longer than the system takes: for root, too."""
    make_too_deep(card.root / "videos")
    listing = card.read()
    assert not listing.is_whole
    assert "too long" in listing.errors[0][1]


def test_a_card_that_is_not_mounted_is_no_empty_card(card):
    for name in ("results", "videos"):
        (card.root / name).rmdir()
    card.root.rmdir()
    with pytest.raises(RemoteMissing):
        card.read()


def test_more_files_than_a_listing_may_have_are_none(card, monkeypatch):
    monkeypatch.setattr(fetch, "MOST_FILES", 5)
    for number in range(9):
        put(card.root / "videos" / str(number), b"")
    with pytest.raises(RemoteFailed, match="more files"):
        card.read()


def test_a_device_without_python_says_so(card, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    more = f'ForceCommand PATH={tmp_path / "bin"}; eval "$SSH_ORIGINAL_COMMAND"\n'
    with private_sshd(tmp_path / "bare", more=more) as server, pytest.raises(NoPython):
        card.read(server)


def test_a_shell_that_greets_is_heard_behind_its_greeting(card, tmp_path):
    put(card.root / "videos" / "a", b"1")
    more = 'ForceCommand printf "Welcome> "; eval "$SSH_ORIGINAL_COMMAND"\n'
    with private_sshd(tmp_path / "greets", more=more) as server:
        assert card.read(server).file_count == 1


def test_a_listing_is_kept_and_read_again_as_it_was(card, database):
    put(card.root / "videos" / "a\udce9", b"1")
    listing = card.read()
    assert unpacked(packed(listing)) == listing


def test_a_wish_to_stop_is_heard(card, sshd):
    with pytest.raises(Cancelled):
        fetch.list_card(
            target_at(sshd, card.root.parent),
            PurePosixPath(card.root),
            leash=Leash(cancelled=lambda: True),
        )


def begin(root, *, seconds):
    known = {"folders": {}, "databases": {}}
    given = {"root": str(root), "seconds": seconds, "files": 9000} | WHERE | known
    return f"GIVEN = {json.dumps(given)!r}\n".encode()


def test_it_ends_when_nobody_listens(card):
    """As after the death of ssh: its reader is gone."""
    for number in range(3000):
        (card.root / "videos" / str(number)).mkdir()
    given = begin(card.root, seconds=60)
    reading, writing = os.pipe()
    words = [sys.executable, "-I", "-S", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=writing, stderr=-1) as program:
        os.close(writing)
        os.close(reading)
        program.communicate(given + source(*LISTER), timeout=30)
    assert program.returncode != 0


def test_it_ends_at_its_deadline(card):
    given = begin(card.root, seconds=1)
    hung = source(*LISTER).replace(b"    root, answer =", b"    time.sleep(60)\n    root, answer =")
    words = [sys.executable, "-I", "-S", "-"]
    done = subprocess.run(words, input=given + hung, capture_output=True, timeout=30)
    assert (done.returncode, b"too long" in done.stderr) == (6, True)
