"""A lab's beginning: the devices' files, and the node's tree with a copy of everything."""

import random
from collections.abc import Collection
from pathlib import Path

from lab import life, opening
from lab.device_side import DeviceSide
from lab.fleet import NETWORK, SimulatedDevice, make_fleet
from lab.machines import Machines
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
    machines: Machines | None = None,
    network: str = NETWORK,
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
        network=network,
    )
    world = World(
        root=root,
        clock=clock,
        rng=random.Random(f"{seed}/{clock.now()}"),  # noqa: S311  a fleet, not a secret
        devices=[*fleet, *new],
        tree=NodeTree(root),
        side=DeviceSide(root, mariadb=mariadb),
        machines=machines,
    )
    for device in world.devices:
        world.side.insert_card(device)
        if machines:
            world.side.own(device)
    world.tree.video_totals = totals
    note(world, resting=resting)  # a start that is killed half-way goes on with the same fleet
    for device in fleet:
        _go_on(world, device, opened, mariadb=mariadb is not None)
    for device in new:
        device.served = mariadb is not None and device.writer is ResultWriter.MYSQL
        _found(world, device)
    note(world, resting=resting)
    return world, resting


def _go_on(
    world: World, device: SimulatedDevice, opened: Collection[str], *, mariadb: bool
) -> None:
    if device.opened:
        opening.go_on(world, device)
        return
    world.side.prepare(_files_it_has(device))
    if device.served:
        world.side.reopen(device)
    elif mariadb and device.writer is ResultWriter.MYSQL and device.device_id not in opened:
        _serve_later(world, device)
    _mend(world, device)
    if device.device_id in opened:
        opening.open_later(world, device)


def _found(world: World, device: SimulatedDevice) -> None:
    if device.opened:
        opening.found_open(world, device)
        return
    for run in device.runs[:-1]:
        opening.found_past(world, run)
    for run in device.runs[-1:]:
        _found_newest(world, device, run)
    for recording in device.recordings:
        world.tree.pull_recording(recording)


def _found_newest(world: World, device: SimulatedDevice, run: Tracking) -> None:
    if device.served:
        world.side.reopen(device)
    else:
        world.side.write_past(run)
    world.copy_run(run)


def _serve_later(world: World, device: SimulatedDevice) -> None:
    """A real MariaDB for a device that had none: what it tracked is on the node, and over."""
    tracked = life.stop_run(world, device)
    device.served = True
    if tracked:
        life.start_run(world, device)


def _files_it_has(device: SimulatedDevice) -> list[Tracking]:
    """A MariaDB that is no real one holds the newest run only."""
    newest = [run for run in device.runs[-1:] if not run.served]
    kept = [run for run in device.runs if run.writer is ResultWriter.SQLITE and not run.purged]
    return [*kept, *(run for run in newest if run not in kept and not run.purged)]


def _mend(world: World, device: SimulatedDevice) -> None:
    """Faults end with the lab: the daemons shall copy again what one of them held back."""
    for run in device.runs:
        if run.held_back:
            run.held_back = False
            (world.tree.results / run.path).unlink(missing_ok=True)
