"""The mirror daemon's copy of a MariaDB database, as it does it: by MAX(id), NULLs twice."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lab.schema import PLAIN_TABLES, mirror_statement
from lab.stores import Row, Store


class NotReadyYet(Exception):
    """The run has no row yet; what the daemon made of its copy is there, and empty."""


def mirror(source: Store, target: Path) -> None:
    """Copy the rows that are new, a commit for each table, and append activity to the `.txt`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    text = target.with_suffix(".txt")
    text.touch()
    if not source.rows("VAR_MAP"):
        target.touch()
        raise NotReadyYet
    with closing(sqlite3.connect(target)) as copy:
        copy.execute("PRAGMA synchronous=OFF")
        for table in source.tables():
            new = _copy_table(copy, source, table)
            if table == "CSV_DAM_ACTIVITY":
                with text.open("a") as lines:
                    lines.writelines("\t".join(map(str, row)) + "\n" for row in new)


def _copy_table(copy: sqlite3.Connection, source: Store, table: str) -> list[Row]:
    made = "SELECT COUNT(*) FROM sqlite_master WHERE name = ?"
    if not copy.execute(made, (table,)).fetchone()[0]:
        copy.execute(mirror_statement(table))
    add = _add_plain if table in PLAIN_TABLES else _add_numbered
    with copy:
        return add(copy, source, table)


def _add_numbered(copy: sqlite3.Connection, source: Store, table: str) -> list[Row]:
    newest = copy.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]  # noqa: S608
    if rows := source.rows(table, after=newest):
        marks = ", ".join("?" * len(rows[0]))
        copy.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608
    return rows


def _add_plain(copy: sqlite3.Connection, source: Store, table: str) -> list[Row]:
    """A NULL equals nothing, so METADATA's NULL is inserted again at each turn: as upstream."""
    names = [column.split()[0] for column in PLAIN_TABLES[table].split(",")]
    marks, same = ", ".join("?" * len(names)), " AND ".join(f"{name} = ?" for name in names)
    held = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608
    insert = f"INSERT INTO {table} SELECT {marks} WHERE NOT EXISTS ({held})"
    rows = source.rows(table)
    copy.executemany(insert, [(*row, *row) for row in rows])
    return rows
