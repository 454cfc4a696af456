"""The schemas of result databases: as devices write them, and as the mirror daemon does."""

from collections.abc import Iterable, Iterator

from lab.tracking import ROIS

_ROI_COLUMNS = "t INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER, phi INTEGER, "
_DAM_COLUMNS = "date TEXT, time TEXT, " + ", ".join(
    f"ROI_{roi} INTEGER" for roi in range(1, ROIS + 1)
)
_ID_TABLES = {
    "IMG_SNAPSHOTS": "t INTEGER, img BLOB",
    "SENSORS": ("t INTEGER, temperature REAL, humidity REAL, light INTEGER, pressure REAL"),
    "CSV_DAM_ACTIVITY": _DAM_COLUMNS,
    "START_EVENTS": "t INTEGER, event TEXT",
}
PLAIN_TABLES = {
    "ROI_MAP": ("roi_idx INTEGER, roi_value INTEGER, x INTEGER, y INTEGER, w INTEGER, h INTEGER"),
    "VAR_MAP": "var_name TEXT, sql_type TEXT, functional_type TEXT",
    "METADATA": "field TEXT, value TEXT",
}
VARIABLES = (
    ("x", "SMALLINT", "distance"),
    ("y", "SMALLINT", "distance"),
    ("w", "SMALLINT", "distance"),
    ("h", "SMALLINT", "distance"),
    ("phi", "SMALLINT", "angle"),
    ("xy_dist_log10x1000", "SMALLINT", "relative_distance_1e6"),
    ("is_inferred", "BOOLEAN", "bool"),
    ("has_interacted", "SMALLINT", "interaction"),
)
_NUMBERED = "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY"


def roi_tables() -> list[str]:
    return [f"ROI_{roi}" for roi in range(1, ROIS + 1)]


def base_tables() -> list[str]:
    """Those that a database has from its beginning."""
    return [*PLAIN_TABLES, *_ID_TABLES]


def id_tables() -> list[str]:
    """The tables that a copier follows by MAX(id)."""
    return [*_ID_TABLES, *roi_tables()]


def native_statements() -> Iterator[str]:
    """What SQLite on a device holds: AUTOINCREMENT, and `is_inferred` as text."""
    yield from (f"CREATE TABLE {name} ({columns})" for name, columns in PLAIN_TABLES.items())
    yield from (_native(name, columns) for name, columns in _ID_TABLES.items())


def native_roi_statements() -> Iterator[str]:
    """A ROI has a table from its first row on."""
    yield from (_native(name, _roi_columns(inferred="TEXT")) for name in roi_tables())


def mirror_statement(name: str) -> str:
    """What the mirror daemon makes of a table of MariaDB."""
    if name in PLAIN_TABLES:
        return f"CREATE TABLE `{name}` ({_quoted(PLAIN_TABLES[name])})"
    columns = _ID_TABLES.get(name) or _roi_columns(inferred="INTEGER")
    return f"CREATE TABLE `{name}` (`id` INTEGER PRIMARY KEY, {_quoted(columns)})"


def mariadb_statements() -> Iterator[str]:
    """What MariaDB on a device holds."""
    texts = "CHAR(100)"
    small = ", ".join(f"ROI_{roi} SMALLINT" for roi in range(1, ROIS + 1))
    tables = {
        "ROI_MAP": "roi_idx SMALLINT, roi_value SMALLINT, x SMALLINT, y SMALLINT, w SMALLINT, "
        "h SMALLINT",
        "VAR_MAP": f"var_name {texts}, sql_type {texts}, functional_type {texts}",
        "METADATA": f"field {texts}, value TEXT",
        "START_EVENTS": f"{_NUMBERED}, t INT, event {texts}",
        "IMG_SNAPSHOTS": f"{_NUMBERED}, t INT, img LONGBLOB",
        "CSV_DAM_ACTIVITY": f"{_NUMBERED}, date {texts}, time {texts}, {small}",
        "SENSORS": f"{_NUMBERED}, t INT, temperature FLOAT, humidity FLOAT, light INT, "
        "pressure FLOAT",
    }
    yield from (f"CREATE TABLE {name} ({columns})" for name, columns in tables.items())


def mariadb_roi_statements() -> Iterator[str]:
    variables = ", ".join(f"{name} {kind}" for name, kind, _ in VARIABLES)
    for name in roi_tables():
        yield f"CREATE TABLE IF NOT EXISTS {name} ({_NUMBERED}, t INT, {variables})"


def counting(tables: Iterable[str]) -> str:
    """One query for what a device tells of each table: MAX(id)+1, or the count where no id is."""
    newest = "COALESCE(MAX(id), 0) + 1"
    told = ((name, "COUNT(*)" if name in PLAIN_TABLES else newest) for name in tables)
    return " UNION ALL ".join(f"SELECT '{name}', {what} FROM {name}" for name, what in told)  # noqa: S608


def _native(name: str, columns: str) -> str:
    return f"CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns})"


def _roi_columns(*, inferred: str) -> str:
    tail = f"xy_dist_log10x1000 INTEGER, is_inferred {inferred}, has_interacted INTEGER"
    return _ROI_COLUMNS + tail


def _quoted(columns: str) -> str:
    pairs = (column.split() for column in columns.split(","))
    return ", ".join(f"`{name}` {kind}" for name, kind in pairs)
