"""What was looked at, and what the node's services said: as it is stored."""

from django.utils import timezone
from rest_framework import serializers

from backups.badges import availability
from backups.engine.facts import BackupType
from backups.models import BackupSnapshot, DaemonStatus, VideoScan
from backups.models.backup import PLAIN_FIELDS
from backups.models.daemons import DaemonName
from devices.freshness import AVAILABLE

TYPES = [kind.value for kind in BackupType]


class ScanSerializer(serializers.ModelSerializer[VideoScan]):
    """How the scan of the videos went: what the cache saved, and what could not be read."""

    hit_ratio = serializers.FloatField(
        allow_null=True, read_only=True, help_text="Share of chunks not looked at; null: no chunks"
    )

    class Meta:
        model = VideoScan
        fields = [
            "seconds", "hit_ratio", "cached_count", "fresh_count", "rechecked_count",
            "folder_count", "listed_folder_count", "errors", "cache_problem",
        ]  # fmt: skip


class SnapshotSerializer(serializers.ModelSerializer[BackupSnapshot]):
    device = serializers.CharField(source="backup.device.device_id")
    backup_type = serializers.ChoiceField(TYPES, source="backup.backup_type")
    scan = ScanSerializer(allow_null=True, read_only=True, help_text="Null: no videos were scanned")

    class Meta:
        model = BackupSnapshot
        fields = [
            "id", "device", "backup_type", "taken_at", *PLAIN_FIELDS,
            "problems", "findings", "claim", "scan",
        ]  # fmt: skip


class DaemonSerializer(serializers.ModelSerializer[DaemonStatus]):
    service = serializers.ChoiceField(choices=DaemonName.choices, source="daemon", read_only=True)
    is_available = serializers.SerializerMethodField(
        help_text="It was asked lately, and its answer came and could be read"
    )

    class Meta:
        model = DaemonStatus
        fields = [
            "service", "node", "is_available", "checked_at", "answered_at", "error",
            "answer_seconds", "current_device", "current_file", "processing",
        ]  # fmt: skip

    def get_is_available(self, daemon: DaemonStatus) -> bool:
        return availability(daemon, timezone.now()) == AVAILABLE
