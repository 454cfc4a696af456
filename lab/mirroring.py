"""The mirror daemon's copy of a MariaDB database, as it does it: by MAX(id), NULLs twice."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lab.schema import PLAIN_TABLES, id_tables, mirror_statements


def mirror(source: Path, target: Path) -> None:
    """Copy the rows that are new, and append the new activity rows to the `.txt` beside."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous=OFF")
        copy.execute("ATTACH ? AS source", (f"{source}",))
        copy.execute("BEGIN")
        if not copy.execute("SELECT COUNT(*) FROM main.sqlite_master").fetchone()[0]:
            for statement in mirror_statements():
                copy.execute(statement)
        seen = copy.execute("SELECT COALESCE(MAX(id), 0) FROM main.CSV_DAM_ACTIVITY").fetchone()[0]
        _copy_tables(copy)
        activity = copy.execute("SELECT * FROM main.CSV_DAM_ACTIVITY WHERE id > ?", (seen,))
        lines = ["\t".join(map(str, row)) + "\n" for row in activity]
        copy.execute("COMMIT")
    with target.with_suffix(".txt").open("a") as text:
        text.writelines(lines)


def _copy_tables(copy: sqlite3.Connection) -> None:
    for table in id_tables():
        copy.execute(
            f"INSERT OR IGNORE INTO main.{table} SELECT * FROM source.{table} "  # noqa: S608
            f"WHERE id > (SELECT COALESCE(MAX(id), 0) FROM main.{table})"
        )
    for table, columns in PLAIN_TABLES.items():
        names = [column.split()[0] for column in columns.split(",")]
        # A NULL equals nothing, so METADATA's NULL is inserted again at each turn: as upstream.
        same = " AND ".join(f"held.{name} = new.{name}" for name in names)
        copy.execute(
            f"INSERT INTO main.{table} SELECT * FROM source.{table} AS new "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM main.{table} AS held WHERE {same})"
        )
