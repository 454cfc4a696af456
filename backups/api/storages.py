"""The hosts that hold copies, where there are several."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from backups.api.viewsets import RowViewSet
from backups.engine.silence import why_silent
from backups.models import DiskLook
from devices.models import Storage


@extend_schema_serializer(component_name="StorageRoom")
class StorageRoomSerializer(serializers.ModelSerializer[DiskLook]):
    class Meta:
        model = DiskLook
        fields = ["folder", "path", "error", "free_bytes", "total_bytes", "looked_at"]


@extend_schema_serializer(component_name="Storage")
class StorageSerializer(serializers.ModelSerializer[Storage]):
    silent = serializers.SerializerMethodField(
        help_text="Why nobody can look there now; empty: it lives"
    )
    rooms = StorageRoomSerializer(source="disk_looks", many=True)

    class Meta:
        model = Storage
        fields = [
            "id", "name", "host", "heard_at", "silent", "results_dir", "videos_dir", "rooms",
        ]  # fmt: skip

    def get_silent(self, storage: Storage) -> str:
        return why_silent(storage.name, storage.heard_at, now=timezone.now())


class StorageViewSet(RowViewSet):
    """The hosts that hold copies. Empty: all copies lie on the one host of this installation."""

    queryset = Storage.objects.prefetch_related("disk_looks")
    serializer_class = StorageSerializer
    ordering = "id"
    ordering_fields = ("id", "name")
    lookup_value_regex = "[0-9]{1,18}"
