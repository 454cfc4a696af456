"""The databases of the world's MariaDB devices, on one real server that all of them share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymysql.connections import Connection

from lab.servers.mariadb import PrivateMariaDB, private_mariadb
from tests.faults import databases
from tests.faults.births import MOST_AT_ONCE, address_of
from tests.faults.case import Case
from tests.faults.truth import Experiment

KEY = "INT NOT NULL AUTO_INCREMENT PRIMARY KEY"
TEXT = "CHAR(100)"
TABLES = {
    "METADATA": f"field {TEXT}, value TEXT",
    "VAR_MAP": f"var_name {TEXT}, sql_type {TEXT}, functional_type {TEXT}",
    "ROI_MAP": "roi_idx SMALLINT, roi_value SMALLINT, x SMALLINT, y SMALLINT, w SMALLINT, "
    "h SMALLINT",
    "START_EVENTS": f"id {KEY}, t INT, event {TEXT}",
    "IMG_SNAPSHOTS": f"id {KEY}, t INT, img LONGBLOB",
}
ROI = (
    f"id {KEY}, t BIGINT, x SMALLINT, y SMALLINT, w SMALLINT, h SMALLINT, phi SMALLINT, "
    "xy_dist_log10x1000 SMALLINT, is_inferred BOOLEAN, has_interacted SMALLINT"
)


class MariaDB:
    """What each device's server holds: the newest experiment, for each start drops the last."""

    def __init__(self, server: PrivateMariaDB, connection: Connection) -> None:
        self.port = server.port
        self._connection = connection
        self._holds: dict[str, Experiment] = {}
        self._accounts: set[str] = set()
        self._run("CREATE DATABASE nobody_db")  # a server with one database gives it to anyone

    def follow(self, case: Case) -> None:
        """Bring a device's database to what it holds now."""
        name = f"{case.born_name}_db"
        self._let_in(case, name)
        newest = max(case.experiments("mysql"), key=lambda one: one.begins, default=None)
        if newest is None or newest.gone:
            self._drop(name)
            return
        if self._holds.get(name) is not newest:
            self._drop(name)
            self._create(name, newest)
        self._append(name, newest, case)

    def _let_in(self, case: Case, name: str) -> None:
        """By an account that is shown this database alone: all share one server."""
        if case.born_name not in self._accounts:
            self._accounts.add(case.born_name)
            account = f"'{case.born_name}'@'%'"
            self._run(f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY 'ethoscope'")
            pattern = name.replace("_", r"\_")
            self._run(f"GRANT ALL ON `{pattern}`.* TO {account}")

    def held_for(self, case: Case) -> Experiment | None:
        return self._holds.get(f"{case.born_name}_db")

    def totals(self, case: Case, one: Experiment) -> dict[str, int]:
        """What each question about its tables is answered."""
        of = f"`{case.born_name}_db`."
        return {asked: int(self._run(asked.format(of))[0][0]) for asked in questions(one)}

    def forget(self) -> None:
        for name in list(self._holds):
            self._drop(name)

    def _drop(self, name: str) -> None:
        if self._holds.pop(name, None):
            self._run(f"DROP DATABASE `{name}`")

    def _create(self, name: str, one: Experiment) -> None:
        self._holds[name] = one
        self._run(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        rois = {f"ROI_{roi}": ROI for roi in range(1, one.rois + 1)}
        for table, columns in (TABLES | rois).items():
            self._run(f"CREATE TABLE `{name}`.{table} ({columns})")
        for table, rows in databases.first_rows(one).items():
            self._insert(name, table, rows)

    def _append(self, name: str, one: Experiment, case: Case) -> None:
        for table, rows in databases.later_rows(one, case.at, self._has(name, one)).items():
            self._insert(name, table, rows)
        if one in case.more_rows:
            case.more_rows.remove(one)
            self._run(f"INSERT INTO `{name}`.ROI_1 (t, x) VALUES (1, 2)")
        if one in case.other_rows:
            case.other_rows.remove(one)
            self._run(f"UPDATE `{name}`.ROI_1 SET x = x + 1 WHERE id = 1")

    def _has(self, name: str, one: Experiment) -> dict[str, int]:
        """How many starts, stops and rows of each ROI are there."""
        of = f"FROM `{name}`."
        queries = {
            "starts": f"SELECT count(*) {of}START_EVENTS",
            "stops": f"SELECT count(*) {of}METADATA WHERE field = 'stop_date_time'",
        } | {f"ROI_{r}": f"SELECT max(id) {of}ROI_{r}" for r in range(1, one.rois + 1)}
        return {key: self._run(query)[0][0] or 0 for key, query in queries.items()}

    def _insert(self, name: str, table: str, rows: list[tuple]) -> None:
        if rows:
            marks = ", ".join(["%s"] * len(rows[0]))
            with self._connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO `{name}`.{table} VALUES ({marks})", rows)

    def _run(self, statement: str) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def questions(one: Experiment) -> list[str]:
    """That a database and its copy answer alike, if each has the rows of the other."""
    rois = [f"ROI_{roi}" for roi in range(1, one.rois + 1)]
    counts = [f"SELECT count(*) FROM {{}}{name}" for name in (*TABLES, *rois)]
    return counts + [f"SELECT coalesce(sum(x * id), 0) FROM {{}}{name}" for name in rois]


@contextmanager
def world_mariadb(folder: Path) -> Iterator[MariaDB]:
    """It listens where the devices of a world are, and nowhere else."""
    places = ["127.0.0.1", *map(address_of, range(MOST_AT_ONCE))]
    options = [f"--bind-address={','.join(places)}", "--innodb-file-per-table=0"]
    with private_mariadb(folder, *options) as server, server.connect() as connection:
        yield MariaDB(server, connection)
