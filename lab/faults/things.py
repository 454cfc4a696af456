"""Faults of things: of devices, and of the copies that the node holds. Each can be undone."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lab import life
from lab.faults.options import HOUR, FaultError, Strike
from lab.fleet import SimulatedDevice
from lab.node_entries import live_entry
from lab.schema import id_tables
from lab.tracking import Tracking
from lab.world import World

Suits = Callable[[SimulatedDevice], bool]
Deed = Callable[[World, SimulatedDevice, Strike], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFault:
    """`on` and `off` for one device; without a named device the first `most` that suit."""

    on: Deed
    off: Deed
    suits: Suits = lambda device: device.online
    most: int = 1


def hold_back(
    damage: Callable[[Path, Tracking, Strike], None], *, suits: Suits | None = None
) -> ThingFault:
    """A fault of the newest run's copy: the daemons go on to claim success, and copy nothing."""

    def strike(world: World, device: SimulatedDevice, options: Strike) -> None:
        if device.opened:
            raise FaultError(f"{device.name} is open: no daemon of the lab copies it")
        run = device.runs[-1]
        run.held_back = True
        copy = world.tree.results / run.path
        if not copy.exists():
            world.copy_run(run)
        damage(copy, run, options)

    return ThingFault(on=strike, off=_copy_again, suits=suits or undamaged)


def undamaged(device: SimulatedDevice) -> bool:
    """Online, with runs, and struck by no other fault."""
    whole = all(run.listed and not run.held_back for run in device.runs)
    return device.online and bool(device.runs) and whole and not device.records_nothing


def _copy_again(world: World, device: SimulatedDevice, options: Strike) -> None:
    for run in device.runs:
        if run.held_back:
            run.held_back = False
            (world.tree.results / run.path).unlink(missing_ok=True)
            world.copy_run(run)


def corrupt(copy: Path, run: Tracking, options: Strike) -> None:
    """Overwrite pages in the middle; the header stays that of a database."""
    size = copy.stat().st_size
    with copy.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xde\xad\xbe\xef" * (size // 8))


def remove(copy: Path, run: Tracking, options: Strike) -> None:
    copy.unlink()


def empty(copy: Path, run: Tracking, options: Strike) -> None:
    os.truncate(copy, 0)


def leave_no_table(copy: Path, run: Tracking, options: Strike) -> None:
    """One page, no table, valid: a live copy taken while all is still in the WAL."""
    copy.unlink()
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()


def set_back(copy: Path, run: Tracking, options: Strike) -> None:
    """Take away the rows of the last hours, as if nothing had been copied since."""
    hours = 30.0 if options.hours is None else options.hours
    last = (run.last_row_at - run.started_at - hours * HOUR) * 1000
    modified_at = run.last_row_at - hours * HOUR
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        for table in _timed_tables():
            connection.execute(f"DELETE FROM {table} WHERE t > ?", (last,))  # noqa: S608
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
    os.utime(copy, (modified_at, modified_at))


def _timed_tables() -> list[str]:
    return [name for name in id_tables() if name.startswith("ROI_") or name == "SENSORS"]


def skew_clock(world: World, device: SimulatedDevice, options: Strike) -> None:
    """Set a device's clock wrong by hours; it begins a new run on it."""
    tracked = life.stop_run(world, device)
    life.stop_recording(device)
    device.clock_offset = HOUR * (-5.0 if options.hours is None else options.hours)
    if tracked:
        life.start_run(world, device)


def set_clock(world: World, device: SimulatedDevice, options: Strike) -> None:
    tracked = life.stop_run(world, device)
    device.clock_offset = 0.0
    if tracked:
        life.start_run(world, device)


def freeze(world: World, device: SimulatedDevice, options: Strike) -> None:
    device.remembered = live_entry(world, device)
    device.frozen_since = world.now()


def thaw(world: World, device: SimulatedDevice, options: Strike) -> None:
    device.remembered, device.frozen_since = {}, None


def unlist(world: World, device: SimulatedDevice, options: Strike) -> None:
    device.runs[-1].listed = False


def list_again(world: World, device: SimulatedDevice, options: Strike) -> None:
    for run in device.runs:
        run.listed = True


def record_nothing(world: World, device: SimulatedDevice, options: Strike) -> None:
    life.stop_run(world, device)
    life.stop_recording(device)
    device.records_nothing = True


def record_again(world: World, device: SimulatedDevice, options: Strike) -> None:
    device.records_nothing = False


def share_name(world: World, device: SimulatedDevice, options: Strike) -> None:
    """Give a device the name of another."""
    device.name = next(each.name for each in world.devices if each.name != device.name)


def own_name(world: World, device: SimulatedDevice, options: Strike) -> None:
    device.name = f"ETHOSCOPE_{device.number:03d}"


def null_status(world: World, device: SimulatedDevice, options: Strike) -> None:
    life.forget(device)
    device.null_status = True


def take_away(world: World, device: SimulatedDevice, options: Strike) -> None:
    life.forget(device)


def bring_back(world: World, device: SimulatedDevice, options: Strike) -> None:
    life.turn_on(device)


def set_inventory(state: str) -> Deed:
    def change(world: World, device: SimulatedDevice, options: Strike) -> None:
        device.inventory = state

    return change


def add_md5(world: World, device: SimulatedDevice, options: Strike) -> None:
    for recording in device.recordings:
        recording.with_md5 = True
        world.tree.add_md5(recording)


def remove_md5(world: World, device: SimulatedDevice, options: Strike) -> None:
    for recording in device.recordings:
        recording.with_md5 = False
        for companion in (world.tree.videos / recording.folder).glob("*.md5"):
            companion.unlink()


def lose_chunks(world: World, device: SimulatedDevice, options: Strike) -> None:
    """Delete three chunks of the oldest recording from the node."""
    for chunk in list(device.recordings[0].chunks())[:3]:
        (world.tree.videos / device.recordings[0].folder / chunk.name).unlink(missing_ok=True)


def find_chunks(world: World, device: SimulatedDevice, options: Strike) -> None:
    world.tree.restore(device.recordings[0])


def choose(fault: ThingFault, world: World) -> list[SimulatedDevice]:
    """From the end of the fleet: its first devices are one of each kind. Open ones last."""
    devices = sorted(world.devices, key=lambda device: (device.opened, -device.number))
    suitable = [device for device in devices if fault.suits(device)]
    return suitable[: fault.most]


def require(devices: list[SimulatedDevice], name: str) -> list[SimulatedDevice]:
    if not devices:
        raise FaultError(f"{name}: no device in this lab can have it")
    return devices
