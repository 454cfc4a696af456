"""Real result databases on the device's side, written as a device writes them.

SQLite runs are files in WAL mode, held open while the run goes on. A MariaDB database is stood
in for by a file of the mirror's schema, from which the mirror daemon copies.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.runs import DAM_SECONDS, ROIS, ROW_SECONDS, SENSOR_SECONDS, Run, Writer
from lab.schema import VARIABLES, mirror_statements, native_statements, roi_tables
from lab.stamps import dam_stamp

MOST_NEW_ROWS = 200  # of one ROI at once: a long gap gets thinner rows
PAST_ROWS = 40
VERSION = {"id": "9ed518c7ac75cd261608b29391718c4dcc9f6a95", "date": "2026-04-29 08:06:29"}
_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(2000) + b"\xff\xd9"


class ResultDatabase:
    """The open database of one run. Close it; the file of a closed SQLite run has no -wal."""

    def __init__(self, run: Run, path: Path) -> None:
        self.run = run
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=OFF")  # a simulated device loses no power
        if self._newest("sqlite_master", "rowid"):
            self._recall()
        else:
            self._create()

    def grow(self, *, until: float, most: int = MOST_NEW_ROWS) -> bool:
        """Write the rows that are due by then, `most` for one ROI; whether there were any."""
        run = self.run
        gap = until - run.last_row_at
        if gap < ROW_SECONDS:
            return False
        with _transaction(self._connection):
            self._add_slow_rows(most, until=until)
            self._add_rows(min(int(gap / ROW_SECONDS), most), until=until)
        return True

    def stop(self, *, at: float) -> None:
        """End the run gracefully: its last row is the time of the stop."""
        self.grow(until=at)
        self._connection.execute(
            "INSERT INTO METADATA VALUES ('stop_date_time', ?)", (str(int(at)),)
        )
        self.run.stopped_at = at
        self.close()

    def checkpoint(self) -> None:
        """Fold the WAL into the file, so that a byte copy of it is usable."""
        if self.run.writer is Writer.SQLITE:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._connection.close()

    def _recall(self) -> None:
        """Go on where the file ends: it may know more than the lab that was killed."""
        run = self.run
        run.rows = self._newest("ROI_1", "id")
        run.dam_rows = self._newest("CSV_DAM_ACTIVITY", "id")
        run.sensor_rows = self._newest("SENSORS", "id")
        run.last_row_at = run.started_at + self._newest("ROI_1", "t") / 1000

    def _newest(self, table: str, column: str) -> int:
        sql = f"SELECT COALESCE(MAX({column}), 0) FROM {table}"  # noqa: S608
        return int(self._connection.execute(sql).fetchone()[0])

    def _create(self) -> None:
        native = self.run.writer is Writer.SQLITE
        if native:
            self._connection.execute("PRAGMA journal_mode=WAL").fetchall()
        with _transaction(self._connection):
            for statement in native_statements() if native else mirror_statements():
                self._connection.execute(statement)
            self._add_first_rows()

    def _add_first_rows(self) -> None:
        add = self._connection.executemany
        boxes = ((roi, roi, *_box(roi)) for roi in range(1, ROIS + 1))
        add("INSERT INTO ROI_MAP VALUES (?, ?, ?, ?, ?, ?)", boxes)
        add("INSERT INTO VAR_MAP VALUES (?, ?, ?)", VARIABLES)
        add("INSERT INTO METADATA VALUES (?, ?)", metadata(self.run).items())
        start = [(1, int(self.run.started_at), "graceful_start")]
        add("INSERT INTO START_EVENTS VALUES (?, ?, ?)", start)
        add("INSERT INTO IMG_SNAPSHOTS VALUES (?, ?, ?)", [(1, 0, _PICTURE)])

    def _add_rows(self, count: int, *, until: float) -> None:
        run = self.run
        step = (until - run.last_row_at) / count
        since_start = run.last_row_at - run.started_at
        times = [int(1000 * (since_start + step * n)) for n in range(1, count + 1)]
        for roi, table in enumerate(roi_tables(), 1):
            self._connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                _positions(roi, first_id=run.rows + 1, times=times),
            )
        run.rows += count
        run.last_row_at = until

    def _add_slow_rows(self, most: int, *, until: float) -> None:
        """The tables that get a row in a minute or two."""
        run = self.run
        dam = _times(run, DAM_SECONDS, until=until)[-most:]
        sensors = _times(run, SENSOR_SECONDS, until=until)[-most:]
        marks = ", ".join("?" * (ROIS + 3))
        self._connection.executemany(
            f"INSERT INTO CSV_DAM_ACTIVITY VALUES ({marks})",  # noqa: S608
            (_activity(row, at) for row, at in enumerate(dam, run.dam_rows + 1)),
        )
        self._connection.executemany(
            "INSERT INTO SENSORS VALUES (?, ?, ?, ?, ?, ?)",
            (
                (row, int((at - run.started_at) * 1000), 25.0 + row % 10 / 10, 60.2, 82, 1012.3)
                for row, at in enumerate(sensors, run.sensor_rows + 1)
            ),
        )
        run.dam_rows += len(dam)
        run.sensor_rows += len(sensors)


def write_past(run: Run, path: Path) -> ResultDatabase:
    """Make the database of a run that is under way or over; a finished one comes closed."""
    until, stopped_at = run.last_row_at, run.stopped_at
    run.last_row_at = run.started_at
    database = ResultDatabase(run, path)
    database.grow(until=until, most=PAST_ROWS)
    if stopped_at is not None:
        database.stop(at=stopped_at)
    return database


def metadata(run: Run) -> dict[str, str | None]:
    """The rows of METADATA, in the order in which a device writes them."""
    return {
        "machine_id": run.device_id,
        "machine_name": run.folder_name,
        "date_time": f"{run.started_at:.15g}" if run.source_path else repr(run.started_at),
        "frame_width": "640",
        "frame_height": "480",
        "version": VERSION["id"],
        "experimental_info": repr(run.experimental_info()),
        "selected_options": "OrderedDict([('tracker', {'class': <class 'AdaptiveBGModel'>})])",
        "hardware_info": "{'kernel': '6.6.20+rpt', 'pi_version': {'model_number': 4}}",
        "reference_points": "[(np.float32(570.0), np.float32(70.0))]",
        "backup_filename": run.filename,
        "result_writer_type": str(run.writer),
        "sqlite_source_path": run.source_path,
    }


def _box(roi: int) -> tuple[int, int, int, int]:
    column, row = divmod(roi - 1, ROIS // 2)
    return 64 + 267 * column, 94 + 30 * row, 245, 25


def _positions(roi: int, *, first_id: int, times: list[int]) -> Iterator[tuple[int | str, ...]]:
    for row, t in enumerate(times, first_id):
        yield row, t, (roi * 31 + row * 3) % 245, 14, 12, 10, row * 7 % 180, -2000, 0, 0


def _times(run: Run, every: float, *, until: float) -> list[float]:
    """When a row is due that comes once in so many seconds, after the run's last row."""
    first = int((run.last_row_at - run.started_at) // every) + 1
    last = int((until - run.started_at) // every)
    return [run.started_at + turn * every for turn in range(first, last + 1)]


def _activity(row: int, at: float) -> tuple[int | str, ...]:
    date, time = dam_stamp(at)
    return row, date, time, *((row * roi * 37) % 900 for roi in range(1, ROIS + 1))


class _transaction:
    """One commit for all that is written within: sqlite3's own would commit each statement."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute: Callable[[str], sqlite3.Cursor] = connection.execute

    def __enter__(self) -> None:
        self._execute("BEGIN")

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._execute("ROLLBACK" if failed else "COMMIT")
