"""The faults that are switched on in one lab."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lab.answers import Answer, Role
from lab.faults.catalogue import CATALOGUE
from lab.faults.mishap import Mishap, choose, require
from lab.faults.options import FaultError, Strike, meant
from lab.faults.wire import WireFault
from lab.fleet import SimulatedDevice
from lab.world import World


@dataclass(frozen=True, slots=True)
class Active:
    fault: Mishap
    options: Strike
    devices: tuple[SimulatedDevice, ...]  # empty: not about single devices

    @property
    def ids(self) -> list[str]:
        return [device.device_id for device in self.devices]


class Faults:
    """Switch faults on and off, and say which ones a request meets."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._active: dict[str, list[Active]] = {}

    def __contains__(self, name: str) -> bool:
        quirk = _named(name).quirk
        return bool(getattr(self._world.quirks, quirk)) if quirk else name in self._active

    def switch_on(self, name: str, options: Strike) -> list[SimulatedDevice]:
        """Let it happen. Gives the devices that it strikes, if it is about devices.

        The same fault may be on in several places. Raises FaultError.
        """
        fault = _named(name)
        if fault.quirk:
            setattr(self._world.quirks, fault.quirk, True)
            return []
        options = _completed(fault, options)
        devices = self._chosen(name, fault, options)
        if fault.thing:
            for device in devices:
                fault.thing.on(self._world, device, options)
        self._active.setdefault(name, []).append(Active(fault, options, tuple(devices)))
        return devices

    def switch_off(self, name: str) -> None:
        fault = _named(name)
        if fault.quirk:
            setattr(self._world.quirks, fault.quirk, False)
        for active in self._active.pop(name, []):
            if fault.thing:
                for device in active.devices:
                    fault.thing.off(self._world, device, active.options)

    def wire_fault(self, role: Role, *, device_id: str, path: str) -> WireFault | None:
        return next(
            (each.fault.wire for each in self._striking(role, device_id, path) if each.fault.wire),
            None,
        )

    def refuses(self, role: Role, *, device_id: str) -> bool:
        return any(each.fault.refuses for each in self._striking(role, device_id, "/"))

    def changed(self, answer: Answer, role: Role, *, device_id: str, path: str) -> Answer:
        """The answer after every fault of content that is on for it."""
        everyone = [device.device_id for device in self._world.devices]
        for active in self._striking(role, device_id, path):
            if active.fault.payload and not answer.html:
                answer = active.fault.payload(answer, active.ids or everyone)
        return answer

    def _striking(self, role: Role, device_id: str, path: str) -> Iterator[Active]:
        for active in (each for some in self._active.values() for each in some):
            if active.options.strikes(role, device_id=device_id, path=path, devices=active.ids):
                yield active

    def _chosen(self, name: str, fault: Mishap, options: Strike) -> list[SimulatedDevice]:
        named = [device for device in self._world.devices if meant(device, options.device)]
        if options.device:
            return require(named, f"{name}@{options.device}")
        if not fault.thing:
            return []
        return require(choose(fault.thing, self._world), name)


def _named(name: str) -> Mishap:
    if name not in CATALOGUE:
        raise FaultError(f"{name!r} is no fault; these are: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def _completed(fault: Mishap, options: Strike) -> Strike:
    """Fill in where the fault strikes by default."""
    target = options.target or fault.target
    if target and target not in {"any", *Role}:
        raise FaultError(f"{target!r} is no server: {', '.join(Role)} or any")
    return replace(options, target=target)
