"""A lab's switchboard of faults, for whoever holds the lab in another thread."""

from collections.abc import Callable
from typing import Any

from lab.faults.active import Faults
from lab.faults.options import Strike, parse
from lab.fleet import SimulatedDevice


class FaultSwitch:
    """`change` does something in the lab's thread and lets the doors follow."""

    def __init__(self, faults: Faults, change: Callable[[Callable[[], Any]], Any]) -> None:
        self._faults = faults
        self._change = change

    def __contains__(self, name: str) -> bool:
        return name in self._faults

    def switch_on(
        self,
        name: str,
        *,
        target: str = "",
        device: str | SimulatedDevice = "",
        path: str = "",
        hours: float | None = None,
    ) -> list[SimulatedDevice]:
        """Let a fault happen, and give the devices struck. Raises FaultError.

        `target` is node, mysql, rsync, device or any; `device` an id, a name or a number.
        """
        told = device if isinstance(device, str) else device.device_id
        options = Strike(target=target, device=told, path=path, hours=hours)
        struck: list[SimulatedDevice] = self._change(lambda: self._faults.switch_on(name, options))
        return struck

    def switch_off(self, name: str) -> None:
        """Undo a fault wherever it is on; no error if it is not."""
        self._change(lambda: self._faults.switch_off(name))

    def switch_on_all(self, texts: tuple[str, ...]) -> None:
        """Those of a command line: `name` or `name@where`."""
        for text in texts:
            name, options = parse(text)
            self.switch_on(name, target=options.target, device=options.device)
