"""A device's database on the test server, and the same rows read back without our own code."""
# ruff: noqa: S608

import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pymysql

from backups.engine.mirror import MariaDBSource
from backups.engine.mirror.drivers import QUICKEST, Driver
from tests.servers import PrivateMariaDB

ROIS = 3
_ROI = (
    "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t INT, x SMALLINT, y SMALLINT, w SMALLINT, "
    "h SMALLINT, phi SMALLINT, xy_dist_log10x1000 SMALLINT, is_inferred BOOLEAN, "
    "has_interacted SMALLINT"
)
TABLES = {
    "ROI_MAP": (
        "roi_idx SMALLINT, roi_value SMALLINT, x SMALLINT, y SMALLINT, w SMALLINT, h SMALLINT"
    ),
    "VAR_MAP": "var_name CHAR(100), sql_type CHAR(100), functional_type CHAR(100)",
    "METADATA": "field CHAR(100), value TEXT",
    "START_EVENTS": "id INT AUTO_INCREMENT PRIMARY KEY, t INT, event CHAR(100)",
    "IMG_SNAPSHOTS": "id INT AUTO_INCREMENT PRIMARY KEY, t INT, img LONGBLOB",
    "CSV_DAM_ACTIVITY": (
        "id INT AUTO_INCREMENT PRIMARY KEY, date CHAR(100), time CHAR(100), "
        + ", ".join(f"ROI_{roi} SMALLINT" for roi in range(1, ROIS + 1))
    ),
    "SENSORS": (
        "id INT AUTO_INCREMENT PRIMARY KEY, t INT, temperature FLOAT, humidity FLOAT, light INT, "
        "pressure FLOAT"
    ),
    **{f"ROI_{roi}": _ROI for roi in range(1, ROIS + 1)},
}


@dataclass(frozen=True, slots=True)
class Device:
    server: PrivateMariaDB
    database: str
    connection: pymysql.Connection
    driver: Driver = QUICKEST

    def run(self, *statements: str) -> list[tuple]:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def insert(self, table: str, *rows: tuple) -> None:
        marks = ", ".join(["%s"] * len(rows[0]))
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO `{table}` VALUES ({marks})", rows)

    def source(self, **others) -> MariaDBSource:
        words = {"host": "127.0.0.1", "port": self.server.port, "database": self.database}
        words |= {"user": "node", "password": "node", "driver": self.driver}
        return MariaDBSource(**(words | others))

    def begin_run(self, *, started: str = "1767323045.12", rows: int = 100) -> None:
        """As a device does at a start: everything is dropped and made anew."""
        self.run(
            f"DROP DATABASE IF EXISTS `{self.database}`",
            f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4",
            f"USE `{self.database}`",
            *(f"CREATE TABLE `{name}` ({columns})" for name, columns in TABLES.items()),
        )
        self.insert("METADATA", ("date_time", started), ("sqlite_source_path", None))
        self.insert("VAR_MAP", ("x", "SMALLINT", "distance"), ("phi", "SMALLINT", "angle"))
        self.insert("START_EVENTS", (1, 1767323045, "graceful_start"))
        for roi in range(1, ROIS + 1):
            self.insert("ROI_MAP", (roi, roi, 10 * roi, 20, 60, 300))
            self.track(roi, first=1, last=rows, seed=len(started) + int(float(started)) % 97)

    def track(self, roi: int, *, first: int, last: int, seed: int = 0) -> None:
        self.run(
            f"INSERT INTO ROI_{roi} SELECT seq, seq * 200 + {roi}, (seq + {seed}) % 640, "
            "seq % 480, seq % 50, seq % 40, seq % 180, -(seq % 3000), seq % 10 = 0, "
            f"IF(seq % 7, 0, NULL) FROM seq_{first}_to_{last}"
        )

    def tables(self) -> list[str]:
        return [row[0] for row in self.run("SHOW TABLES")]

    def columns(self, table: str) -> list[tuple[str, str]]:
        query = (
            "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION"
        )
        with self.connection.cursor() as cursor:
            cursor.execute(query, (self.database, table))
            return list(cursor.fetchall())

    def rows(self, table: str) -> list[tuple]:
        """What an exact copy holds, each value as SQLite would have it."""
        columns = self.columns(table)
        names = ", ".join(_exactly(name, kind) for name, kind in columns)
        found = self.run(f"SELECT {names} FROM {ticked(table)}")
        kinds = [kind for _, kind in columns]
        return sorted((_as_kept(row, kinds) for row in found), key=repr)


def connected(server: PrivateMariaDB) -> pymysql.Connection:
    return pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=server.password,
        charset="utf8mb4",
        autocommit=True,
        init_command="SET time_zone = '+00:00'",
    )


def ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _exactly(name: str, kind: str) -> str:
    if kind in {"decimal", "date", "time", "datetime", "timestamp", "uuid", "inet6"}:
        return f"CAST({ticked(name)} AS CHAR)"
    if kind == "float":
        return f"CAST({ticked(name)} AS DOUBLE)"
    return f"{ticked(name)} + 0" if kind == "bit" else ticked(name)


def _as_kept(row: tuple, kinds: list[str]) -> tuple:
    return tuple(_value(value, kind) for value, kind in zip(row, kinds, strict=True))


def _value(value, kind: str):
    if kind == "float" and value is not None:
        return ("float", struct.pack("f", value))
    if isinstance(value, int) and value >= 2**63:
        return str(value)
    return value


def rows_here(path: Path, table: str, *, kinds: list[str] | None = None) -> list[tuple]:
    with closing(sqlite3.connect(path)) as copy:
        found = copy.execute(f"SELECT * FROM {ticked(table)}").fetchall()
    return sorted((_as_kept(r, kinds or [""] * len(r)) for r in found), key=repr)


def differing_tables(device: Device, path: Path) -> list[str]:
    """The tables of the device that are not row by row the same in the copy."""
    return [name for name in device.tables() if not _same(device, path, name)]


def _same(device: Device, path: Path, table: str) -> bool:
    kinds = [kind for _, kind in device.columns(table)]
    return device.rows(table) == rows_here(path, table, kinds=kinds)
