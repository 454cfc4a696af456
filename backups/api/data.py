"""Experiments, recordings, and the copies on the node's disk."""

from collections.abc import Sequence
from typing import Any

from backups.api import filters, serializers
from backups.api.copies import attach_copies
from backups.api.viewsets import RowViewSet
from backups.models import Recording, ResultCopy
from devices.models import Experiment


class ExperimentViewSet(RowViewSet):
    """Experiments as the devices list them, each with its copy on the disk."""

    queryset = Experiment.objects.select_related("device", "state")
    serializer_class = serializers.ExperimentSerializer
    filterset_class = filters.ExperimentFilter
    ordering = "-started_at"
    ordering_fields = ("id", "started_at", "first_seen_at", "filename")
    lookup_value_regex = "[0-9]{1,18}"

    def shown(self, rows: Sequence[Experiment]) -> Any:
        return super().shown(attach_copies(list(rows)))

    def get_object(self) -> Experiment:
        return attach_copies([super().get_object()])[0]


class RecordingViewSet(RowViewSet):
    """Video recordings on the disk: one row for each folder of chunks."""

    queryset = Recording.objects.select_related("device")
    serializer_class = serializers.RecordingSerializer
    filterset_class = filters.RecordingFilter
    ordering_fields = ("id", "folder", "newest_change_at", "size_bytes", "chunk_count")
    lookup_value_regex = "[0-9]{1,18}"


class CopyViewSet(RowViewSet):
    """Database files on the node's disk, and what opening each one showed. Also those of which no
    device tells any more."""

    queryset = ResultCopy.objects.select_related("device")
    serializer_class = serializers.CopyRowSerializer
    filterset_class = filters.CopyFilter
    ordering_fields = ("id", "filename", "modified_at", "size_bytes")
    lookup_value_regex = "[0-9]{1,18}"
