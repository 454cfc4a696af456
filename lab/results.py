"""What a device writes into the result database of a run, whatever keeps it: lab/stores.py."""

from lab.metadata import metadata
from lab.schema import VARIABLES, roi_tables
from lab.stamps import dam_stamp
from lab.stores import Store
from lab.tracking import (
    DAM_SECONDS,
    ROIS,
    ROW_SECONDS,
    SENSOR_SECONDS,
    SNAPSHOT_SECONDS,
    ResultWriter,
    Tracking,
)

MOST_NEW_ROWS = 200  # of one ROI at once: a long gap gets thinner rows
PAST_ROWS = 40
_MOST_SLOW_ROWS = 500  # of a long past, whose rows come one by one
_MOST_PICTURES = 40
_MOST_T = 2**31 - 1
FOLD_SECONDS = 240.0  # a busy writer fills the 1000 pages of a WAL in some minutes
_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(600) + b"\xff\xd9"


class ResultDatabase:
    """The open database of one run.

    What a SQLite run wrote lately is in its -wal, which is folded from time to time, and when it
    is closed.
    """

    def __init__(self, run: Tracking, store: Store) -> None:
        self.run = run
        self.store = store
        self._folded_at = run.last_row_at
        if store.is_new:
            self._create()
        else:
            self._recall()

    def grow(self, *, until: float, most: int = MOST_NEW_ROWS) -> bool:
        """Write the rows that are due by then, `most` for one ROI; whether there were any."""
        run = self.run
        gap = until - run.last_row_at
        if gap < ROW_SECONDS:
            return False
        if not run.rows:
            self.store.create_roi_tables()
        with self.store.transaction():
            if not run.rows:
                self.store.insert("VAR_MAP", VARIABLES)
            self._add_slow_rows(most, until=until)
            self._add_rows(min(int(gap / ROW_SECONDS), most), until=until)
        if until - self._folded_at >= FOLD_SECONDS:
            self.fold()
        return True

    def stop(self, *, at: float) -> None:
        """End the run gracefully: its last row is the time of the stop. It stays open."""
        self.grow(until=at)
        self.run.stopped_at = at
        if self.run.writer is ResultWriter.MYSQL:
            self.tell()  # as recorded: this one's last telling lacks the last row
        self.store.insert("METADATA", [("stop_date_time", str(int(at)))])
        if self.run.writer is ResultWriter.SQLITE:
            self.tell()

    def append(self, *, at: float) -> None:
        """Go on after a stop."""
        number = self.store.newest("START_EVENTS", "id") + 1
        self.store.insert("START_EVENTS", [(number, int(at), "appending")])
        self.run.last_row_at = max(at, self.run.last_row_at)

    def tell(self) -> None:
        """What the device says of the database from now on."""
        self.run.told_counts = self.store.table_counts()
        self.run.told_bytes = self.store.size_bytes()

    def fold(self) -> None:
        self.store.checkpoint()
        self._folded_at = self.run.last_row_at

    def close(self) -> None:
        self.store.close()

    def _recall(self) -> None:
        """Go on where the file ends: it may know more than the lab that was killed."""
        run, newest = self.run, self.store.newest
        run.rows = newest("ROI_1", "id") if "ROI_1" in self.store.tables() else 0
        run.dam_rows = newest("CSV_DAM_ACTIVITY", "id")
        run.sensor_rows = newest("SENSORS", "id")
        run.snapshot_rows = newest("IMG_SNAPSHOTS", "id")
        if run.rows:
            run.last_row_at = run.started_at + newest("ROI_1", "t") / 1000

    def _create(self) -> None:
        with self.store.transaction():
            self.store.create_tables()
            self._add_first_rows()

    def _add_first_rows(self) -> None:
        insert = self.store.insert
        insert("ROI_MAP", ((roi, roi, *_box(roi)) for roi in range(1, ROIS + 1)))
        insert("METADATA", metadata(self.run).items())
        insert("START_EVENTS", [(1, int(self.run.started_at), "graceful_start")])

    def _add_rows(self, count: int, *, until: float) -> None:
        run = self.run
        began, ended = (_milliseconds(at - run.started_at) for at in (run.last_row_at, until))
        first, last = run.rows + 1, run.rows + count
        t = f"CAST({began} + {(ended - began) / count} * (seq - {run.rows}) AS INTEGER)"
        for roi, table in enumerate(roi_tables(), 1):
            values = (
                f"seq, {t}, ({roi * 31} + seq * 3) % 245, 14, 12, 10, seq * 7 % 180, -2000, 0, 0"
            )
            self.store.insert_range(table, values, first=first, last=last)
        run.rows += count
        run.last_row_at = until

    def _add_slow_rows(self, most: int, *, until: float) -> None:
        """The tables that get a row in some minutes."""
        run, insert = self.run, self.store.insert
        dam = _due(run, DAM_SECONDS, until=until)[-min(most, _MOST_SLOW_ROWS) :]
        sensors = _due(run, SENSOR_SECONDS, until=until)[-min(most, _MOST_SLOW_ROWS) :]
        pictures = _due(run, SNAPSHOT_SECONDS, until=until)[-min(most, _MOST_PICTURES) :]
        numbered = enumerate(dam, run.dam_rows + 1)
        insert("CSV_DAM_ACTIVITY", (_activity(row, run.started_at + t) for row, t in numbered))
        numbered = enumerate(sensors, run.sensor_rows + 1)
        insert("SENSORS", (_sensed(row, t) for row, t in numbered))
        numbered = enumerate(pictures, run.snapshot_rows + 1)
        insert("IMG_SNAPSHOTS", ((row, _milliseconds(t), _PICTURE) for row, t in numbered))
        run.dam_rows += len(dam)
        run.sensor_rows += len(sensors)
        run.snapshot_rows += len(pictures)


def write_past(run: Tracking, store: Store, *, rows: int = PAST_ROWS) -> ResultDatabase:
    """Make the database of a run that is under way or over. It comes open."""
    until, stopped_at = run.last_row_at, run.stopped_at
    run.last_row_at = run.started_at
    run.rows = run.dam_rows = run.sensor_rows = run.snapshot_rows = 0
    database = ResultDatabase(run, store)
    database.grow(until=until, most=rows)
    if stopped_at is not None:
        database.stop(at=stopped_at)
    database.fold()
    return database


def _box(roi: int) -> tuple[int, int, int, int]:
    column, row = divmod(roi - 1, ROIS // 2)
    return 64 + 267 * column, 94 + 30 * row, 245, 25


def _due(run: Tracking, every: float, *, until: float) -> list[float]:
    """When since its start a row is due that comes once in so many seconds, after the last one."""
    first = int((run.last_row_at - run.started_at) // every) + 1
    last = int((until - run.started_at) // every)
    return [turn * every for turn in range(first, last + 1)]


def _milliseconds(since_start: float) -> int:
    """As MariaDB's INT holds them: some 24 days."""
    return int(min(since_start * 1000, _MOST_T))


def _sensed(row: int, since_start: float) -> tuple[int | float, ...]:
    return row, _milliseconds(since_start), 25.0 + row % 10 / 10, 60.2, 82, 1012.3


def _activity(row: int, at: float) -> tuple[int | str, ...]:
    date, time = dam_stamp(at)
    return row, date, time, *((row * roi * 37) % 900 for roi in range(1, ROIS + 1))
