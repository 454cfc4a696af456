"""The result database of a run in a MariaDB server, as devices with the older writer have it."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import pymysql

from lab.schema import counting, mariadb_roi_statements, mariadb_statements
from lab.servers.mariadb import PrivateMariaDB
from lab.stores import Row, StoreLost, one_commit, reading
from lab.tracking import Tracking


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
        return list(self._do(reading(table, after)))

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
        return one_commit(self._do)

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


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except (pymysql.OperationalError, pymysql.InterfaceError) as error:
        raise StoreLost(f"the MariaDB of a device: {error}") from error
