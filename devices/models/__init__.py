"""Who there is to back up, what each has, and where its copies lie."""

from devices.models.device import Device, DeviceGroup, Lifecycle
from devices.models.experiment import Experiment, Telling, Writer
from devices.models.node import NodeStatus
from devices.models.storage import Storage

__all__ = [
    "Device", "DeviceGroup", "Experiment", "Lifecycle", "NodeStatus", "Storage", "Telling",
    "Writer",
]  # fmt: skip
