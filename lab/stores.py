"""What keeps the result database of a run: a SQLite file, or a database of a MariaDB server.

SQLite runs are files in WAL mode, held open while the run goes on. A MariaDB that nobody can
log in to is stood in for by a file of the mirror's schema, from which the mirror daemon copies.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import pymysql

from lab.schema import (
    PLAIN_TABLES,
    base_tables,
    counting,
    mariadb_roi_statements,
    mariadb_statements,
    mirror_statement,
    native_roi_statements,
    native_statements,
    roi_tables,
)
from lab.servers.mariadb import PrivateMariaDB
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
        return self._connection.execute(_reading(table, after)).fetchall()

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
        return _transaction(self._connection.execute)  # sqlite3's own commits each statement

    def size_bytes(self) -> int:
        return self._path.stat().st_size

    def checkpoint(self) -> None:
        if self._native:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        self._connection.close()


class MariaStore:
    """A device's database. As its software does, a run that begins drops the one before.

    All its methods raise StoreLost, and so does reading what was dropped.
    """

    def __init__(self, run: Tracking, server: PrivateMariaDB) -> None:
        self._name = run.database_name
        with _lost():
            self._connection = server.connect()
        self.is_new = not self._holds(run)
        if not self.is_new:
            self._do(f"USE `{self._name}`")
        elif run.stopped_at is None:
            self._begin()
        else:
            raise StoreLost(f"{run.filename} was dropped")

    def _begin(self) -> None:
        self._end_readers()
        self._do(f"DROP DATABASE IF EXISTS `{self._name}`")
        self._do(f"CREATE DATABASE `{self._name}` CHARACTER SET utf8mb4")
        self._do(f"USE `{self._name}`")

    def create_tables(self) -> None:
        for statement in mariadb_statements():
            self._do(statement)

    def create_roi_tables(self) -> None:
        for statement in mariadb_roi_statements():
            self._do(statement)

    def tables(self) -> list[str]:
        return [name for (name,) in self._do("SHOW TABLES")]

    def rows(self, table: str, *, after: int = 0) -> list[Row]:
        return list(self._do(_reading(table, after)))

    def table_counts(self) -> dict[str, int]:
        return {name: int(count) for name, count in self._do(counting(self.tables()))}

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        if rows:
            sql = f"INSERT INTO `{table}` VALUES ({', '.join(['%s'] * len(rows[0]))})"  # noqa: S608
            with _lost(), self._connection.cursor() as cursor:
                cursor.executemany(sql, rows)

    def insert_range(self, table: str, values: str, *, first: int, last: int) -> None:
        self._do(f"INSERT INTO `{table}` SELECT {values} FROM seq_{first}_to_{last}")  # noqa: S608

    def newest(self, table: str, column: str) -> int:
        sql = f"SELECT COALESCE(MAX(`{column}`), 0) FROM `{table}`"  # noqa: S608
        return int(self._do(sql)[0][0])

    def transaction(self) -> AbstractContextManager[None]:
        return _transaction(self._do)

    def size_bytes(self) -> int:
        """As a device asks for it."""
        size = "COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0)"
        here = f"TABLE_SCHEMA = '{self._name}'"
        sql = f"SELECT {size} FROM information_schema.TABLES WHERE {here}"  # noqa: S608
        return int(self._do(sql)[0][0])

    def checkpoint(self) -> None:
        """There is none."""

    def close(self) -> None:
        if self._connection.open:
            self._connection.close()

    def _end_readers(self) -> None:
        """They come through the lab, which must not wait for what waits for it."""
        readers = f"SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{self._name}'"  # noqa: S608
        for (reader,) in self._do(readers):
            with suppress(StoreLost):  # it is gone already
                self._do(f"KILL {reader}")

    def _holds(self, run: Tracking) -> bool:
        """The first rows are committed last: a start that was killed half-way begins anew."""
        here = f"TABLE_SCHEMA = '{self._name}' AND TABLE_NAME = 'METADATA'"
        if not self._do(f"SELECT 1 FROM information_schema.TABLES WHERE {here}"):  # noqa: S608
            return False
        names = f"SELECT value FROM `{self._name}`.METADATA WHERE field = 'backup_filename'"  # noqa: S608
        return (run.filename,) in self._do(names)

    def _do(self, sql: str) -> tuple[Any, ...]:
        with _lost(), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall())


def _reading(table: str, after: int) -> str:
    if table in PLAIN_TABLES:
        return f"SELECT * FROM {table}"  # noqa: S608
    return f"SELECT * FROM {table} WHERE id > {after} ORDER BY id"  # noqa: S608


@contextmanager
def _transaction(execute: Callable[[str], object]) -> Iterator[None]:
    execute("BEGIN")
    try:
        yield
    except BaseException:
        execute("ROLLBACK")
        raise
    execute("COMMIT")


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except (pymysql.OperationalError, pymysql.InterfaceError) as error:
        raise StoreLost(f"the MariaDB of a device: {error}") from error
