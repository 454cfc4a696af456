"""A lab's beginning: the devices' files, and the node's tree with a copy of everything."""

import os
import random
from collections.abc import Collection
from pathlib import Path

from lab import opening
from lab.device_side import DeviceSide
from lab.fleet import SimulatedDevice, make_fleet
from lab.memory import note, recall
from lab.servers.mariadb import PrivateMariaDB
from lab.tracking import ResultWriter, Tracking
from lab.tree import NodeTree
from lab.world import Clock, World


def found(
    root: Path,
    *,
    devices: int,
    chunks: int,
    seed: int,
    clock: Clock,
    opened: Collection[str] = (),
    mariadb: PrivateMariaDB | None = None,
) -> tuple[World, list[SimulatedDevice]]:
    """Make what is not there yet below `root`. Also gives the devices that rest this time.

    `opened` are the ids of devices to be open; those of earlier starts still are.
    """
    root.mkdir(parents=True, exist_ok=True)
    known, totals = recall(root)
    fleet, resting = known[:devices], known[devices:]
    new = make_fleet(
        devices=devices,
        chunks=chunks,
        seed=seed,
        now=clock.now(),
        first=len(fleet) + 1,
        opened=opened,
    )
    world = World(
        root=root,
        clock=clock,
        rng=random.Random(f"{seed}/{clock.now()}"),  # noqa: S311  a fleet, not a secret
        devices=[*fleet, *new],
        tree=NodeTree(root),
        side=DeviceSide(root / "devices", mariadb=mariadb),
    )
    world.tree.video_totals = totals
    note(world, resting=resting)  # a start that is killed half-way goes on with the same fleet
    for device in fleet:
        _go_on(world, device, opened)
    for device in new:
        _found(world, device)
    note(world, resting=resting)
    return world, resting


def _go_on(world: World, device: SimulatedDevice, opened: Collection[str]) -> None:
    if device.opened:
        opening.go_on(world, device)
        return
    world.side.prepare(_runs_it_has(device))
    _mend(world, device)
    if device.device_id in opened:
        opening.open_later(world, device)


def _found(world: World, device: SimulatedDevice) -> None:
    if device.opened:
        opening.found_open(world, device)
        return
    world.side.prepare(device.runs)
    _fill(world, device)


def _runs_it_has(device: SimulatedDevice) -> list[Tracking]:
    """MariaDB holds the newest run only."""
    newest = device.runs[-1:]
    return [run for run in device.runs if run.writer is ResultWriter.SQLITE or run in newest]


def _mend(world: World, device: SimulatedDevice) -> None:
    """Faults end with the lab: the daemons shall copy again what one of them held back."""
    for run in device.runs:
        if run.held_back:
            run.held_back = False
            (world.tree.results / run.path).unlink(missing_ok=True)


def _fill(world: World, device: SimulatedDevice) -> None:
    for recording in device.recordings:
        world.tree.pull_recording(recording)
    for run in device.runs:
        _fill_run(world, run)


def _fill_run(world: World, run: Tracking) -> None:
    source = world.side.path(run)
    world.tree.hold_run(run, source, world.side.database(run))
    if run.writer is ResultWriter.MYSQL and run.stopped_at is not None:
        os.utime(world.tree.results / run.path, (run.stopped_at, run.stopped_at))
