"""Cards of devices without python3: what find lists of them, and what b2sum or sha256sum say."""

import os
import shutil

import pytest

from backups.engine.card import BadDigests, BadListing, NoPython, packed, remote, unpacked
from backups.engine.card.shell_digests import read_digests
from backups.engine.card.shell_listing import UNREAD, FoundTree
from backups.engine.pull.errors import TooMuchOutput
from tests.engine.card.test_digests import A, B, b2sum, put_both
from tests.engine.pull.conftest import put
from tests.servers import private_sshd

PROGRAMS = (
    "sh", "find", "base64", "date", "cat", "cut", "df", "awk", "nice", "xargs", "stat", "dd",
    "sleep", "b2sum", "sha256sum",
)  # fmt: skip


@pytest.fixture
def bare(tmp_path):
    """A device that has these programs alone."""

    def bare(*without):
        programs = tmp_path / "programs"
        programs.mkdir()
        for name in set(PROGRAMS) - set(without):
            (programs / name).symlink_to(shutil.which(name))
        more = f'ForceCommand PATH={programs}; eval "$SSH_ORIGINAL_COMMAND"\n'
        return private_sshd(tmp_path / "bare", more=more)

    return bare


def test_its_files_are_those_that_python_lists(card, bare):
    put(card.root / "videos" / "E" / "a.h264", b"12345", at=1_700_000_000)
    put(card.root / "lost+found" / "x", b"1")
    os.utime(card.root / "videos" / "E" / "a.h264", ns=(5, 1_700_000_000_123_456_789))
    (card.root / "videos" / "link").symlink_to("nowhere")
    os.mkfifo(card.root / "videos" / "pipe")
    for name in (b"caf\xc3\xa9", b"\xff\xfe", b"a\nb", b"a\rb", b" ", b"x y|z"):
        with open(os.fsencode(card.root / "videos") + b"/" + name, "wb"):  # noqa: PTH123
            pass
    by_python = card.read()
    with bare() as server:
        by_shell = card.read(server)
    assert (by_python.by, by_shell.by, by_shell.is_whole) == ("python", "sh", True)
    told = dict(by_shell.folders)
    assert told.pop(b"lost+found") == ()
    assert told == {k: v for k, v in by_python.folders.items() if k != b"lost+found"}
    assert by_shell.head.boot == by_python.head.boot
    assert by_shell.head.size == by_python.head.size
    assert unpacked(packed(by_shell)) == by_shell


def test_databases_are_marked_and_not_read(card, database, bare):
    (by_python,) = card.read().databases
    with bare() as server:
        (by_shell,) = card.read(server).databases
    assert (by_shell.unread, by_shell.tables) == (UNREAD, [])
    assert (by_shell.path, by_shell.mark) == (by_python.path, by_python.mark)


def test_what_it_does_not_tell_is_not_told(card, bare):
    with bare() as server:
        listing = card.read(server)
    assert (listing.head.read_only, listing.health.ext4_errors) == (None, None)


def test_a_python_that_is_too_old_is_as_none(card, digest, monkeypatch):
    put_both(card)
    monkeypatch.setattr(remote, "OLDEST", (99, 0))
    assert card.read().by == "sh"
    assert [one.problem for one in digest(A, B)] == ["", ""]


@pytest.mark.parametrize("without", ["find", "base64"])
def test_a_device_that_has_not_even_these_is_not_listed(card, bare, without):
    with bare(without) as server, pytest.raises(NoPython):
        card.read(server)


@pytest.mark.parametrize(
    "entry",
    [
        b"", b"f 1 1.0 1.0 8 1 a", b"f -1 1.000000000 1.000000000 8 1 a",
        b"f 1 1.000000000 1.000000000 8 1 ../a", b"f 1 1.000000000 1.000000000 8 1 /a",
        b"f 1 1.000000000 1.000000000 8 1 no/folder", b"? 1 1.000000000 1.000000000 8 1 a",
        b"d 1 1.000000000 1.000000000 8 1 ", b"f 1 1.000000000 1.000000000 8 1 there",
    ],
)  # fmt: skip
def test_an_entry_that_is_none_is_refused(entry):
    good = [b"d 1 1.000000000 1.000000000 8 1 ", b"f 1 1.000000000 1.000000000 8 2 there"]
    assert len(FoundTree(good).folders[b""]) == 1
    with pytest.raises(BadListing):
        FoundTree([*good, entry])


BEGUN = "echo 'ethonode: told by its shell'"


@pytest.mark.parametrize("script", ["true", "echo; exec yes", BEGUN, f"{BEGUN}; exec yes"])
def test_an_answer_that_was_cut_is_no_listing(card, tmp_path, script):
    second = tmp_path / "second"
    begin = f"test -e {second} || {{ touch {second}; exit 127; }}"
    (tmp_path / "answer").write_text(f"{begin}\n{script}\n")
    more = f"ForceCommand cat >/dev/null & exec sh {tmp_path / 'answer'}\n"
    ended = pytest.raises((BadListing, TooMuchOutput))
    with private_sshd(tmp_path / "other", more=more) as server, ended:
        card.read(server)


@pytest.mark.parametrize(("without", "algorithm"), [((), "blake2b"), (("b2sum",), "sha256")])
def test_digests_are_by_its_own_programs(card, digest, bare, without, algorithm):
    put_both(card)
    with bare(*without) as server:
        a, b = digest(A, B, server=server, bytes_per_second=10**9)
    assert {a.algorithm, b.algorithm, a.problem, b.problem} == {algorithm, ""}
    if algorithm == "blake2b":
        assert a.digest == b2sum(card.root / "videos" / "a.h264")
    listed = {b"videos/" + path: file.mark for path, file in card.read().below(b"videos")}
    assert listed == {A: a.mark, B: b.mark}


def test_bad_files_cost_themselves(card, digest, bare, tmp_path):
    put_both(card)
    put(tmp_path / "elsewhere" / "a", b"1")
    videos = card.root / "videos"
    (videos / "link").symlink_to("a.h264")
    (videos / "folder link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(videos / "pipe")
    (videos / "a\nb $(x) '").write_bytes(b"1")
    bad = [b"videos/link", b"videos/folder link/a", b"videos/pipe", b"videos", b"videos/gone"]
    odd = b"videos/a\nb $(x) '"
    with bare() as server:
        told = {one.path: one.problem for one in digest(*bad, odd, A, server=server)}
    assert all(told[path] for path in bad)
    assert (told[odd], told[A]) == ("", "")


BEGIN = ["b2sum"]
GOOD = "digest|regular file|5|1.000000000|2.000000000|7|" + "a" * 128


@pytest.mark.parametrize(
    "lines",
    [
        [], ["md5sum"], BEGIN, [*BEGIN, GOOD + "a"], [*BEGIN, GOOD[:-1]],
        [*BEGIN, GOOD[:-64]], [*BEGIN, GOOD.upper()], [*BEGIN, "digest|regular file|5"],
    ],
)  # fmt: skip
def test_digests_that_are_none_are_refused(lines):
    with pytest.raises(BadDigests):
        list(read_digests(lines, ["a"]))


def test_digests_of_more_than_was_asked_are_refused_and_what_came_stands():
    answer = read_digests([*BEGIN, GOOD, GOOD], ["a"])
    assert next(answer).mark == (5, 10**9, 2 * 10**9)
    with pytest.raises(BadDigests):
        next(answer)
