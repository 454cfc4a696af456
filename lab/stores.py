"""What keeps the result database of a run: a SQLite file, or a database of a MariaDB server.

SQLite runs are files in WAL mode, held open while the run goes on. A MariaDB that nobody can
log in to is stood in for by a file of the mirror's schema, from which the mirror daemon copies.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from lab.schema import (
    PLAIN_TABLES,
    base_tables,
    counting,
    mirror_statement,
    native_roi_statements,
    native_statements,
    roi_tables,
)
from lab.tracking import ResultWriter, Tracking

Row = Sequence[Any]


class StoreLost(Exception):
    """The server of a device is gone."""


class Store(Protocol):
    """`is_new`: it has no tables yet."""

    is_new: bool

    def create_tables(self) -> None:
        """All but those of the ROIs."""

    def create_roi_tables(self) -> None:
        """As its first rows come; no transaction may be under way."""

    def tables(self) -> list[str]: ...

    def rows(self, table: str, *, after: int = 0) -> list[Row]:
        """All, or where the table has an id those with a higher one, in their order."""

    def table_counts(self) -> dict[str, int]:
        """As a device tells them: MAX(id)+1, or the count of rows where no id is."""

    def insert(self, table: str, rows: Iterable[Row]) -> None: ...

    def insert_range(self, table: str, values: str, *, first: int, last: int) -> None:
        """A row for each number; `values` are expressions of SQL, in which it is called seq."""

    def newest(self, table: str, column: str) -> int:
        """The highest value, 0 in an empty table."""

    def transaction(self) -> AbstractContextManager[None]:
        """One commit for all that is written within."""

    def size_bytes(self) -> int: ...

    def checkpoint(self) -> None:
        """Fold a WAL into its file: what a byte copy of it has."""

    def close(self) -> None: ...


def reading(table: str, after: int) -> str:
    if table in PLAIN_TABLES:
        return f"SELECT * FROM {table}"  # noqa: S608
    return f"SELECT * FROM {table} WHERE id > {after} ORDER BY id"  # noqa: S608


@contextmanager
def one_commit(execute: Callable[[str], object]) -> Iterator[None]:
    execute("BEGIN")
    with ExitStack() as begun:
        begun.callback(execute, "ROLLBACK")
        yield
        begun.pop_all()
    execute("COMMIT")


class SqliteStore:
    def __init__(self, run: Tracking, path: Path) -> None:
        self._path = path
        self._native = run.writer is ResultWriter.SQLITE
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=OFF")  # a simulated device loses no power
        self.is_new = self.newest("sqlite_master", "rowid") == 0
        if self.is_new and self._native:
            self._connection.execute("PRAGMA journal_mode=WAL").fetchall()
        self._connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()  # see ResultDatabase

    def create_tables(self) -> None:
        made = map(mirror_statement, base_tables())
        for statement in native_statements() if self._native else made:
            self._connection.execute(statement)

    def create_roi_tables(self) -> None:
        made = map(mirror_statement, roi_tables())
        if "ROI_1" in self.tables():
            return
        with self.transaction():
            for statement in native_roi_statements() if self._native else made:
                self._connection.execute(statement)

    def tables(self) -> list[str]:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [name for (name,) in self._connection.execute(sql)]

    def rows(self, table: str, *, after: int = 0) -> list[Row]:
        return self._connection.execute(reading(table, after)).fetchall()

    def table_counts(self) -> dict[str, int]:
        return dict(self._connection.execute(counting(self.tables())))

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        if rows:
            sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608
            self._connection.executemany(sql, rows)

    def insert_range(self, table: str, values: str, *, first: int, last: int) -> None:
        self._connection.execute(
            "WITH RECURSIVE numbers(seq) AS ("  # noqa: S608
            f"SELECT {first} UNION ALL SELECT seq + 1 FROM numbers WHERE seq < {last}) "
            f"INSERT INTO {table} SELECT {values} FROM numbers"
        )

    def newest(self, table: str, column: str) -> int:
        sql = f"SELECT COALESCE(MAX({column}), 0) FROM {table}"  # noqa: S608
        return int(self._connection.execute(sql).fetchone()[0])

    def transaction(self) -> AbstractContextManager[None]:
        return one_commit(self._connection.execute)  # sqlite3's own commits each statement

    def size_bytes(self) -> int:
        return self._path.stat().st_size

    def checkpoint(self) -> None:
        if self._native:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        self._connection.close()
