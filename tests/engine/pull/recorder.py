"""A device's tracking program: commits rows to a WAL database until it is told to stop.

Every transaction adds one row to ROI_1, one to ROI_2, and says so in ROI_MAP: a copy in which the
three disagree is of no moment that ever was. Run as a program: recorder.py FILE [PAUSE].
"""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

TABLES = """
    CREATE TABLE METADATA (field CHAR(100), value VARCHAR(4000));
    CREATE TABLE VAR_MAP (var_name CHAR(100), sql_type CHAR(100), functional_type CHAR(100));
    CREATE TABLE ROI_MAP (roi_idx INTEGER, roi_value INTEGER);
    CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY AUTOINCREMENT, t INTEGER, x BLOB);
    CREATE TABLE ROI_2 (id INTEGER PRIMARY KEY AUTOINCREMENT, t INTEGER, x BLOB);
    INSERT INTO VAR_MAP VALUES ('x', 'SMALLINT', 'distance');
    INSERT INTO ROI_MAP VALUES (1, 0);
"""


def begin(path, *, started=1767323045.1, rows=200):
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(TABLES)
    connection.execute("INSERT INTO METADATA VALUES ('date_time', ?)", (str(started),))
    owner = Path(path).stem[len("2026-01-02_03-04-05_") :] or "nobody"
    connection.execute("INSERT INTO METADATA VALUES ('machine_id', ?)", (owner,))
    write(connection, rows)
    return connection


def write(connection, rows=1):
    connection.execute("BEGIN IMMEDIATE")
    for table in ("ROI_1", "ROI_2"):
        connection.executemany(
            f"INSERT INTO {table} (t, x) VALUES (?, randomblob(120))",  # noqa: S608
            [(n,) for n in range(rows)],
        )
    connection.execute("UPDATE ROI_MAP SET roi_value = roi_value + ?", (rows,))
    connection.execute("COMMIT")


def state_of(path):
    """Three counts that must agree, and what SQLite thinks of the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        counts = [
            connection.execute(query).fetchone()[0]
            for query in (
                "SELECT roi_value FROM ROI_MAP",
                "SELECT count(*) FROM ROI_1",
                "SELECT max(id) FROM ROI_2",
            )
        ]
        return counts, connection.execute("PRAGMA integrity_check").fetchone()[0]


if __name__ == "__main__":
    with closing(begin(Path(sys.argv[1]), rows=2000)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 200")
        print("writing", flush=True)  # noqa: T201
        while True:
            write(database, 5)
            time.sleep(float(sys.argv[2]))
