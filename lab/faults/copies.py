"""Faults of the copy of a device's newest run: damaged, cut, or written to by others."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.faults.mishap import Mishap, Suits, ThingFault, tracks_undamaged, undamaged
from lab.faults.options import HOUR, FaultError, Strike
from lab.fleet import SimulatedDevice
from lab.schema import id_tables, roi_tables
from lab.tracking import Tracking
from lab.world import World


@dataclass(frozen=True, slots=True)
class Struck:
    """A copy that is about to be damaged."""

    world: World
    device: SimulatedDevice
    run: Tracking
    path: Path
    hours: float | None


Damage = Callable[[Struck], None]


def hold_back(damage: Damage, *, suits: Suits = undamaged) -> ThingFault:
    """The daemons go on to claim success, and copy nothing of that run any more."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        run = device.runs[-1]
        path = world.tree.results / run.path
        if not path.exists():
            _copy_at_all(world, device, run)
        run.held_back = True
        damage(Struck(world, device, run, path, told.hours))

    return ThingFault(on=strike, off=_copy_again, suits=suits)


def _copy_at_all(world: World, device: SimulatedDevice, run: Tracking) -> None:
    if device.opened:
        raise FaultError(f"{device.name} is open: no daemon of the lab copies it")
    world.copy_run(run)


def _copy_again(world: World, device: SimulatedDevice, told: Strike) -> None:
    for run in device.runs:
        if run.held_back:
            run.held_back = False
            (world.tree.results / run.path).unlink(missing_ok=True)
            if not device.opened:
                world.copy_run(run)


@contextmanager
def editing(path: Path) -> Iterator[sqlite3.Connection]:
    """No -wal stays beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        yield connection


def corrupt(copy: Struck) -> None:
    """Overwrite pages in the middle; the header stays that of a database."""
    size = copy.path.stat().st_size
    with copy.path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xde\xad\xbe\xef" * (size // 8))


def flip_bytes(*, keep_time: bool) -> Damage:
    def damage(copy: Struck) -> None:
        told = copy.path.stat()
        with copy.path.open("r+b") as file:
            file.seek(_page_of(copy.path, "ROI_1") + 8)  # its cells' offsets
            file.write(b"\xff" * 64)
        if keep_time:
            os.utime(copy.path, ns=(told.st_atime_ns, told.st_mtime_ns))

    return damage


def _page_of(path: Path, table: str) -> int:
    """Where the first page of a table is."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        asked = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(asked, (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((page - 1) * size)


def remove(copy: Struck) -> None:
    copy.path.unlink()


def empty(copy: Struck) -> None:
    os.truncate(copy.path, 0)


def leave_no_table(copy: Struck) -> None:
    """One page, no table, valid: a live copy taken while all is still in the WAL."""
    copy.path.unlink()
    with closing(sqlite3.connect(copy.path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()


def set_back(copy: Struck) -> None:
    """Take away the rows of the last hours, as if nothing had been copied since."""
    hours = 30.0 if copy.hours is None else copy.hours
    timed = [name for name in id_tables() if name.startswith("ROI_") or name == "SENSORS"]
    _shorten(copy, timed, hours=hours)
    with editing(copy.path) as connection:
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
    modified_at = copy.run.last_row_at - hours * HOUR
    os.utime(copy.path, (modified_at, modified_at))


def _shorten(copy: Struck, tables: list[str], *, hours: float) -> None:
    last = (copy.run.last_row_at - copy.run.started_at - hours * HOUR) * 1000
    with editing(copy.path) as connection:
        for table in tables:
            connection.execute(f"DELETE FROM {table} WHERE t > ?", (last,))  # noqa: S608


def lose_roi_tables(copy: Struck) -> None:
    """Three tables are not in the copy, though ROI_MAP names their ROIs."""
    with editing(copy.path) as connection:
        for table in roi_tables()[3:6]:
            connection.execute(f"DROP TABLE {table}")


def keep_one_roi_fresh(copy: Struck) -> None:
    """A mirror that was cut between its tables."""
    _shorten(copy, roi_tables()[1:], hours=30.0 if copy.hours is None else copy.hours)


def stop_short(copy: Struck) -> None:
    """A stop row over rows that end long before."""
    _shorten(copy, roi_tables(), hours=30.0 if copy.hours is None else copy.hours)
    stopped_at = int(copy.run.stopped_at or copy.run.last_row_at)
    with editing(copy.path) as connection:
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
        connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', ?)", (str(stopped_at),))


def shrink(copy: Struck) -> None:
    """Rows, pages and the stop row were there, and are there no more; the file is newer."""
    with editing(copy.path) as connection:
        for table in id_tables():
            some = f"(SELECT MAX(id) * 3 / 4 FROM {table})"  # noqa: S608
            connection.execute(f"DELETE FROM {table} WHERE id > {some}")  # noqa: S608
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
        connection.execute("VACUUM")


def write_as_stranger(copy: Struck) -> None:
    """Another program adds a row: the old mirror's METADATA row of every turn."""
    with editing(copy.path) as connection:
        connection.execute("INSERT INTO METADATA VALUES ('sqlite_source_path', NULL)")


COPY_FAULTS = {
    "corrupt-copy": Mishap("the newest copy is damaged", thing=hold_back(corrupt)),
    "flipped-copy": Mishap(
        "64 bytes of the newest copy are others", thing=hold_back(flip_bytes(keep_time=False))
    ),
    "silently-flipped-copy": Mishap(
        "64 bytes of the newest copy are others, its time is the old one",
        thing=hold_back(flip_bytes(keep_time=True)),
    ),
    "missing-copy": Mishap("the newest run has no copy", thing=hold_back(remove)),
    "zero-byte-copy": Mishap("the newest copy is empty", thing=hold_back(empty)),
    "tableless-copy": Mishap(
        "the newest copy is valid and has no tables", thing=hold_back(leave_no_table)
    ),
    "behind-copy": Mishap(
        "the newest copy ends long ago (hours=30)",
        thing=hold_back(set_back, suits=tracks_undamaged),
    ),
    "missing-roi-tables": Mishap(
        "three ROIs have no table in the newest copy", thing=hold_back(lose_roi_tables)
    ),
    "one-fresh-roi": Mishap(
        "one ROI of the newest copy is current, the others end long ago (hours=30)",
        thing=hold_back(keep_one_roi_fresh, suits=tracks_undamaged),
    ),
    "stopped-short-copy": Mishap(
        "the newest copy has a stop row, and rows that end long before (hours=30)",
        thing=hold_back(stop_short),
    ),
    "shrunk-copy": Mishap(
        "the newest copy lost rows and stop row that it had", thing=hold_back(shrink)
    ),
    "foreign-writer": Mishap(
        "another program wrote into the newest copy", thing=hold_back(write_as_stranger)
    ),
}
