"""A small reader that asks of a database what ethoscopy asks: of METADATA, and of one ROI.

ethoscopy is what people of this field load their data with. It is no requirement of the tests: it
brings pandas, astropy, plotly, seaborn, hmmlearn and more, some hundred megabytes. Held line by
line against its release 2.0.5 (`load.py`: _connect_db, load_ethoscope_metadata, read_single_roi):
the same questions in the same order over one connection. It opens a file for writing where it may
write to the folder; where it may not (a read-only mount), as immutable, or without locks if the
file is in WAL mode: READ_ONLY. load_ethoscope keeps its connection for all ROIs of a file, and asks
for ROI_MAP, VAR_MAP and the date once.

The real one is tried by hand, in an environment of its own: `pip install ethoscopy==2.0.5`, then
`python -m tests.loader RESULTS_FOLDER` from the top of the repository, also again and again while
runs are made: it loads every ROI of every database.
"""

import ast
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

CLASS = re.compile(r"<class ('[\w.]+')>")
WRITABLE, READ_ONLY = "", ("immutable=1", "mode=ro&nolock=1")
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_DATE = "SELECT value FROM METADATA WHERE field = 'date_time'"


class Loaded(NamedTuple):
    began: float
    mapped: list[tuple]  # rows of ROI_MAP
    rows: list[tuple]


def load_metadata(path: Path) -> dict[str, Any]:
    """Raises KeyError, ValueError or SyntaxError where the real one would fail."""
    with closing(sqlite3.connect(path)) as connection:
        told = dict(connection.execute("SELECT field, value FROM METADATA"))
    options = _options(told["selected_options"])
    chosen = options["interactor"]
    hardware = ast.literal_eval(told["hardware_info"])
    kept = {key: told[key] for key in ("machine_id", "machine_name", "version")}
    return (
        kept
        | chosen["kwargs"]
        | {"class": chosen["class"], "sd_card": hardware["SD_CARD_NAME"]}
        | ast.literal_eval(told["experimental_info"])
        | {"date_time": datetime.fromtimestamp(float(told["date_time"]), UTC)}
    )


def load_roi(
    path: Path, roi: int, *, meanwhile: Callable[[], object] = lambda: None, how: str = WRITABLE
) -> Loaded:
    """What read_single_roi reads, in its order. `meanwhile` is called in the middle of it.

    Raises sqlite3.Error or ValueError where the real one would fail.
    """
    name = f"file:{path}?{how}" if how else str(path)
    with closing(sqlite3.connect(name, uri=bool(how))) as connection:
        names = [name for (name,) in connection.execute(_TABLES)]
        if lacking := {"ROI_MAP", "VAR_MAP", "METADATA", f"ROI_{roi}"} - {*names}:
            raise ValueError(f"lacks {lacking}")
        mapped = connection.execute("SELECT * FROM ROI_MAP").fetchall()
        connection.execute("SELECT * FROM VAR_MAP").fetchall()
        meanwhile()
        [began] = connection.execute(_DATE).fetchone()
        rows = connection.execute(f"SELECT * FROM ROI_{roi} WHERE t >= 0").fetchall()  # noqa: S608
        connection.execute(f"PRAGMA table_info(ROI_{roi})").fetchall()
    return Loaded(float(began), mapped, rows)


def _options(text: str) -> dict[str, Any]:
    """The real one evaluates the text, with classes as their names."""
    inside = re.fullmatch(r"OrderedDict\((\[.*\])\)", CLASS.sub(r"\1", text), re.DOTALL)
    if inside is None:
        raise ValueError(f"no OrderedDict: {text[:40]}")
    return dict(ast.literal_eval(inside[1]))


def frame(paths: list[Path]) -> Any:
    """What link_meta_index would make of these files, for the real loader."""
    import pandas as pd  # noqa: PLC0415  only where ethoscopy is

    rows = [
        {"machine_name": path.parts[-3], "date": stamp[:10], "time": stamp[11:], "path": str(path)}
        for path in paths
        for stamp in [path.parts[-2]]
    ]
    return pd.DataFrame(rows)


def main() -> None:
    from ethoscopy.load import load_ethoscope_metadata, read_single_roi  # noqa: PLC0415

    paths = sorted(Path(sys.argv[1]).rglob("*.db"))
    files = frame(paths)
    loaded = load_ethoscope_metadata(files)
    sys.stdout.write(f"{len(loaded)} of {len(paths)} databases\n{loaded.to_string()}\n")
    for _, file in files.iterrows():
        for roi in _rois(Path(file["path"])):
            rows = read_single_roi(file | {"region_id": roi})
            sys.stdout.write(f"{file['path']}: ROI {roi}: {len(rows):,} rows\n")


def _rois(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute(_TABLES)]
    return sorted(int(name[4:]) for name in names if re.fullmatch(r"ROI_\d+", name))


if __name__ == "__main__":
    main()
