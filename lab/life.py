"""What happens to devices: they go away and come back, their runs and recordings end and begin."""

from lab.chunks import Filming
from lab.fleet import OPEN_SCALE, Habit, SimulatedDevice
from lab.node_entries import live_entry
from lab.tracking import ResultWriter, Tracking, new_run
from lab.world import World


def turn_off(world: World, device: SimulatedDevice) -> None:
    """Unplug a device; the node keeps its last words."""
    if device.online:
        device.remembered = live_entry(world, device)
        device.online, device.off_since = False, world.now()


def turn_on(device: SimulatedDevice) -> None:
    device.online, device.off_since, device.null_status = True, None, False
    device.remembered = {}


def forget(device: SimulatedDevice) -> None:
    """As if the node had been started after the device went away: it knows its name only."""
    device.online, device.off_since = False, None


def stop_run(world: World, device: SimulatedDevice) -> Tracking | None:
    """Stop tracking gracefully."""
    run = device.run
    if run:
        world.side.stop(run, at=world.now() + device.clock_offset)
        if not device.keeps_wal:
            world.side.fold(device)
    return run


def crash(world: World, device: SimulatedDevice) -> None:
    """The power fails while it tracks: no stop row, and what the -wal has is folded by nobody."""
    if device.run:
        world.side.stop(device.run, at=world.now() + device.clock_offset, gracefully=False)
    stop_recording(device)
    device.booted_at = world.now()


def set_clock(device: SimulatedDevice, seconds: float) -> None:
    """Move a device's clock at once. What it writes goes on, with the new time."""
    device.clock_offset += seconds
    if device.run:
        device.run.last_row_at += seconds
    if device.recording:
        device.recording.clock_jumps.append((device.recording.chunk_count, seconds))


def start_run(world: World, device: SimulatedDevice) -> Tracking | None:
    """Begin tracking, as its software does: MariaDB loses the run before."""
    if device.run or not device.writer:
        return None
    if device.writer is ResultWriter.MYSQL:
        _drop_mariadb(world, device)
    run = new_run(
        world.rng,
        device_id=device.device_id,
        folder_name=device.name,
        writer=device.writer,
        started_at=_free_second(device, world.now() + device.clock_offset),
    )
    world.side.start(device, run)
    return run


def stop_recording(device: SimulatedDevice) -> None:
    if device.recording:
        device.recording.stopped = True


def start_recording(world: World, device: SimulatedDevice, *, code: str = "live") -> None:
    """Begin a video recording; a tracking device must be stopped first."""
    if device.run or device.recording or device.kind is Habit.NOTHING:
        return
    began = float(int(world.now() + device.clock_offset))
    recording = Filming(
        clock_offset=device.clock_offset,
        device_id=device.device_id,
        folder_name=device.name,
        started_at=began,
        ended_at=began + 1,
        code=code,
        stopped=False,
        scale=OPEN_SCALE if device.opened else 1.0,
    )
    device.recordings.append(recording)


def _free_second(device: SimulatedDevice, at: float) -> float:
    """Two runs of one device cannot begin in the same second."""
    return max([at, *(int(run.started_at) + 1.0 for run in device.runs)])


def _drop_mariadb(world: World, device: SimulatedDevice) -> None:
    for run in device.runs:
        world.side.drop(run)
