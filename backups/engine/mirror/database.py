"""What a copy holds, asked of SQLite: its tables, columns, keys."""

import sqlite3

from backups.engine.mirror.columns import quoted
from backups.engine.mirror.schema import Table

Layout = tuple[tuple[str, str, bool, int], ...]


def layouts(connection: sqlite3.Connection) -> dict[str, Layout]:
    """All tables but SQLite's own, by their exact names."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
    names = [row[0] for row in connection.execute(query + "ESCAPE '\\' ORDER BY name")]
    return {name: layout(connection, name) for name in names}


def layout(connection: sqlite3.Connection, table: str) -> Layout:
    rows = connection.execute(f"PRAGMA table_info({quoted(table)})")
    return tuple((name, kind, bool(filled), place) for _, name, kind, filled, _, place in rows)


def key_range(connection: sqlite3.Connection, table: Table) -> tuple[int | None, int | None]:
    key = quoted(table.rising_key or "")
    name = quoted(table.name)
    query = f"SELECT (SELECT MIN({key}) FROM {name}), (SELECT MAX({key}) FROM {name})"  # noqa: S608
    low, high = connection.execute(query).fetchone()
    return low, high


def count(connection: sqlite3.Connection, query: str) -> int:
    """The number of rows that a query gives."""
    return int(connection.execute(f"SELECT COUNT(*) FROM ({query})").fetchone()[0])  # noqa: S608


def create_table(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(f"CREATE TABLE {quoted(table.name)} {table.creation}")
