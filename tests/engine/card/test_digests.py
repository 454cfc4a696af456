"""Digests of a card's files over a private sshd: what `b2sum` says of them, or why not."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from backups.engine.card import NoPython, digests
from backups.engine.card.remote import DIGESTER, WHERE, source
from backups.engine.errors import Cancelled
from backups.engine.pull.errors import BadName, RemoteMissing
from tests.engine.pull.conftest import put
from tests.servers import private_sshd

A, B = b"videos/a.h264", b"videos/b.h264"


def b2sum(path):
    done = subprocess.run(["b2sum", path], capture_output=True, check=True)
    return done.stdout.split()[0].decode()


def put_both(card):
    put(card.root / "videos" / "a.h264", b"12345" * 200_000)
    put(card.root / "videos" / "b.h264", b"")


def test_digests_are_those_of_b2sum_and_of_the_content_that_the_listing_marks(card, digest):
    put_both(card)
    a, b = digest(A, B, A)
    assert (a.path, a.digest) == (A, b2sum(card.root / "videos" / "a.h264"))
    assert (b.path, b.digest) == (B, b2sum(card.root / "videos" / "b.h264"))
    listed = {b"videos/" + path: file.mark for path, file in card.read().below(b"videos")}
    assert listed == {A: a.mark, B: b.mark}
    assert {a.algorithm, b.algorithm, a.problem} == {"blake2b", ""}


@pytest.mark.parametrize("name", [b"caf\xc3\xa9", b"\xff\xfe", b"a\nb", b'q"\\', b"-rf", b"'"])
def test_any_name_is_found(card, digest, name):
    with open(os.fsencode(card.root / "videos") + b"/" + name, "wb") as file:  # noqa: PTH123
        file.write(b"1")
    (one,) = digest(b"videos/" + name)
    assert (one.path, one.problem) == (b"videos/" + name, "")


@pytest.mark.parametrize("path", [b"", b"/etc/passwd", b"videos/../../x", b"..", b"videos//a"])
def test_a_path_that_climbs_is_not_asked(digest, path):
    with pytest.raises(BadName):
        list(digest(path))


@pytest.mark.parametrize("spoil", ["link", "folder link", "pipe", "folder", "gone"])
def test_what_cannot_be_read_costs_itself(card, digest, tmp_path, spoil):
    put_both(card)
    bad = card.root / "videos" / "bad"
    asked = b"videos/bad"
    if spoil == "link":
        bad.symlink_to(card.root / "videos" / "a.h264")
    elif spoil == "folder link":
        put(tmp_path / "elsewhere" / "a", b"1")
        bad.symlink_to(tmp_path / "elsewhere")
        asked += b"/a"
    elif spoil == "pipe":
        os.mkfifo(bad)
    elif spoil == "folder":
        bad.mkdir()
    told = {one.path: one for one in digest(asked, A)}
    assert told[asked].problem
    assert (told[asked].mark, told[asked].digest) == (None, "")
    assert told[A].digest


def test_a_file_that_grows_while_it_is_read_has_no_digest(card, digest):
    put(card.root / "videos" / "a.h264", b"1" * 3_000_000)

    def grow():
        time.sleep(1.5)
        with (card.root / "videos" / "a.h264").open("ab") as file:
            file.write(b"2")

    thread = threading.Thread(target=grow)
    thread.start()
    (one,) = digest(A, bytes_per_second=1_000_000)
    thread.join()
    assert (one.problem, one.digest) == ("changed while it was read", "")


def test_it_reads_no_faster_than_it_may(card, digest):
    put(card.root / "videos" / "a.h264", b"1" * 3_000_000)
    began = time.monotonic()
    list(digest(A, bytes_per_second=1_500_000))
    assert time.monotonic() - began > 1.5


def test_it_ends_when_its_seconds_are_over_and_tells_what_came(card, digest):
    put(card.root / "videos" / "b.h264", b"1" * 9_000_000)
    put(card.root / "videos" / "a.h264", b"1")
    told = list(digest(A, B, bytes_per_second=100_000, seconds=3))
    assert [one.path for one in told] == [A]


def test_a_wish_to_stop_is_heard(card, digest):
    put(card.root / "videos" / "a.h264", b"1" * 9_000_000)
    with pytest.raises(Cancelled):
        list(digest(A, bytes_per_second=100_000, cancelled=lambda: True))


def test_who_wants_no_more_need_not_hear_the_rest(card, digest):
    put_both(card)
    answer = digest(A, B)
    assert next(answer).path == A
    answer.close()


def test_many_files_are_asked_for_in_portions(card, digest, monkeypatch):
    monkeypatch.setattr(digests, "MOST_SENT", 60)
    put_both(card)
    told = []
    assert [one.path for one in digest(A, B, progress=told.append)] == [A, B]
    assert told[-1] == 1_000_000


def test_a_card_that_is_not_mounted_has_no_digests(card, digest):
    for path in (card.root / "results", card.root / "videos", card.root):
        path.rmdir()
    with pytest.raises(RemoteMissing):
        list(digest(A))


def test_a_device_without_python_says_so(card, digest, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    more = f'ForceCommand PATH={tmp_path / "bin"}; eval "$SSH_ORIGINAL_COMMAND"\n'
    with private_sshd(tmp_path / "bare", more=more) as server, pytest.raises(NoPython):
        list(digest(A, server=server))


@pytest.mark.parametrize(("has", "algorithm"), [("b2sum", "blake2b"), ("", "sha256")])
def test_a_python_without_blake2b_takes_b2sum_or_says_what_it_took(card, tmp_path, has, algorithm):
    """As Python 3.5."""
    put_both(card)
    given = {"root": str(card.root), "seconds": 60, "budget": 60, "rate": None}
    given |= {"paths": [A.decode(), B.decode()], **WHERE}
    old = b"import hashlib\ndel hashlib.blake2b\n" + source(*DIGESTER)
    (tmp_path / "bin").mkdir()
    if has:
        (tmp_path / "bin" / "b2sum").symlink_to("/usr/bin/b2sum")
    script = f"GIVEN = {json.dumps(given)!r}\n".encode() + old
    words = ["/usr/bin/env", "-i", f"PATH={tmp_path / 'bin'}", sys.executable, "-I", "-S", "-"]
    done = subprocess.run(words, input=script, capture_output=True, check=True, timeout=30)
    head, a, b, over = map(json.loads, done.stdout.splitlines())
    assert (head["algorithm"], over["lines"]) == (algorithm, 3)
    assert len(a["digest"]) == {"blake2b": 128, "sha256": 64}[algorithm]
    if has:
        assert b["digest"] == b2sum(card.root / "videos" / "b.h264")
