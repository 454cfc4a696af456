"""A card that was listed before tells what differs; what we hold of it is whole all the same."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from backups.engine.card import BadListing, known, packed, unpacked
from backups.engine.card.known import known_of
from backups.engine.card.listing import CardFile
from backups.engine.card.reading import read_listing
from tests.engine.card.test_listing import BEGIN, DATABASE, END, FOLDER
from tests.engine.pull import recorder
from tests.engine.pull.conftest import put

LONG_AGO = 1_700_000_000


@pytest.fixture
def filled(card):
    for folder in ("E1", "E2"):
        for number in range(30):
            put(card.root / "videos" / folder / f"{number:05}.h264", b"1", at=LONG_AGO)
    path = card.root / "results" / "a.db"
    recorder.begin(path).close()
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def all_of(listing):
    return listing.folders, listing.databases, listing.errors


def test_what_did_not_change_costs_a_line_and_is_held_all_the_same(card, filled):
    first = card.read()
    second = card.read(known=first)
    assert all_of(second) == all_of(first)
    assert second.wire_bytes < first.wire_bytes / 3
    assert unpacked(packed(second)) == second


def grow(root):
    with (root / "videos" / "E1" / "00007.h264").open("ab") as file:
        file.write(b"2")
    os.utime(root / "videos" / "E1" / "00007.h264", (LONG_AGO, LONG_AGO))


def rewrite(root):
    put(root / "videos" / "E1" / "00007.h264", b"3", at=LONG_AGO)


def remove(root):
    (root / "videos" / "E1" / "00007.h264").unlink()


def rename(root):
    (root / "videos" / "E1" / "00007.h264").rename(root / "videos" / "E1" / "x")


def exchange(root):
    """The same names in one folder as before: of other contents."""
    one, two = (root / "videos" / "E1" / name for name in ("00007.h264", "00008.h264"))
    one.rename(root / "aside")
    two.rename(one)
    (root / "aside").rename(two)


def link(root):
    remove(root)
    (root / "videos" / "E1" / "00007.h264").symlink_to("00008.h264")


def add(root):
    put(root / "videos" / "E1" / "new.h264", b"1")


def hide(root):
    (root / "videos" / "E1").rename(root / "videos" / "E3")


@pytest.mark.parametrize("change", [grow, rewrite, remove, rename, exchange, link, add, hide])
def test_every_change_of_a_file_is_seen(card, filled, change):
    first = card.read()
    change(card.root)
    second = card.read(known=first)
    assert second.folders != first.folders
    assert all_of(second) == all_of(card.read()) == all_of(card.read(known=second))


def test_a_database_that_was_written_is_read_anew(card, filled):
    first = card.read()
    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        recorder.write(connection)
    os.utime(filled, (LONG_AGO, LONG_AGO))
    (one,) = card.read(known=first).databases
    assert ["ROI_1", 201, None] in [list(table) for table in one.tables]


def test_rows_in_the_wal_alone_are_seen(card, filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as connection:
        recorder.write(connection)
        first = card.read()
        recorder.write(connection)
        (one,) = card.read(known=first).databases
    assert ["ROI_1", 202, None] in [list(table) for table in one.tables]


def test_only_what_has_rested_is_believed_to_be_the_same(card, filled):
    """A write in the same tick of the clock moves no mark. Nor one of a clock that went back."""
    listing = card.read()
    assert set(known_of(listing).databases) == {"results/a.db"}
    for clock in (LONG_AGO + 3, LONG_AGO, LONG_AGO - 10**8):
        at = replace(listing, head=type(listing.head)(**(_fields(listing.head) | {"clock": clock})))
        assert known_of(at).databases == {}


def _fields(head):
    return {name: getattr(head, name) for name in head.__struct_fields__}


def test_a_database_that_could_not_be_read_is_tried_again(card):
    path = card.root / "results" / "a.db"
    put(path, b"no database", at=LONG_AGO)
    first = card.read()
    path.unlink()
    recorder.begin(path).close()
    (one,) = card.read(known=first).databases
    assert (first.databases[0].unread != "", one.unread) == (True, "")


def test_no_more_is_sent_than_has_room(card, filled, monkeypatch):
    first = card.read()
    monkeypatch.setattr(known, "MOST_SENT", 500)
    assert 0 < len(known_of(first).folders) < len(first.folders)
    assert len(json.dumps(known_of(first).marks())) < 500
    assert all_of(card.read(known=first)) == all_of(first)


@pytest.mark.parametrize("name", [b"caf\xc3\xa9", b"\xff\xfe", b"a\nb", b'q"\\', b"\x01"])
def test_folders_of_any_name_are_known_again(card, name):
    folder = os.fsencode(card.root / "videos") + b"/" + name
    os.mkdir(folder)  # noqa: PTH102
    with open(folder + b"/" + name, "wb"):  # noqa: PTH123
        pass
    first = card.read()
    again = card.read(known=first)
    assert all_of(again) == all_of(first)
    assert again.wire_bytes < first.wire_bytes


KNOWN = known.Known(
    folders={b"videos": (CardFile(b"a", 5, 7, 7, 8, "-"),)},
)
SAME = {"k": "same", "path": "videos"}


def read(*told):
    return read_listing(map(json.dumps, told), known=KNOWN)


def test_a_folder_that_is_the_same_is_filled_in():
    assert read(*BEGIN, SAME, END).folders == KNOWN.folders


@pytest.mark.parametrize(
    "lines",
    [
        (*BEGIN, SAME | {"path": "results"}, END), (*BEGIN, SAME, SAME, END),
        (*BEGIN, FOLDER, SAME, END), (*BEGIN, SAME, FOLDER, END), (SAME, END),
        (*BEGIN, SAME, END | {"bytes": 6}), (*BEGIN, SAME | {"path": "../videos"}, END),
        (*BEGIN, FOLDER | {"more": True}, SAME, END),
        (*BEGIN, SAME, {"k": "same database", "path": "results/a.db"}, END | {"lines": 4}),
        (*BEGIN, SAME, DATABASE, {"k": "same database", "path": "results/a.db"}, END),
    ],
)  # fmt: skip
def test_who_says_the_same_of_what_we_never_sent_is_refused(lines):
    with pytest.raises(BadListing):
        read(*lines)
