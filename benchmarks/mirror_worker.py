"""One copy in a process of its own: ours by a driver, or the reference, 200 rows to a commit.

Prints seconds, rows and peak memory as JSON; the start of Python and its imports do not count.
"""

import json
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from backups.engine.mirror import MariaDBSource, mirror
from backups.engine.mirror.drivers import DRIVERS, Driver
from benchmarks.mirror_device import DATABASE

REFERENCE = "reference"
CHUNK = 200
LOGIN: dict[str, Any] = dict.fromkeys(("user", "password"), "ethoscope") | {"host": "127.0.0.1"}
WHOLE = frozenset({"ROI_MAP", "VAR_MAP", "METADATA"})


def ours(driver: Driver, port: int, destination: Path) -> int:
    source = MariaDBSource(**LOGIN, port=port, database=DATABASE, driver=driver)
    result = mirror(source, destination, progress=lambda _: None, now=datetime.now(UTC))
    if not result.complete:
        raise SystemExit(f"not complete: {result.findings}")
    return result.rows_added


def reference(port: int, destination: Path) -> int:
    """As the old mirror does it: two questions a table, more for each 200 rows."""
    server = Connection(**LOGIN, port=port, database=DATABASE)
    with server, server.cursor() as cursor, closing(sqlite3.connect(destination)) as copy:
        cursor.execute("SHOW TABLES")
        names = [row[0] for row in cursor.fetchall()]
        return sum(_reference_table(cursor, copy, name) for name in names)


def _reference_table(cursor: Cursor, copy: sqlite3.Connection, table: str) -> int:
    cursor.execute(f"SHOW COLUMNS FROM {table}")
    columns = [row[0] for row in cursor.fetchall()]
    definitions = [f"{name} PRIMARY KEY" if name == "id" else name for name in columns]
    if "id" in columns:
        definitions[0] = "id INTEGER PRIMARY KEY"
    copy.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(definitions)})")
    if table in WHOLE:
        return _reference_whole(cursor, copy, table, columns)
    return _reference_chunks(cursor, copy, table, len(columns))


def _reference_whole(
    cursor: Cursor, copy: sqlite3.Connection, table: str, columns: list[str]
) -> int:
    cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
    same = " AND ".join(f"{name} IS ?" for name in columns)
    added = 0
    for row in cursor.fetchall():
        if not copy.execute(f"SELECT 1 FROM {table} WHERE {same}", row).fetchone():  # noqa: S608
            copy.execute(f"INSERT INTO {table} VALUES ({_marks(len(row))})", row)  # noqa: S608
            added += 1
    copy.commit()
    return added


def _reference_chunks(cursor: Cursor, copy: sqlite3.Connection, table: str, width: int) -> int:
    added = 0
    rows: list[tuple[Any, ...]] = [()]
    last = copy.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]  # noqa: S608
    insertion = f"INSERT OR IGNORE INTO {table} VALUES ({_marks(width)})"  # noqa: S608
    while rows:
        cursor.execute(f"SELECT * FROM {table} WHERE id > {last} ORDER BY id LIMIT {CHUNK}")  # noqa: S608
        rows = list(cursor.fetchall())
        if rows:
            copy.executemany(insertion, rows)
            copy.commit()
            last, added = rows[-1][0], added + len(rows)
        if len(rows) < CHUNK // 2:
            break
    return added


def _marks(count: int) -> str:
    return ", ".join("?" * count)


WORKS: dict[str, Callable[[int, Path], int]] = {
    REFERENCE: reference,
    **{driver.name: partial(ours, driver) for driver in DRIVERS},
}


def main(words: list[str]) -> dict[str, Any]:
    work, port, destination = words
    started = time.perf_counter()
    rows = WORKS[work](int(port), Path(destination))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "rows": rows, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
