"""The admin of who there is. Devices and experiments are in backups.admin: they show verdicts."""

from devices.admin.groups import DeviceGroupAdmin
from devices.admin.node import NodeStatusAdmin

__all__ = ["DeviceGroupAdmin", "NodeStatusAdmin"]
