"""An experiment's database as files: written as devices and the old mirror do, and read back."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.truth import STEP, Experiment

PLAIN = {
    "METADATA": "field TEXT, value TEXT",
    "VAR_MAP": "var_name TEXT, sql_type TEXT, functional_type TEXT",
    "ROI_MAP": "roi_idx INTEGER, roi_value INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER",
}
ROI = (
    "t INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER, phi INTEGER, "
    "xy_dist_log10x1000 INTEGER, is_inferred TEXT, has_interacted INTEGER"
)
VARIABLES = [("x", "SMALLINT", "distance"), ("phi", "SMALLINT", "angle")]
ON_DEVICE = "INTEGER PRIMARY KEY AUTOINCREMENT"
BY_MIRROR = "INTEGER PRIMARY KEY"
WRITERS = {"sqlite": "SQLite3", "mysql": "MySQL"}


def numbered(rois: int) -> dict[str, str]:
    tables = {"START_EVENTS": "t INTEGER, event TEXT", "IMG_SNAPSHOTS": "t INTEGER, img BLOB"}
    return tables | {f"ROI_{roi}": ROI for roi in range(1, rois + 1)}


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=MEMORY")
    return connection


def grow(path: Path, one: Experiment, until: float, *, key: str = ON_DEVICE) -> None:
    """Write what the experiment has by then and the file lacks."""
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(opened(path)) as connection, connection:
        if is_new:
            _create(connection, one, key)
        for table, rows in later_rows(one, until, _has(connection, one)).items():
            _insert(connection, table, rows)


def _create(connection: sqlite3.Connection, one: Experiment, key: str) -> None:
    for name, columns in PLAIN.items():
        connection.execute(f"CREATE TABLE {name} ({columns})")
    for name, columns in numbered(one.rois).items():
        connection.execute(f"CREATE TABLE {name} (id {key}, {columns})")
    for table, rows in first_rows(one).items():
        _insert(connection, table, rows)


def first_rows(one: Experiment) -> dict[str, list[tuple]]:
    """What a start writes."""
    return {
        "METADATA": list(metadata(one).items()),
        "VAR_MAP": VARIABLES,
        "ROI_MAP": [(roi, roi, 10 * roi, 20, 60, 300) for roi in range(1, one.rois + 1)],
        "IMG_SNAPSHOTS": [(1, 0, b"\xff\xd8" + bytes(200))],
    }


def later_rows(one: Experiment, until: float, has: dict[str, int]) -> dict[str, list[tuple]]:
    """What is written by then, beyond the starts, stops and rows of each ROI that it `has`."""
    clock = one.clock
    begun = [begin for begin, _ in one.stints if begin <= until]
    starts = [
        (number, int(clock.at(begin)), "graceful_start" if number == 1 else "appending")
        for number, begin in enumerate(begun, 1)
    ]
    stops = [("stop_date_time", str(int(clock.at(end)))) for end in one.stops(until)]
    rows = {
        f"ROI_{roi}": [row(one, roi, n) for n in range(has[f"ROI_{roi}"] + 1, one.rows(until) + 1)]
        for roi in range(1, one.rois + 1)
    }
    return {"START_EVENTS": starts[has["starts"] :], "METADATA": stops[has["stops"] :]} | rows


def metadata(one: Experiment) -> dict[str, str | None]:
    path = f"/ethoscope_data/results/{one.place}" if one.writer == "sqlite" else None
    start = one.clock.at(one.begins)
    return {
        "machine_id": one.device_id,
        "machine_name": one.folder,
        "date_time": f"{start:.15g}" if path else repr(start),
        "frame_width": "640",
        "frame_height": "480",
        "version": "ccfa2b9c",
        "experimental_info": "{'name': 'jdoe', 'location': 'Incubator_2'}",
        "selected_options": "{}",
        "hardware_info": "{'kernel': '6.6.20+rpt'}",
        "reference_points": "[(570.0, 70.0)]",
        "backup_filename": one.filename,
        "result_writer_type": WRITERS[one.writer],
        "sqlite_source_path": path,
    }


def _has(connection: sqlite3.Connection, one: Experiment) -> dict[str, int]:
    queries = {
        "starts": "SELECT count(*) FROM START_EVENTS",
        "stops": "SELECT count(*) FROM METADATA WHERE field = 'stop_date_time'",
    } | {f"ROI_{roi}": f"SELECT max(id) FROM ROI_{roi}" for roi in range(1, one.rois + 1)}
    return {key: connection.execute(query).fetchone()[0] or 0 for key, query in queries.items()}


def _insert(connection: sqlite3.Connection, table: str, rows: list[tuple]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def row(one: Experiment, roi: int, number: int) -> tuple[int | str, ...]:
    t = int(1000 * (one.clock.at(one.row_at(number)) - one.clock.at(one.begins)))
    return number, t, value(one, roi, number), 20, 12, 10, number * 7 % 180, -2000, "0", 0


def value(one: Experiment, roi: int, number: int) -> int:
    return (one.seed + roi * 31 + number * 3) % 640


def counts(one: Experiment, until: float) -> dict[str, int]:
    """As the device tells them: of numbered tables MAX(id) + 1."""
    plain = {"METADATA": 13 + len(one.stops(until)), "VAR_MAP": 2, "ROI_MAP": one.rois}
    starts = sum(begin <= until for begin, _ in one.stints)
    rows = {f"ROI_{roi}": one.rows(until) + 1 for roi in range(1, one.rois + 1)}
    return plain | {"START_EVENTS": starts + 1, "IMG_SNAPSHOTS": 2} | rows


def held(path: Path, one: Experiment, until: float) -> tuple[int, str]:
    """How many first rows of every ROI are in the file as they were written, and what is wrong.

    Read without any code of the product's. `until`: what the device had then is expected.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            if (said := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                return 0, f"damaged: {said[:60]}"
            return _held(connection, one, until)
    except sqlite3.Error as error:
        return 0, f"unreadable: {error}"


def _held(connection: sqlite3.Connection, one: Experiment, until: float) -> tuple[int, str]:
    found = dict(connection.execute("SELECT field, value FROM METADATA"))
    if any(found.get(key) != of for key, of in metadata(one).items() if key in _OWN):
        return 0, "of another experiment"
    stops = connection.execute(
        "SELECT count(DISTINCT value) FROM METADATA WHERE field = 'stop_date_time'"
    ).fetchone()[0]
    if lacking := _plain_lacking(connection, one):
        return 0, lacking
    if stops < len(one.stops(until)):
        return _rows_held(connection, one, until), "lacks a stop row"
    return _rows_held(connection, one, until), ""


def _plain_lacking(connection: sqlite3.Connection, one: Experiment) -> str:
    wanted = {"VAR_MAP": 2, "ROI_MAP": one.rois, "IMG_SNAPSHOTS": 1, "START_EVENTS": 1}
    for name, least in wanted.items():
        if connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] < least:
            return f"{name} lacks rows"
    return ""


_OWN = ("machine_id", "date_time", "backup_filename")


def _rows_held(connection: sqlite3.Connection, one: Experiment, until: float) -> int:
    """The least of all ROIs."""
    return min(_of_roi(connection, one, roi, one.rows(until)) for roi in range(1, one.rois + 1))


def _of_roi(connection: sqlite3.Connection, one: Experiment, roi: int, wanted: int) -> int:
    try:
        found = connection.execute(f"SELECT id, x FROM ROI_{roi} ORDER BY id").fetchall()
    except sqlite3.OperationalError:
        return 0
    for number, (key, x) in enumerate(found[:wanted], 1):
        if (key, x) != (number, value(one, roi, number)):
            return number - 1
    return min(len(found), wanted)


__all__ = ["BY_MIRROR", "ON_DEVICE", "STEP", "counts", "grow", "held", "metadata", "opened"]
