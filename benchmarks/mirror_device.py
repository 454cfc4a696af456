"""A MariaDB as a device fills it: 20 ROI tables and the rest, on a private server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pymysql.connections import Connection

from tests.servers import PrivateMariaDB, private_mariadb

DATABASE = "ETHOSCOPE_001_db"
ROIS = 20
_NUMBERED = "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t INT"
_ROI = (
    f"{_NUMBERED}, x SMALLINT, y SMALLINT, w SMALLINT, h SMALLINT, phi SMALLINT, "
    "xy_dist_log10x1000 SMALLINT, is_inferred BOOLEAN, has_interacted SMALLINT"
)
_ACTIVITY = ", ".join(f"ROI_{roi} SMALLINT" for roi in range(1, ROIS + 1))
_SENSORS = "temperature FLOAT, humidity FLOAT, light INT, pressure FLOAT"
_TABLES = {
    "ROI_MAP": (
        "roi_idx SMALLINT, roi_value SMALLINT, x SMALLINT, y SMALLINT, w SMALLINT, h SMALLINT"
    ),
    "VAR_MAP": "var_name CHAR(100), sql_type CHAR(100), functional_type CHAR(100)",
    "METADATA": "field CHAR(100), value TEXT",
    "START_EVENTS": f"{_NUMBERED}, event CHAR(100)",
    "IMG_SNAPSHOTS": f"{_NUMBERED}, img LONGBLOB",
    "CSV_DAM_ACTIVITY": (
        f"id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, date CHAR(100), time CHAR(100), {_ACTIVITY}"
    ),
    "SENSORS": f"{_NUMBERED}, {_SENSORS}",
    **{f"ROI_{roi}": _ROI for roi in range(1, ROIS + 1)},
}
_FIXED = (
    "INSERT INTO VAR_MAP VALUES ('x', 'SMALLINT', 'distance'), ('phi', 'SMALLINT', 'angle')",
    "INSERT INTO METADATA VALUES ('date_time', '1767323045.12'), ('sqlite_source_path', NULL)",
    "INSERT INTO START_EVENTS VALUES (1, 1767323045, 'graceful_start')",
    "INSERT INTO ROI_MAP SELECT seq, seq, 10 * seq, 20, 60, 300 FROM seq_1_to_20",
    "INSERT INTO IMG_SNAPSHOTS SELECT seq, seq * 300000, REPEAT(X'FFD80012', 15000) "
    "FROM seq_1_to_300",
    "INSERT INTO SENSORS SELECT seq, seq * 120000, 20 + seq / 700, 50, 1, 1013.25 "
    "FROM seq_1_to_700",
)


@dataclass(frozen=True, slots=True)
class BenchDevice:
    server: PrivateMariaDB
    connection: Connection

    def add_rows(self, count: int) -> None:
        """So many more, spread over all the ROI tables."""
        first = int(self._one("SELECT COALESCE(MAX(id), 0) FROM ROI_1")) + 1
        for roi in range(1, ROIS + 1):
            self.run(
                f"INSERT INTO ROI_{roi} SELECT seq, seq * 200 + {roi}, seq * 7 % 640, "  # noqa: S608
                "seq * 3 % 480, seq % 50, seq % 40, seq % 180, -(seq * 11 % 3000), seq % 10 = 0, 0 "
                f"FROM seq_{first}_to_{first + count // ROIS - 1}"
            )

    def questions(self) -> int:
        """How many the server has answered; asking is one itself."""
        with self.connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
            row = cursor.fetchone()
        return int(row[1]) if row else 0

    def run(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _one(self, query: str) -> str:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return str(row[0]) if row else ""


@contextmanager
def bench_device(*, rows: int) -> Iterator[tuple[BenchDevice, Path]]:
    """A device's server with so many ROI rows, and a folder for copies; both gone at the end."""
    with TemporaryDirectory(prefix="ethonode-bench-") as folder:
        place = Path(folder)
        with private_mariadb(place / "mariadb") as server, _connected(server) as connection:
            device = BenchDevice(server, connection)
            device.run(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", f"USE {DATABASE}")
            device.run(*(f"CREATE TABLE {name} ({what})" for name, what in _TABLES.items()))
            device.run(*_FIXED)
            device.add_rows(rows)
            yield device, place


@contextmanager
def _connected(server: PrivateMariaDB) -> Iterator[Connection]:
    connection = Connection(
        host="127.0.0.1",
        port=server.port,
        user=server.user,
        password=server.password,
        autocommit=True,
    )
    with connection:
        yield connection
