"""The text beside the copy: as recorded, and never a line lost or doubled."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backups.engine.copies.errors import LocalFailed
from backups.engine.mirror.activity import write_activity

RECORDED = "mirrored_2026-11-22_11-06-37_0113f0c29a5e4d7b8c61e02f94ab7d35"


@pytest.fixture
def table():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.execute("CREATE TABLE CSV_DAM_ACTIVITY (id INTEGER PRIMARY KEY, date, time, ROI_1)")
        yield copy


@pytest.fixture
def text(tmp_path):
    return tmp_path / "run.txt"


def add(table, *rows):
    table.executemany("INSERT INTO CSV_DAM_ACTIVITY VALUES (?, '22 Nov 2026', '11:07', ?)", rows)


def write(table, text: Path, *, compare_all: bool = True) -> str:
    write_activity(table, text, compare_all=compare_all)
    return text.read_text()


def line(number: int, value: object) -> str:
    return f"{number}\t22 Nov 2026\t11:07\t{value}\n"


def test_it_is_as_the_old_mirror_wrote_it(real, tmp_path):
    recorded = real.file(f"{RECORDED}.txt")
    uri = f"{real.file(f'{RECORDED}.shrunk.db').as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as copy:
        write_activity(copy, tmp_path / "new.txt", compare_all=True)
    assert (tmp_path / "new.txt").read_bytes() == recorded.read_bytes()


def test_without_activity_it_is_empty(table, text):
    assert write(table, text) == ""


def test_new_lines_are_appended(table, text):
    add(table, (1, 5), (2, None))
    write(table, text)
    inode = text.stat().st_ino
    add(table, (3, 7))
    assert write(table, text) == line(1, 5) + line(2, None) + line(3, 7)
    assert text.stat().st_ino == inode


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_lines_lost_in_a_crash_come_back(table, text, cut):
    add(table, (1, 5), (2, 6))
    whole = write(table, text)
    text.write_text(whole[:cut])
    assert write(table, text, compare_all=False) == whole


@pytest.mark.parametrize(
    "wrong",
    [
        line(2, 6),
        line(1, 5) * 2 + line(2, 6),
        line(1, 9) + line(2, 6),
        line(1, 5) + line(2, 6) + line(3, 1),
        "\0" * 70,
    ],
    ids=["first lost", "doubled", "wrong", "too many", "zeros"],
)
def test_a_text_that_says_something_else_is_written_anew(table, text, wrong):
    add(table, (1, 5), (2, 6))
    text.write_text(wrong)
    assert write(table, text) == line(1, 5) + line(2, 6)


def test_when_nothing_is_new_only_its_end_is_read(table, text):
    add(table, (1, 5), (2, 6))
    text.write_text("x" * len(line(1, 5)) + line(2, 6))
    assert not write_activity(table, text, compare_all=False)


def test_a_link_is_not_written_through(table, text, tmp_path):
    text.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalFailed):
        write(table, text)
