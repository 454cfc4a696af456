"""The admin of who there is. A device's own page is in backups.admin: it shows verdicts."""

from devices.admin.experiments import ExperimentAdmin
from devices.admin.groups import DeviceGroupAdmin
from devices.admin.node import NodeStatusAdmin

__all__ = ["DeviceGroupAdmin", "ExperimentAdmin", "NodeStatusAdmin"]
