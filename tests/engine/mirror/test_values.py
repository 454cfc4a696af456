"""Exact values: what MariaDB holds is what the copy holds, for every type."""
# ruff: noqa: S608, S311

import random
import sqlite3
from contextlib import closing

import pytest

from tests.engine.mirror.device import differing_tables

TYPES = {
    "TINYINT": [-128, 127],
    "INT UNSIGNED": [0, 2**32 - 1],
    "INT(6) ZEROFILL": [42],
    "BIGINT": [-(2**63), 2**63 - 1],
    "BIGINT UNSIGNED": [0, 2**63 - 1, 2**63, 2**64 - 1],
    "YEAR": [1999, 0],
    "BIT(5)": [21],
    "BIT(64)": [2**64 - 1, 7],
    "FLOAT": [23.4, 1013.257, -1e-30, 16777216.0, 0.1, 3.4e38],
    "DOUBLE": [0.1, 1 / 3, 2.2250738585072014e-308, -1.7976931348623157e308, 5e15, 1e15, 1e-15],
    "DECIMAL(30,10)": ["12345678901234567890.0123456789", "-0.0000000001"],
    "DATE": ["0000-00-00", "2026-11-22"],
    "TIME": ["-838:59:59", "00:00:01"],
    "DATETIME(6)": ["2026-11-22 10:11:12.000001"],
    "TIMESTAMP NULL": ["2026-11-22 10:11:12"],
    "CHAR(20)": ["", "N", "a,b;c", "Łukasz 蝇 🪰"],
    "TEXT": ["", "tab\tline\nquote'\"\\ nul\0end", " spaces "],
    "TEXT CHARACTER SET latin1": ["Müller"],
    "ENUM('a','b')": ["b"],
    "SET('a','b')": ["a,b"],
    "JSON": ['{"a": 1}'],
    "UUID": ["123e4567-e89b-12d3-a456-426655440000"],
    "BLOB": [b"", bytes(range(256)), b"N", "Ł".encode("utf-16")],
    "VARBINARY(10)": [b"\x00\xff"],
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_is_copied_exactly(device, copy, kind):
    rows = [*TYPES[kind], None]
    device.run(
        f"CREATE TABLE KEYED (id INT AUTO_INCREMENT PRIMARY KEY, v {kind})",
        f"CREATE TABLE BARE (v {kind})",
        "SET SESSION sql_mode=''",
    )
    device.insert("KEYED", *enumerate(rows, 1))
    device.insert("BARE", *((value,) for value in rows))
    assert copy.mirror(prove_within=1).complete
    assert differing_tables(device, copy.path) == []
    assert not copy.mirror(prove_within=1).changed


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("BIGINT UNSIGNED", ["integer", "integer", "text", "text", "null"]),
        ("DECIMAL(30,10)", ["text", "text", "null"]),
        ("FLOAT", ["real"] * 6 + ["null"]),
        ("BLOB", ["blob"] * 4 + ["null"]),
    ],
)
def test_a_value_has_the_type_that_keeps_it(device, copy, kind, expected):
    device.run(f"CREATE TABLE T (id INT AUTO_INCREMENT PRIMARY KEY, v {kind})")
    device.insert("T", *enumerate([*TYPES[kind], None], 1))
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as reader:
        assert [row[0] for row in reader.execute("SELECT typeof(v) FROM T ORDER BY id")] == expected


def test_a_float_is_kept_as_people_wrote_it(device, copy):
    device.insert("SENSORS", (1, 1, 23.4, 1013.257, 1, None))
    copy.mirror()
    with closing(sqlite3.connect(copy.path)) as reader:
        found = reader.execute("SELECT temperature, humidity FROM SENSORS").fetchone()
    assert found == (23.4, 1013.257)


def test_generated_tables_stay_equal_through_many_changes(device, copy):
    chance = random.Random(7)
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(TYPES))
    device.run(f"CREATE TABLE BIG (id INT AUTO_INCREMENT PRIMARY KEY, {columns})")
    device.run(f"CREATE TABLE BARE ({columns})", "SET SESSION sql_mode=''")
    for _ in range(5):
        rows = [[chance.choice([*values, None]) for values in TYPES.values()] for _ in range(40)]
        device.insert("BIG", *((None, *row) for row in rows))
        device.insert("BARE", *map(tuple, rows))
        device.run("DELETE FROM BARE ORDER BY RAND() LIMIT 9", "UPDATE BIG SET c0=c0/2 LIMIT 30")
        assert copy.mirror(prove_within=1).complete
        assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize(
    "columns",
    [
        "a INT, b CHAR(5), v INT, PRIMARY KEY (b, a)",
        "code CHAR(5) NOT NULL PRIMARY KEY, v INT NOT NULL DEFAULT 3",
        "id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT",
        "id INT PRIMARY KEY, v INT NOT NULL",
    ],
)
def test_keys_and_not_null_are_kept(device, copy, columns):
    device.run(f"CREATE TABLE T ({columns})")
    copy.mirror()
    query = (
        "SELECT c.COLUMN_NAME, c.IS_NULLABLE = 'NO', COALESCE(k.ORDINAL_POSITION, 0) "
        "FROM information_schema.COLUMNS c LEFT JOIN information_schema.KEY_COLUMN_USAGE k "
        "USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME) WHERE TABLE_NAME = 'T' AND "
        f"TABLE_SCHEMA = '{device.database}' ORDER BY c.ORDINAL_POSITION"
    )
    with closing(sqlite3.connect(copy.path)) as reader:
        made = reader.execute("PRAGMA table_info(T)").fetchall()
    is_rowid = made[0][2] == "INTEGER" and made[0][5] == 1 and "PRIMARY KEY (" not in columns
    filled = [(name, int(nn or (is_rowid and pk)), pk) for _, name, _, nn, _, pk in made]
    assert filled == list(device.run(query))


def test_negative_keys_and_gaps_are_copied(device, copy):
    device.run(
        "SET SESSION sql_mode=''", "CREATE TABLE G (id INT AUTO_INCREMENT PRIMARY KEY, v INT)"
    )
    device.insert("G", (-2_000_000_000, 1), (-1, 2), (7, 3), (2_147_483_600, 4))
    assert copy.mirror(prove_within=1).complete
    assert differing_tables(device, copy.path) == []


def test_a_large_picture_passes(device, copy):
    device.run("INSERT INTO IMG_SNAPSHOTS VALUES (1, 1, REPEAT(X'FFD800', 4000000))")
    assert copy.mirror(prove_within=1).complete
    assert differing_tables(device, copy.path) == []
