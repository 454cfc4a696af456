"""Faults of what a device has and says: its clock, its lists, its card, the runs on it."""

import shutil

from lab import life
from lab.faults.mishap import (
    Deed,
    Mishap,
    ThingFault,
    has_videos,
    lists_videos,
    nothing_to_undo,
    tracks,
    undamaged,
)
from lab.faults.options import HOUR, FaultError, Strike
from lab.fleet import SimulatedDevice
from lab.tracking import ResultWriter
from lab.world import World

_YEAR = 365 * 24 * HOUR


def tracks_into_sqlite(device: SimulatedDevice) -> bool:
    return undamaged(device) and device.run is not None and device.writer is ResultWriter.SQLITE


def tracks_into_mariadb(device: SimulatedDevice) -> bool:
    return undamaged(device) and device.run is not None and device.writer is ResultWriter.MYSQL


def has_a_past(device: SimulatedDevice) -> bool:
    finished = [run for run in device.runs[:-1] if run.writer is ResultWriter.SQLITE]
    return undamaged(device) and bool(finished)


def films_too(device: SimulatedDevice) -> bool:
    return has_videos(device) and len(device.recordings) > 1


def jump(default: float) -> ThingFault:
    """The clock is set at once, whatever the device does; the run and the recording go on."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        life.set_clock(device, default if told.hours is None else told.hours * HOUR)

    def undo(world: World, device: SimulatedDevice, told: Strike) -> None:
        life.set_clock(device, -(default if told.hours is None else told.hours * HOUR))

    return ThingFault(on=strike, off=undo, suits=tracks)


def list_videos_as(form: str) -> ThingFault:
    def change(world: World, device: SimulatedDevice, told: Strike) -> None:
        device.video_list = form

    def undo(world: World, device: SimulatedDevice, told: Strike) -> None:
        device.video_list = "paths"

    return ThingFault(on=change, off=undo, suits=lists_videos)


def set_flag(name: str, *, then: Deed = nothing_to_undo) -> ThingFault:
    """A flag of the device, and what it does with it."""

    def strike(world: World, device: SimulatedDevice, told: Strike) -> None:
        setattr(device, name, True)
        then(world, device, told)

    def undo(world: World, device: SimulatedDevice, told: Strike) -> None:
        setattr(device, name, False)
        world.side.fold(device)

    return ThingFault(on=strike, off=undo, suits=undamaged)


def stop(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.stop_run(world, device)


def lose_power(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.crash(world, device)


def abort_start(world: World, device: SimulatedDevice, told: Strike) -> None:
    """A bad arena: the run ends before its first row."""
    life.stop_run(world, device)
    if life.start_run(world, device) is None:
        raise FaultError(f"{device.name} does not track")
    life.stop_run(world, device)


def append_after_stop(world: World, device: SimulatedDevice, told: Strike) -> None:
    """Stopped, copied, and gone on with: rows after the stop row, which the node lacks."""
    run = life.stop_run(world, device)
    if run is None:
        raise FaultError(f"{device.name} does not track")
    if not device.opened:
        world.copy_run(run)
    run.held_back = True
    world.side.go_on(run, at=world.now() + device.clock_offset)


def drop_uncopied(world: World, device: SimulatedDevice, told: Strike) -> None:
    """The next run begins, and the one before was never copied."""
    run = life.stop_run(world, device)
    if run:
        copy = world.tree.results / run.path
        for path in (copy, copy.with_suffix(".txt")):
            path.unlink(missing_ok=True)
    life.start_run(world, device)


def purge_run(world: World, device: SimulatedDevice, told: Strike) -> None:
    """An old database is deleted on the card; the inventory says `file_exists: false`."""
    finished = [run for run in device.runs[:-1] if run.writer is ResultWriter.SQLITE]
    if not finished:
        raise FaultError(f"{device.name} has no older SQLite run")
    finished[0].purged = True
    world.side.drop(finished[0])


def purge_uncopied_run(world: World, device: SimulatedDevice, told: Strike) -> None:
    purge_run(world, device, told)
    for run in device.runs:
        if run.purged:
            (world.tree.results / run.path).unlink(missing_ok=True)


def purge_recording(world: World, device: SimulatedDevice, told: Strike) -> None:
    """The oldest recording is deleted on the card; what the node has of it stays."""
    for recording in device.recordings[:1]:
        shutil.rmtree(world.side.videos / recording.folder, ignore_errors=True)
    device.recordings[:1] = []


def share_id(world: World, device: SimulatedDevice, told: Strike) -> None:
    """A card was cloned: two devices with one id, each with runs of its own."""
    other = next(each for each in world.devices if each is not device and each.runs)
    _bear_id(world, device, other.device_id)


def own_id(world: World, device: SimulatedDevice, told: Strike) -> None:
    _bear_id(world, device, device.own_id)


def _bear_id(world: World, device: SimulatedDevice, device_id: str) -> None:
    tracked = life.stop_run(world, device)
    life.stop_recording(device)
    device.own_id, device.device_id = device.own_id or device.device_id, device_id
    if tracked:
        life.start_run(world, device)


CARD_FAULTS = {
    "clock-jump": Mishap("a device's clock jumps as it tracks (hours=5)", thing=jump(5 * HOUR)),
    "clock-jump-back": Mishap("it jumps back as it tracks (hours=-5)", thing=jump(-5 * HOUR)),
    "clock-year-ahead": Mishap("a device's clock jumps ahead by a year", thing=jump(_YEAR)),
    "clock-year-behind": Mishap("a device's clock falls back by a year", thing=jump(-_YEAR)),
    "telling-inventory": Mishap(
        "firmware whose inventory knows sizes and counts", thing=set_flag("tells_sizes")
    ),
    "unfolded-stop": Mishap(
        "a run is stopped, and its end stays in the -wal", thing=set_flag("keeps_wal", then=stop)
    ),
    "power-cut": Mishap(
        "the power fails as it tracks: no stop row, and the -wal stays",
        thing=ThingFault(on=lose_power, suits=tracks_into_sqlite),
    ),
    "old-daemons-too": Mishap(
        "the old daemons copy an open device too, over what was brought here",
        thing=set_flag("copied_by_daemons"),
    ),
    "aborted-start": Mishap(
        "a run is stopped before its first row",
        thing=ThingFault(on=abort_start, suits=tracks),
    ),
    "appended-run": Mishap(
        "a run goes on after its stop row, and no more of it is copied",
        thing=ThingFault(on=append_after_stop, suits=tracks_into_sqlite),
    ),
    "dropped-mariadb": Mishap(
        "the next start dropped a MariaDB that nobody copied",
        thing=ThingFault(on=drop_uncopied, suits=tracks_into_mariadb),
    ),
    "purged-run": Mishap(
        "an old run's file is no more on the card: file_exists false",
        thing=ThingFault(on=purge_run, suits=has_a_past),
    ),
    "lost-run": Mishap(
        "an old run's file is no more on the card, nor its copy",
        thing=ThingFault(on=purge_uncopied_run, suits=has_a_past),
    ),
    "purged-recording": Mishap(
        "the oldest recording was deleted on the card",
        thing=ThingFault(on=purge_recording, suits=films_too),
    ),
    "twin-cards": Mishap(
        "two devices have one id", thing=ThingFault(on=share_id, off=own_id, suits=tracks)
    ),
    "listing-gone": Mishap(
        "after an update of its firmware, /list_video_files is 404", thing=list_videos_as("gone")
    ),
    "listing-error": Mishap(
        "/list_video_files answers with an error", thing=list_videos_as("error")
    ),
    "listing-nothing": Mishap("/list_video_files answers with {}", thing=list_videos_as("nothing")),
    "listing-metadata": Mishap(
        "/list_video_files answers without video_files", thing=list_videos_as("metadata")
    ),
    "listing-hashes": Mishap(
        "/list_video_files as firmware of before July 2025: names with md5 sums",
        thing=list_videos_as("hashes"),
    ),
}
