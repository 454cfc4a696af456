"""The shapes of the new API. The list of devices is built by hand in `rows`, in its shape."""

from backups.api.serializers.devices import DeviceDetailSerializer, DeviceSerializer
from backups.api.serializers.items import (
    CopyRowSerializer,
    ExperimentSerializer,
    RecordingSerializer,
)
from backups.api.serializers.judgements import BackupRowSerializer
from backups.api.serializers.looks import DaemonSerializer, SnapshotSerializer

__all__ = [
    "BackupRowSerializer",
    "CopyRowSerializer",
    "DaemonSerializer",
    "DeviceDetailSerializer",
    "DeviceSerializer",
    "ExperimentSerializer",
    "RecordingSerializer",
    "SnapshotSerializer",
]
