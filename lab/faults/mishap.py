"""What a fault is: one line for people, and exactly one way of striking."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.faults.options import FaultError, Strike
from lab.faults.payload import PayloadFault
from lab.faults.wire import WireFault
from lab.fleet import SimulatedDevice
from lab.world import World

Suits = Callable[[SimulatedDevice], bool]
Deed = Callable[[World, SimulatedDevice, Strike], None]


def nothing_to_undo(world: World, device: SimulatedDevice, strike: Strike) -> None:
    """What was done to it is over, as in life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFault:
    """`on` and `off` for one device; without a named device the first `most` that suit."""

    on: Deed
    off: Deed = nothing_to_undo
    suits: Suits = lambda device: device.online
    most: int = 1


@dataclass(frozen=True, slots=True)
class Mishap:
    """`target` is where it strikes, unless told."""

    line: str
    target: str = ""
    wire: WireFault | None = None
    payload: PayloadFault | None = None
    thing: ThingFault | None = None
    quirk: str = ""
    refuses: bool = False


def choose(fault: ThingFault, world: World) -> list[SimulatedDevice]:
    """From the end of the fleet: its first devices are one of each kind. Open ones last."""
    devices = sorted(world.devices, key=lambda device: (device.opened, -device.number))
    suitable = [device for device in devices if fault.suits(device)]
    return suitable[: fault.most]


def require(devices: list[SimulatedDevice], name: str) -> list[SimulatedDevice]:
    if not devices:
        raise FaultError(f"{name}: no device in this lab can have it")
    return devices


def undamaged(device: SimulatedDevice) -> bool:
    """Online, with runs, and struck by no other fault."""
    whole = all(run.listed and not run.held_back and not run.purged for run in device.runs)
    return device.online and bool(device.runs) and whole and not device.records_nothing


def tracks(device: SimulatedDevice) -> bool:
    return device.online and device.run is not None


def tracks_undamaged(device: SimulatedDevice) -> bool:
    return tracks(device) and undamaged(device)


def has_videos(device: SimulatedDevice) -> bool:
    return device.online and bool(device.recordings)


def lists_videos(device: SimulatedDevice) -> bool:
    return has_videos(device) and device.is_old
