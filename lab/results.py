"""What a device writes into the result database of a run, whatever keeps it: lab/stores.py."""

from lab.schema import VARIABLES, roi_tables
from lab.stamps import dam_stamp
from lab.stores import Store
from lab.tracking import DAM_SECONDS, ROIS, ROW_SECONDS, SENSOR_SECONDS, Tracking

MOST_NEW_ROWS = 200  # of one ROI at once: a long gap gets thinner rows
PAST_ROWS = 40
VERSION = {"id": "9ed518c7ac75cd261608b29391718c4dcc9f6a95", "date": "2026-04-29 08:06:29"}
_PICTURE = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(2000) + b"\xff\xd9"


class ResultDatabase:
    """The open database of one run. Close it; the file of a closed SQLite run has no -wal."""

    def __init__(self, run: Tracking, store: Store) -> None:
        self.run = run
        self.store = store
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
        with self.store.transaction():
            self._add_slow_rows(most, until=until)
            self._add_rows(min(int(gap / ROW_SECONDS), most), until=until)
        return True

    def stop(self, *, at: float) -> None:
        """End the run gracefully: its last row is the time of the stop."""
        self.grow(until=at)
        self.store.insert("METADATA", [("stop_date_time", str(int(at)))])
        self.run.stopped_at = at
        self.close()

    def close(self) -> None:
        self.store.close()

    def _recall(self) -> None:
        """Go on where the file ends: it may know more than the lab that was killed."""
        run, newest = self.run, self.store.newest
        run.rows = newest("ROI_1", "id")
        run.dam_rows = newest("CSV_DAM_ACTIVITY", "id")
        run.sensor_rows = newest("SENSORS", "id")
        run.last_row_at = run.started_at + newest("ROI_1", "t") / 1000

    def _create(self) -> None:
        with self.store.transaction():
            self.store.create_tables()
            self._add_first_rows()

    def _add_first_rows(self) -> None:
        insert = self.store.insert
        insert("ROI_MAP", ((roi, roi, *_box(roi)) for roi in range(1, ROIS + 1)))
        insert("VAR_MAP", VARIABLES)
        insert("METADATA", metadata(self.run).items())
        insert("START_EVENTS", [(1, int(self.run.started_at), "graceful_start")])
        insert("IMG_SNAPSHOTS", [(1, 0, _PICTURE)])

    def _add_rows(self, count: int, *, until: float) -> None:
        run = self.run
        step = (until - run.last_row_at) / count
        since_start = run.last_row_at - run.started_at
        first, last = run.rows + 1, run.rows + count
        t = f"CAST({1000 * since_start} + {1000 * step} * (seq - {run.rows}) AS INTEGER)"
        for roi, table in enumerate(roi_tables(), 1):
            values = (
                f"seq, {t}, ({roi * 31} + seq * 3) % 245, 14, 12, 10, seq * 7 % 180, -2000, 0, 0"
            )
            self.store.insert_range(table, values, first=first, last=last)
        run.rows += count
        run.last_row_at = until

    def _add_slow_rows(self, most: int, *, until: float) -> None:
        """The tables that get a row in a minute or two."""
        run = self.run
        dam = _times(run, DAM_SECONDS, until=until)[-most:]
        sensors = _times(run, SENSOR_SECONDS, until=until)[-most:]
        activity = (_activity(row, at) for row, at in enumerate(dam, run.dam_rows + 1))
        self.store.insert("CSV_DAM_ACTIVITY", activity)
        self.store.insert(
            "SENSORS",
            (
                (row, int((at - run.started_at) * 1000), 25.0 + row % 10 / 10, 60.2, 82, 1012.3)
                for row, at in enumerate(sensors, run.sensor_rows + 1)
            ),
        )
        run.dam_rows += len(dam)
        run.sensor_rows += len(sensors)


def write_past(run: Tracking, store: Store, *, rows: int = PAST_ROWS) -> ResultDatabase:
    """Make the database of a run that is under way or over; a finished one comes closed."""
    until, stopped_at = run.last_row_at, run.stopped_at
    run.last_row_at = run.started_at
    run.rows = run.dam_rows = run.sensor_rows = 0
    database = ResultDatabase(run, store)
    database.grow(until=until, most=rows)
    if stopped_at is not None:
        database.stop(at=stopped_at)
    return database


def metadata(run: Tracking) -> dict[str, str | None]:
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


def _times(run: Tracking, every: float, *, until: float) -> list[float]:
    """When a row is due that comes once in so many seconds, after the run's last row."""
    first = int((run.last_row_at - run.started_at) // every) + 1
    last = int((until - run.started_at) // every)
    return [run.started_at + turn * every for turn in range(first, last + 1)]


def _activity(row: int, at: float) -> tuple[int | str, ...]:
    date, time = dam_stamp(at)
    return row, date, time, *((row * roi * 37) % 900 for roi in range(1, ROIS + 1))
