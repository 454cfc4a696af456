"""What a look into real databases shows."""

import sqlite3
from contextlib import closing

import pytest

from backups.engine.preview import NotShown, picture_in, preview
from backups.engine.preview.tables import FIRST_ROWS


@pytest.fixture
def native(real, tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(real.file("native_*.db").read_bytes())
    return path


@pytest.fixture
def long_run(tmp_path):
    """200,000 rows of one region that sleeps at first, with a pause in the middle."""
    path = tmp_path / "long.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute(
            "CREATE TABLE ROI_3 (id INTEGER PRIMARY KEY, t INTEGER, xy_dist_log10x1000 INTEGER)"
        )
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
            " INSERT INTO ROI_3 SELECT i, i * 500 + (i > 100000) * 40000000,"
            " CASE WHEN i < 100000 THEN -4000 ELSE -1000 END FROM n"
        )
    return path


def test_a_real_one_is_told_in_words_rows_and_regions(native):
    found = preview(native)
    words = dict(found.words)
    tables = {table.name: table for table in found.tables}
    assert (words["Who"], words["Where"]) == ("asmith", "Incubator_1A")
    assert words["Ended"].startswith("2026-11-22 11:23:24 UTC")
    assert words["Hardware"].startswith("kernel 6.18")
    assert (tables["METADATA"].rows, tables["METADATA"].counted) == (14, True)
    assert tables["ROI_1"].first_rows[0][:4] == ("1", "383", "34", "14")
    assert [one.roi for one in found.activities] == list(range(1, 21))
    assert found.problems == ()


def test_it_leaves_no_trace(native):
    before = {path.name: path.stat().st_mtime_ns for path in native.parent.iterdir()}
    preview(native)
    assert {path.name: path.stat().st_mtime_ns for path in native.parent.iterdir()} == before


def test_one_picture_is_given_as_it_is(native):
    (picture,) = preview(native).pictures
    kind, content = picture_in(native, picture.number)
    assert (kind, len(content)) == ("image/jpeg", 9685)
    with pytest.raises(NotShown):
        picture_in(native, picture.number + 1)


def test_a_long_one_costs_no_more_than_its_sample(long_run):
    (activity,) = preview(long_run).activities
    assert activity.shows == "xy_dist_log10x1000"
    assert 100 < len(activity.samples) < 130
    assert activity.samples[0].value == pytest.approx(0.0001)
    assert activity.samples[-1].value == pytest.approx(0.1)


def test_a_count_that_takes_too_long_says_at_least(long_run, monkeypatch):
    monkeypatch.setattr("backups.engine.preview.tables.COUNT_SECONDS", 0.0)
    (table,) = preview(long_run).tables
    assert (table.rows, table.counted, len(table.first_rows)) == (0, False, FIRST_ROWS)


def test_what_is_no_picture_is_not_given(native):
    with closing(sqlite3.connect(native)) as database, database:
        database.execute("UPDATE IMG_SNAPSHOTS SET img = CAST('<svg onload=x>' AS BLOB)")
    with pytest.raises(NotShown):
        picture_in(native, 1)


def test_another_file_in_its_place_is_not_shown(native, tmp_path):
    with native.open("rb") as meant:
        native.rename(tmp_path / "meant.db")
        native.write_bytes((tmp_path / "meant.db").read_bytes())
        with pytest.raises(NotShown, match="another file"):
            preview(native, handle=meant.fileno())
