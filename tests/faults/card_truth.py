"""What of a card is not here: read from the card and from our disk, file by file and row by row.

It is what an answer to “may I wipe this card?” is held against; no evidence of the product's is
used.
"""

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from tests.faults import databases
from tests.faults.case import Case, places_here
from tests.faults.mariadb import MariaDB
from tests.faults.truth import Experiment

MADE_BY_PROGRAMS = {".cache", "lost+found"}
BESIDE = ("-wal", "-shm", "-journal")
Tables = dict[str, list[tuple]]


def not_here(case: Case, mariadb: MariaDB) -> list[str]:
    """All that may be data on the card, or in its server, and of which no copy here is equal."""
    found = list(case.switches.no_yes)
    if (status := case.device.status(case.at)) != "stopped":
        found.append(f"it is {status}: what it writes next is not here")
    found += [str(path.relative_to(case.card)) for path in _of_card(case)]
    return found + [one.filename for one in _of_server(case, mariadb)]


def _of_card(case: Case) -> Iterator[Path]:
    own = {case.on_card(one): one for one in case.experiments("sqlite")}
    beside = {path.with_name(path.name + end) for path in own for end in BESIDE}
    for path in _files(case.card):
        if path not in beside and not _is_safe(case, path, own.get(path)):
            yield path


def _is_safe(case: Case, path: Path, own: Experiment | None) -> bool:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or (own and _log_bytes(path)):
        return False
    return not found.st_size or _is_equal(case, path) or bool(own and _has_rows(case, path))


def _files(top: Path) -> Iterator[Path]:
    """No link is followed."""
    for folder, below, names in os.walk(top):
        not_data = MADE_BY_PROGRAMS | ({"cache"} if Path(folder) == top else set())
        below[:] = [name for name in below if name not in not_data]
        for name in names:
            yield Path(folder, name)
        for name in below:
            if Path(folder, name).is_symlink():
                yield Path(folder, name)


def _log_bytes(path: Path) -> int:
    logs = [path.with_name(path.name + end) for end in ("-wal", "-journal")]
    return sum(log.stat().st_size for log in logs if log.exists())


def _is_equal(case: Case, path: Path) -> bool:
    content = path.read_bytes()
    relative = os.fsencode(path.relative_to(case.card))
    return any(_content(place) == content for place in places_here(case, relative))


def _content(place: Path) -> bytes | None:
    """Of a file of ours; a link is none."""
    if place.is_symlink() or not place.is_file():
        return None
    return place.read_bytes()


def _has_rows(case: Case, path: Path) -> bool:
    """Whether a copy of one moment has each row of a database of the device's own."""
    rows = _tables(path)
    return bool(rows) and any(_tables(copy) == rows for copy in _copies(case, path.name))


def _copies(case: Case, filename: str) -> list[Path]:
    found = (case.results / case.device.device_id).rglob(filename)
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _tables(path: Path) -> Tables:
    """Each row of each table, with what lies in a -wal; none where it cannot be read.

    Nothing beside the file is touched.
    """
    with suppress(sqlite3.Error), tempfile.TemporaryDirectory() as folder:
        for end in ("", "-wal"):
            if (one := path.with_name(path.name + end)).exists():
                shutil.copyfile(one, Path(folder, "db" + end))
        with closing(sqlite3.connect(Path(folder, "db"))) as connection:
            names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            plain = sorted(name for (name,) in names if not name.startswith("sqlite_"))
            return {
                name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)
                for name in plain
            }
    return {}


def _of_server(case: Case, mariadb: MariaDB) -> Iterator[Experiment]:
    """Each start drops the last: a server holds the newest."""
    if (one := mariadb.held_for(case)) is None:
        return
    totals = mariadb.totals(case, one)
    for copy in _copies(case, one.filename):
        _, wrong = databases.held(copy, one, case.at)
        if not wrong and _totals(copy, totals) == totals:
            return
    yield one


def _totals(copy: Path, asked: Iterable[str]) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as connection:
        return {one: connection.execute(one.format("")).fetchone()[0] for one in asked}
