"""Faults of devices, as node and lists tell of them. Each can be undone."""

from lab import life
from lab.faults.mishap import (
    Deed,
    Mishap,
    ThingFault,
    tracks,
    undamaged,
)
from lab.faults.options import HOUR, Strike
from lab.fleet import SimulatedDevice
from lab.node_entries import live_entry
from lab.world import World

_ALL = 1_000


def not_first(device: SimulatedDevice) -> bool:
    return device.online and device.number > 1


def last_with_data(device: SimulatedDevice) -> bool:
    return undamaged(device) and bool(device.recordings) and not device.is_old


def skew_clock(world: World, device: SimulatedDevice, told: Strike) -> None:
    """Set a device's clock wrong by hours; it begins a new run on it."""
    tracked = life.stop_run(world, device)
    life.stop_recording(device)
    device.clock_offset = HOUR * (-5.0 if told.hours is None else told.hours)
    if tracked:
        life.start_run(world, device)


def set_clock(world: World, device: SimulatedDevice, told: Strike) -> None:
    tracked = life.stop_run(world, device)
    device.clock_offset = 0.0
    if tracked:
        life.start_run(world, device)


def freeze(world: World, device: SimulatedDevice, told: Strike) -> None:
    device.remembered = live_entry(world, device)
    device.frozen_since = world.now()


def thaw(world: World, device: SimulatedDevice, told: Strike) -> None:
    device.remembered, device.frozen_since = {}, None


def unlist(world: World, device: SimulatedDevice, told: Strike) -> None:
    device.runs[-1].listed = False


def list_again(world: World, device: SimulatedDevice, told: Strike) -> None:
    for run in device.runs:
        run.listed = True


def record_nothing(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.stop_run(world, device)
    life.stop_recording(device)
    device.records_nothing = True


def record_again(world: World, device: SimulatedDevice, told: Strike) -> None:
    device.records_nothing = False


def share_name(world: World, device: SimulatedDevice, told: Strike) -> None:
    """Give a device the name of another."""
    device.name = next(each.name for each in world.devices if each.name != device.name)


def own_name(world: World, device: SimulatedDevice, told: Strike) -> None:
    device.name = f"ETHOSCOPE_{device.number:03d}"


def null_status(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.forget(device)
    device.null_status = True


def take_away(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.forget(device)


def bring_back(world: World, device: SimulatedDevice, told: Strike) -> None:
    life.turn_on(device)


def set_inventory(state: str) -> Deed:
    def change(world: World, device: SimulatedDevice, told: Strike) -> None:
        device.inventory = state

    return change


DEVICE_FAULTS = {
    "null-status": Mishap(
        "known from the node's database only, with status null",
        thing=ThingFault(on=null_status, off=bring_back),
    ),
    "offline-device": Mishap(
        "off since before the node started",
        thing=ThingFault(on=take_away, off=bring_back, suits=undamaged),
    ),
    "frozen-device": Mishap(
        "its listener died: the node repeats the old answer",
        thing=ThingFault(on=freeze, off=thaw, suits=undamaged),
    ),
    "duplicate-names": Mishap(
        "a device bears the name of another",
        thing=ThingFault(on=share_name, off=own_name, suits=not_first),
    ),
    "empty-inventory": Mishap(
        "devices list no database at all",
        thing=ThingFault(on=set_inventory("empty"), off=set_inventory("told"), most=_ALL),
    ),
    "missing-inventory": Mishap(
        "the inventory could not be read: `databases` is {}",
        thing=ThingFault(on=set_inventory("missing"), off=set_inventory("told"), most=_ALL),
    ),
    "clock-skew": Mishap(
        "a device's clock is wrong by hours (hours=-5)",
        thing=ThingFault(on=skew_clock, off=set_clock, suits=tracks),
    ),
    "no-files-recording": Mishap(
        "says that it records, and writes no file",
        thing=ThingFault(on=record_nothing, off=record_again, suits=last_with_data),
    ),
    "unlisted-run": Mishap(
        "the newest run is not in the inventory",
        thing=ThingFault(on=unlist, off=list_again, suits=undamaged),
    ),
}
