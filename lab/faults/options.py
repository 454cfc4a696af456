"""Where a fault strikes: which server, which device, which path."""

from dataclasses import dataclass

from lab.answers import Role
from lab.fleet import SimulatedDevice

HOUR = 3600.0


class FaultError(Exception):
    """No such fault, or nothing in this lab that it could strike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """`target` is a server's role, or "any"; `device` an id, a name or a number."""

    target: str = ""
    device: str = ""
    path: str = ""  # only requests whose path begins so
    hours: float | None = None

    def strikes(self, role: Role, *, device_id: str, path: str, devices: list[str]) -> bool:
        """Whether a request is meant; `devices` are the ids that `device` stands for."""
        if self.target not in {"any", role.value}:
            return False
        if role is Role.DEVICE and devices and device_id not in devices:
            return False
        return path.startswith(self.path)


def meant(device: SimulatedDevice, told: str) -> bool:
    """Whether a device is the one that a person or a test named."""
    return told in {device.device_id, device.name, str(device.number)}


def parse(text: str) -> tuple[str, Strike]:
    """`name`, `name@server` or `name@device`, as on the command line."""
    name, _, where = text.strip().partition("@")
    if where in {"any", *Role}:
        return name, Strike(target=where)
    return name, Strike(device=where)
