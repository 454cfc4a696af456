"""What a device may answer in place of a listing: cut, endless, lying. None of it is a listing."""

import json

import pytest

from backups.engine.card import reading
from backups.engine.card.errors import BadListing
from backups.engine.card.listing import packed
from backups.engine.card.reading import read_listing, unpacked
from backups.engine.card.remote import MOST_GREETING
from backups.engine.pull.errors import Hung, TooMuchOutput

HEAD = {
    "k": "head", "version": 2, "python": "3.5.3", "clock": 1, "boot": "b", "uptime": 1,
    "size": 9, "free": 1, "read_only": None,
}  # fmt: skip
HEALTH = {"k": "health", "partitions": None, "kernel": None, "cards": [], "throttled": None}
FOLDER = {
    "k": "folder",
    "path": "videos",
    "begin": "a_",
    "files": [["1", 5, 7, 7, 8]],
    "more": False,
}
DATABASE = {"k": "database", "path": "results/a.db", "main": None, "log": None}
END = {"k": "end", "lines": 3, "folders": 1, "files": 1, "bytes": 5, "errors": 0}
BEGIN = HEAD, HEALTH
WHOLE = [*BEGIN, FOLDER, END]


def read(*told, **options):
    lines = [one if isinstance(one, str) else json.dumps(one) for one in told]
    return read_listing(lines, **options)


def test_a_whole_answer_is_a_listing():
    listing = read("Welcome", "", *WHOLE)
    assert listing.file_count == 1
    assert dict(listing.below(b"videos"))[b"a_1"].size == 5


@pytest.mark.parametrize("count", range(4))
def test_an_answer_without_its_end_is_none(count):
    with pytest.raises(BadListing, match="cut"):
        read(*WHOLE[:count])


@pytest.mark.parametrize("name", ["lines", "folders", "files", "bytes", "errors"])
def test_an_answer_that_does_not_hold_what_its_end_says_is_none(name):
    with pytest.raises(BadListing, match="what its end says"):
        read(*BEGIN, FOLDER, END | {name: END[name] + 1})


@pytest.mark.parametrize(
    "path",
    [
        "/etc", "..", "videos/../..", "videos//a", "videos/", "./a", "a\0", "caf\u0109",
        "x" * 256, "a/" * 2048 + "a",
    ],
)  # fmt: skip
@pytest.mark.parametrize("line", [FOLDER, DATABASE, {"k": "error", "reason": "x"}])
def test_a_path_that_climbs_or_is_none_is_refused(line, path):
    with pytest.raises(BadListing):
        read(*BEGIN, line | {"path": path}, END)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0", "\u0109", "x" * 256])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(BadListing):
        read(*BEGIN, FOLDER | {"begin": "", "files": [[name, 5, 7, 7, 8]]}, END)


@pytest.mark.parametrize(
    "file",
    [
        ["1"], ["1", -1, 7, 7, 8], ["1", 5.0, 7, 7, 8], ["1", True, 7, 7, 8], ["1", "5", 7, 7, 8],
        ["1", 2**62, 7, 7, 8], ["1", 5, 7, 7, 8, "?"], ["1", 5, 7, 7, 8, "-", 1], [1, 5, 7, 7, 8],
        ["1", 1e400, 7, 7, 8], ["1", 5, None, 7, 8], ["1", 5, 7, None, 8], ["1", 5, 7, 8], None,
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(file):
    with pytest.raises(BadListing):
        read(*BEGIN, FOLDER | {"files": [file]}, END)


@pytest.mark.parametrize(
    "lines",
    [
        (FOLDER, END), (HEAD, HEAD, END), (*BEGIN, HEALTH, END), (HEAD, FOLDER, END),
        (*BEGIN, FOLDER, FOLDER, END), (*WHOLE, END),
        (*WHOLE, "goodbye"), (HEAD | {"version": 3}, HEALTH, FOLDER, END),
        (*BEGIN, {"k": "new"}, END),
        (*BEGIN, FOLDER | {"more": True}, END), (*BEGIN, "[", END), (*BEGIN, "", END),
        (*BEGIN, FOLDER | {"more": True}, FOLDER | {"path": "other"}, END),
        (*BEGIN, FOLDER | {"files": [["1", 5, 7, 7, 8]] * 2}, END | {"files": 2, "bytes": 10}),
        (*BEGIN, DATABASE, DATABASE, END), (HEAD | {"extra": 1}, HEALTH, FOLDER, END),
        (*BEGIN, '{"k":' * 5000, END),
        (*BEGIN, '{"k":"error","path":"\\ud800","reason":""}', END),
    ],
)  # fmt: skip
def test_what_the_lister_never_says_is_refused(lines):
    with pytest.raises(BadListing):
        read(*lines)


@pytest.mark.parametrize(("most", "files"), [(1, 1), (2, 2)])
def test_more_files_than_a_card_may_have_are_refused(monkeypatch, most, files):
    """Whatever the lister was told to stop at: folders count, too."""
    monkeypatch.setattr(reading, "MOST_FILES", most)
    many = FOLDER | {"files": [[str(n), 5, 7, 7, 8] for n in range(files)]}
    with pytest.raises(BadListing, match="more than"):
        read(*BEGIN, many, END | {"files": files, "bytes": 5 * files})


def test_a_greeting_without_an_end_is_refused():
    with pytest.raises(BadListing, match="head"):
        read_listing(["Welcome"] * (MOST_GREETING + 1))


def test_a_folder_in_pieces_is_one():
    more = FOLDER | {"more": True}
    last = FOLDER | {"files": [["2", 5, 7, 7, 8]]}
    listing = read(*BEGIN, more, last, END | {"lines": 4, "files": 2, "bytes": 10})
    assert [file.name for file in listing.folders[b"videos"]] == [b"a_1", b"a_2"]


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_listing_of_another_version_is_none(version):
    """Its lines may mean something else, and its head may tell more, or less."""
    with pytest.raises(BadListing, match="list the card again"):
        read({"k": "head", "version": version, "more": []}, FOLDER, END)


@pytest.mark.parametrize("spoil", [lambda it: it[:-9], lambda it: b"", lambda it: b"nothing"])
def test_a_listing_that_was_not_kept_whole_is_none(spoil):
    with pytest.raises(BadListing):
        unpacked(spoil(packed(read(*WHOLE))))


def test_what_only_root_may_see_costs_nothing():
    lost = {"k": "error", "path": "lost+found", "reason": "Permission denied"}
    assert read(*BEGIN, FOLDER, lost, END | {"lines": 4, "errors": 1}).is_whole


def test_an_answer_that_never_ends_is_ended(answering):
    with pytest.raises((TooMuchOutput, BadListing)):
        answering("exec yes")


def test_a_line_that_never_ends_is_ended(answering):
    with pytest.raises(TooMuchOutput):
        answering("exec cat /dev/zero")


def test_a_silent_answer_is_ended(answering):
    with pytest.raises(Hung):
        answering("exec sleep 60", silent_seconds=1)


def test_an_answer_that_trickles_is_ended(answering):
    with pytest.raises(Hung, match="not done"):
        answering("while echo; do sleep 0.1; done", seconds=-59)


def test_an_answer_that_was_cut_is_none(answering):
    with pytest.raises(BadListing, match="cut"):
        answering(f"echo '{json.dumps(HEAD)}'")
