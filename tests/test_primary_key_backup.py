"""PRIMARY KEYs of a device's MySQL tables arrive in the SQLite file; no row is there twice."""
# ruff: noqa: S608 - names of tables are this file's own

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import pymysql
import pytest

from backups.engine.mirror import MariaDBSource, migrate_old_copy, mirror
from tests.servers import private_mariadb

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TABLES = {
    "METADATA": "field CHAR(100), value TEXT",
    "VAR_MAP": "var_name CHAR(100), sql_type CHAR(100), functional_type CHAR(100)",
    "ROI_MAP": "roi_idx SMALLINT, roi_value SMALLINT",
    "ROI_1": "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t INT, x SMALLINT",
    "START_EVENTS": "id INT AUTO_INCREMENT, t INT, event CHAR(100), PRIMARY KEY (id)",
    "POSITIONS": "roi INT NOT NULL, t INT NOT NULL, x SMALLINT, PRIMARY KEY (roi, t)",
    "NAMES": "name VARCHAR(50) NOT NULL PRIMARY KEY, value INT",
}
NUMBERS = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real MariaDB, as a device runs it."""
    with private_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def database(server):
    """A device's database with one table of each kind of key, and a few rows."""
    name = f"ETHOSCOPE_{next(NUMBERS):03}_db"
    login = {"user": server.user, "password": server.password}
    with pymysql.connect(host="127.0.0.1", port=server.port, **login) as connection:
        database = Database(connection, server, name)
        database.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4", f"USE {name}")
        database.run(*(f"CREATE TABLE {t} ({columns})" for t, columns in TABLES.items()))
        database.run(
            "INSERT INTO METADATA VALUES ('date_time', '1767323045.12')",
            "INSERT INTO VAR_MAP VALUES ('x', 'SMALLINT', 'distance')",
            "INSERT INTO ROI_MAP VALUES (1, 1)",
            "INSERT INTO ROI_1 (t, x) VALUES (100, 1), (200, 2), (300, 3)",
            "INSERT INTO START_EVENTS (t, event) VALUES (1, 'graceful_start')",
            "INSERT INTO POSITIONS VALUES (1, 1, 10), (1, 2, 20), (2, 1, 30)",
            "INSERT INTO NAMES VALUES ('a', 1), ('b', 2)",
        )
        yield database
        database.run(f"DROP DATABASE {name}")


class Database:
    def __init__(self, connection, server, name):
        self.connection, self.server, self.name = connection, server, name

    def run(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        self.connection.commit()

    def source(self):
        return MariaDBSource(
            host="127.0.0.1",
            port=self.server.port,
            user=self.server.user,
            password=self.server.password,
            database=self.name,
        )


@pytest.fixture
def backup(database, tmp_path):
    """Mirror the database; gives what came of it."""
    path = tmp_path / "2026-01-02_03-04-05_0192c3d4.db"

    def backup():
        return mirror(database.source(), path, progress=lambda _: None, now=NOW)

    backup.path = path
    return backup


def primary_key(path, table):
    """The columns of a table's key, in their order in it, as SQLite itself tells them."""
    with closing(sqlite3.connect(path)) as copy:
        columns = copy.execute(f"PRAGMA table_info({table})").fetchall()
    return [column[1] for column in sorted(columns, key=lambda c: c[5]) if column[5]]


def rows(path, table):
    with closing(sqlite3.connect(path)) as copy:
        return copy.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("ROI_1", ["id"]),
        ("START_EVENTS", ["id"]),
        ("POSITIONS", ["roi", "t"]),
        ("NAMES", ["name"]),
        ("METADATA", []),
    ],
)
def test_each_table_keeps_its_primary_key(backup, table, expected):
    backup()
    assert primary_key(backup.path, table) == expected


def test_an_integer_key_is_the_rows_own_number_in_sqlite(backup):
    backup()
    with closing(sqlite3.connect(backup.path)) as copy:
        assert copy.execute("SELECT COUNT(*) FROM ROI_1 WHERE rowid = id").fetchone() == (3,)


@pytest.mark.parametrize(
    ("table", "row"),
    [("ROI_1", (1, 9, 9)), ("POSITIONS", (1, 2, 99)), ("NAMES", ("a", 3))],
)
def test_a_second_row_under_a_key_is_refused_by_the_file_itself(backup, table, row):
    backup()
    marks = ", ".join("?" * len(row))
    with closing(sqlite3.connect(backup.path)) as copy, pytest.raises(sqlite3.IntegrityError):
        copy.execute(f"INSERT INTO {table} VALUES ({marks})", row)


def test_all_rows_arrive_with_their_keys(backup):
    backup()
    assert rows(backup.path, "ROI_1") == [(1, 100, 1), (2, 200, 2), (3, 300, 3)]
    assert rows(backup.path, "POSITIONS") == [(1, 1, 10), (1, 2, 20), (2, 1, 30)]


def test_a_second_backup_doubles_no_row(backup):
    backup()
    again = backup()
    assert again.rows_added == 0
    assert len(rows(backup.path, "ROI_1")) == 3
    assert len(rows(backup.path, "METADATA")) == 1


def test_new_rows_are_added_by_their_keys(backup, database):
    backup()
    database.run("INSERT INTO ROI_1 (t, x) VALUES (400, 4)", "INSERT INTO POSITIONS VALUES (2,2,4)")
    assert backup().rows_added == 2
    assert rows(backup.path, "ROI_1")[-1] == (4, 400, 4)
    assert rows(backup.path, "POSITIONS")[-1] == (2, 2, 4)


def test_a_row_changed_under_its_key_replaces_the_old_one(backup, database):
    backup()
    database.run("UPDATE POSITIONS SET x = 99 WHERE roi = 1 AND t = 2")
    backup()
    assert rows(backup.path, "POSITIONS") == [(1, 1, 10), (1, 2, 99), (2, 1, 30)]


@pytest.fixture
def old_copy(backup):
    """A copy as the old mirror made it: no keys, and rows twice after a second run."""
    backup()
    with closing(sqlite3.connect(backup.path)) as copy:
        copy.executescript(
            """
            CREATE TABLE former AS SELECT * FROM ROI_1;
            DROP TABLE ROI_1;
            ALTER TABLE former RENAME TO ROI_1;
            INSERT INTO ROI_1 SELECT * FROM ROI_1;
            """
        )
    return backup.path


def test_the_old_copy_had_no_key_and_doubled_rows(old_copy):
    assert primary_key(old_copy, "ROI_1") == []
    assert len(rows(old_copy, "ROI_1")) == 6


def test_an_old_copy_without_a_key_is_given_one(old_copy):
    assert migrate_old_copy(old_copy, now=NOW).tables == ("ROI_1",)
    assert primary_key(old_copy, "ROI_1") == ["id"]


def test_duplicates_are_removed_from_an_old_copy_and_nothing_else(old_copy):
    assert migrate_old_copy(old_copy, now=NOW).duplicates == 3
    assert rows(old_copy, "ROI_1") == [(1, 100, 1), (2, 200, 2), (3, 300, 3)]


def test_the_next_backup_migrates_an_old_copy_by_itself(old_copy, backup):
    result = backup()
    assert result.complete
    assert result.duplicates_removed == 3
    assert primary_key(old_copy, "ROI_1") == ["id"]
    assert len(rows(old_copy, "ROI_1")) == 3
