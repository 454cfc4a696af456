"""A small reader that asks of a database what ethoscopy's load_ethoscope_metadata asks.

ethoscopy is what people of this field load their data with. With it installed the real one is
tried too; by hand, in an environment of its own: `pip install ethoscopy`, then
`python -m tests.loader RESULTS_FOLDER` from the top of the repository.
"""

import ast
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CLASS = re.compile(r"<class ('[\w.]+')>")


def load_metadata(path: Path) -> dict[str, Any]:
    """Raises KeyError, ValueError or SyntaxError where the real one would fail."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
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
    from ethoscopy.load import load_ethoscope_metadata  # noqa: PLC0415

    paths = sorted(Path(sys.argv[1]).rglob("*.db"))
    loaded = load_ethoscope_metadata(frame(paths))
    sys.stdout.write(f"{len(loaded)} of {len(paths)} databases\n{loaded.to_string()}\n")


if __name__ == "__main__":
    main()
