"""Rows that leave the copy: a mirror follows its source, but it throws nothing away."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from backups.engine.mirror.columns import quoted

SCHEMA = "kept"
_KEPT_AT = "kept_at"


@contextmanager
def attached(connection: sqlite3.Connection, path: Path, schema: str) -> Iterator[None]:
    connection.execute(f"ATTACH ? AS {schema}", (str(path),))
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute(f"DETACH {schema}")


def keep_rows(
    connection: sqlite3.Connection,
    table: str,
    columns: Iterable[str],
    query: str,
    *,
    now: datetime,
) -> int:
    """Put the rows of a query into the table's namesake among the kept ones."""
    names = list(columns)
    target = f"{SCHEMA}.{quoted(table)}"
    stamp = _stamp(names)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {target} ({stamp} TEXT)")
    rows = connection.execute(f"PRAGMA {SCHEMA}.table_info({quoted(table)})")
    held = {row[1] for row in rows}
    for name in names:
        if name not in held:
            connection.execute(f"ALTER TABLE {target} ADD COLUMN {quoted(name)}")
    into = ", ".join([stamp, *map(quoted, names)])
    done = connection.execute(
        f"INSERT INTO {target} ({into}) SELECT ?, * FROM ({query})",  # noqa: S608
        (f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",),
    )
    return done.rowcount


def _stamp(names: Iterable[str]) -> str:
    """The column that says when: under a name that no column of the device has."""
    taken = {name.lower() for name in names}
    return next(name for n in count() if (name := _KEPT_AT + "_" * n) not in taken)
