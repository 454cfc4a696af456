"""Databases made to harm who looks into them: each is told of, soon, and nothing of it runs."""

import os
import sqlite3
import time
from contextlib import closing

import pytest

from backups.engine.preview import NotShown, preview

PLAIN = "CREATE TABLE METADATA (field TEXT, value TEXT); INSERT INTO METADATA VALUES ('a', 'b');"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture
def look(tmp_path):
    def look(sql, *, before="", seconds=3.0):
        path = tmp_path / "a.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(f"{before}; BEGIN; {PLAIN} {sql}; COMMIT")
        began = time.monotonic()
        found = preview(path, seconds=seconds)
        assert time.monotonic() - began < seconds + 1
        return found

    return look


def kinds(found):
    return {table.name: table.kind for table in found.tables}


@pytest.mark.parametrize(
    ("name", "sql", "kind"),
    [
        ("ROI_1", f"CREATE VIEW ROI_1 AS {ENDLESS}", "view"),
        ("IMG_SNAPSHOTS", f"CREATE VIEW IMG_SNAPSHOTS AS {ENDLESS}", "view"),
        ("ROI_2", "CREATE VIRTUAL TABLE ROI_2 USING fts5(id, t)", "virtual table"),
        ("ROI_3", "CREATE VIRTUAL TABLE ROI_3 USING rtree(id, t, x)", "virtual table"),
    ],
)
def test_what_would_run_is_a_name_only(look, name, sql, kind):
    found = look(sql)
    table = next(table for table in found.tables if table.name == name)
    assert (table.kind, table.columns, table.first_rows) == (kind, (), ())
    assert found.activities == ()
    assert kinds(found)["METADATA"] == "table"


def test_a_metadata_that_is_a_view_says_nothing(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(f"CREATE VIEW METADATA (field) AS {ENDLESS}")
    found = preview(path)
    assert (found.words, kinds(found)) == ((), {"METADATA": "view"})


def test_a_computed_column_is_not_computed(look):
    found = look(
        "CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER,"
        " xy_dist_log10x1000 INTEGER AS (length(hex(zeroblob(t)))) VIRTUAL);"
        "INSERT INTO ROI_1 (t) VALUES (5)"
    )
    table = next(table for table in found.tables if table.name == "ROI_1")
    assert (table.columns, table.columns_left_out) == (("id", "t"), 1)
    assert found.activities[0].shows == ""


def test_an_index_on_an_expression_changes_nothing(look):
    found = look("CREATE INDEX i ON METADATA (hex(value)) WHERE length(value) > 0")
    assert found.tables[0].first_rows == (("a", "b"),)


def test_triggers_do_not_begin(look):
    found = look("CREATE TRIGGER x AFTER INSERT ON METADATA BEGIN DELETE FROM METADATA; END;")
    assert kinds(found)["METADATA"] == "table"


def test_ten_thousand_tables_are_some_and_a_number(look):
    found = look(
        "PRAGMA writable_schema = ON; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
        " FROM n WHERE i < 12000) INSERT INTO sqlite_schema SELECT 'table', 't' || i, 't' || i, 2,"
        " 'CREATE TABLE t' || i || ' (a, b)' FROM n"
    )
    assert len(found.tables) + found.more_tables == 10_000
    assert (found.tables[0].name, len(found.tables)) == ("METADATA", 80)


def test_a_huge_cell_costs_its_table(look):
    found = look(
        "CREATE TABLE big (a); INSERT INTO big VALUES (CAST(zeroblob(20000000) AS TEXT));"
        "CREATE TABLE small (a); INSERT INTO small VALUES (zeroblob(9))"
    )
    tables = {table.name: table for table in found.tables}
    assert tables["big"].problem.startswith("its rows are not shown")
    assert tables["small"].first_rows == (("9 bytes",),)


def test_text_that_steers_is_made_plain(look):
    found = look("INSERT INTO METADATA VALUES ('\x1b[2J\u202e', 'two\nlines')")
    assert found.tables[0].first_rows[1] == ("[2J", "two lines")


def test_text_of_another_encoding_is_read(look):
    found = look(
        "CREATE TABLE odd (a); INSERT INTO odd VALUES ('é'), (CAST(x'ff00d8' AS TEXT))",
        before="PRAGMA encoding = 'UTF-16le'",
    )
    odd = next(table for table in found.tables if table.name == "odd")
    assert odd.first_rows[0] == ("é",)


def test_odd_names_harm_only_themselves(look):
    found = look('CREATE TABLE "a""; DROP TABLE METADATA; --" (x); CREATE TABLE "sel\u202eect" (y)')
    assert kinds(found)["METADATA"] == "table"
    assert all(not table.problem for table in found.tables)


def test_odd_values_where_numbers_belong(look):
    found = look(
        "CREATE TABLE ROI_1 (id, t, xy_dist_log10x1000); CREATE TABLE ROI_2 (id, t);"
        "INSERT INTO ROI_1 VALUES (1, 'soon', 'far'), (2, 1e300, 9e999), ('x', -1, x'00');"
        "INSERT INTO ROI_2 VALUES (-9223372036854775807, 1), (9223372036854775807, 2)"
    )
    assert [one.roi for one in found.activities] == [1, 2]
    assert found.activities[0].samples == ()


def test_a_forged_schema_is_refused(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE METADATA (field, value); PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = 'CREATE TABLE METADATA (' WHERE name = 'METADATA'"
        )
    with pytest.raises(NotShown, match="malformed"):
        preview(path)


@pytest.mark.parametrize("content", [b"", b"words\n" * 900, b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_database(tmp_path, content):
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(NotShown):
        preview(path)


def test_damaged_pages_are_told_of(real, tmp_path):
    path = tmp_path / "a.db"
    content = bytearray(real.file("native_*.db").read_bytes())
    content[4096 * 3 :] = os.urandom(len(content) - 4096 * 3)
    path.write_bytes(content)
    try:
        found = preview(path)
    except NotShown:
        return
    assert any(table.problem for table in found.tables)
