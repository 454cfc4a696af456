"""How open devices begin: with more than the node holds of them, so that a backup has work."""

import os

from lab import life
from lab.fleet import SimulatedDevice
from lab.tracking import ResultWriter, Tracking
from lab.world import World

MARIADB_ROWS = 6_000  # of each ROI
SQLITE_ROWS = 2_000


def found_open(world: World, device: SimulatedDevice) -> None:
    """Make a new open device's data. The node gets what is older than its newest run and video."""
    for run in device.runs[:-1]:
        found_past(world, run)
    for run in device.runs[-1:]:
        _found_newest(world, device, run)
    world.side.lay_out(device)
    for recording in device.recordings[:-1]:
        world.tree.take_recording(recording, world.side.videos)


def go_on(world: World, device: SimulatedDevice) -> None:
    """Of an earlier start, or of one that was killed half-way."""
    world.side.prepare(run for run in device.runs if run.writer is ResultWriter.SQLITE)
    if device.served:
        world.side.reopen(device, rows=MARIADB_ROWS)
    world.side.lay_out(device)


def open_later(world: World, device: SimulatedDevice) -> None:
    """Open a device that the lab's daemons copied so far: it begins something new."""
    tracked, recorded = life.stop_run(world, device), device.recording
    life.stop_recording(device)
    device.opened, device.served = True, device.writer is ResultWriter.MYSQL
    world.side.lay_out(device)
    if tracked:
        life.start_run(world, device)
    if recorded:
        life.start_recording(world, device)


def found_past(world: World, run: Tracking) -> None:
    """The node has it; on the device, MariaDB has dropped it."""
    world.side.write_past(run)
    world.copy_run(run)
    if run.writer is ResultWriter.MYSQL:
        os.utime(world.tree.results / run.path, (run.stopped_at or 0, run.stopped_at or 0))
        world.side.drop(run)


def _found_newest(world: World, device: SimulatedDevice, run: Tracking) -> None:
    """Of a running SQLite run the node has the first half; of others nothing."""
    if run.writer is ResultWriter.MYSQL:
        world.side.reopen(device, rows=MARIADB_ROWS)
    elif run.stopped_at is not None:
        world.side.write_past(run, rows=SQLITE_ROWS)
    else:
        until, run.last_row_at = run.last_row_at, (run.started_at + run.last_row_at) / 2
        copied_at = run.last_row_at
        world.side.write_past(run, rows=SQLITE_ROWS // 2)
        database = world.side.database(run)
        world.copy_run(run)
        os.utime(world.tree.results / run.path, (copied_at, copied_at))
        if database:
            database.grow(until=until, most=SQLITE_ROWS // 2)
