"""The shapes of the new API. The list of devices is built by hand in `rows`, in its shape."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from backups import words
from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.facts import BackupType
from backups.engine.verdict import Verdict
from backups.models import BackupSnapshot, DaemonStatus, Recording, ResultCopy, VideoScan
from backups.models.backup import PLAIN_FIELDS
from backups.models.daemons import DaemonName
from devices.models import Experiment, Lifecycle

VERDICTS = [verdict.value for verdict in Verdict]
TYPES = [kind.value for kind in BackupType]


class ProblemSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    since = serializers.DateTimeField()
    reason = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True, help_text="At risk; null: nobody told")
    bytes = serializers.IntegerField(allow_null=True, help_text="At risk; null: nobody told")


class FactsSerializer(serializers.Serializer[Any]):
    """Facts of one moment: a null time is "never", a null count "never read"."""

    source_read_at = serializers.DateTimeField(allow_null=True)
    source_error = serializers.CharField()
    source_count = serializers.IntegerField(allow_null=True)
    source_changed_at = serializers.DateTimeField(allow_null=True)
    growing = serializers.BooleanField()
    written_off_count = serializers.IntegerField()
    disk_read_at = serializers.DateTimeField(allow_null=True)
    disk_error = serializers.CharField()
    copy_count = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    newest_copy_at = serializers.DateTimeField(allow_null=True)
    corrupt = ProblemSerializer(many=True)
    lost = ProblemSerializer(many=True)
    missing = ProblemSerializer(many=True)
    unproven = ProblemSerializer(many=True)
    behind = ProblemSerializer(many=True)
    lagging = ProblemSerializer(many=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of problems, by kind: the lists are cut"
    )
    proofs = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of saved items, by proof"
    )


class SecondsField(serializers.FloatField):
    """A span of time, in seconds."""

    def to_representation(self, value: Any) -> Any:
        return value.total_seconds()


class LimitsSerializer(serializers.Serializer[Any]):
    max_age_seconds = SecondsField(source="max_age")
    grace_seconds = SecondsField(source="grace")
    evidence_ttl_seconds = SecondsField(source="evidence_ttl")


class RiskSerializer(serializers.Serializer[Any]):
    """What exists only on a card, as far as somebody told how much that is."""

    items = serializers.IntegerField(help_text="Experiments or recordings")
    untold = serializers.IntegerField(help_text="Of them, those of which nobody told how much")
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)


class BackupRowSerializer(serializers.Serializer[Any]):
    """One backup in a list: the verdict, the rule that gave it, and what is here."""

    verdict = serializers.ChoiceField(VERDICTS, source="judgement.verdict")
    rule = serializers.CharField(source="judgement.rule")
    sentence = serializers.SerializerMethodField(help_text="The same words as in the admin")
    at_risk = RiskSerializer(source="facts.risk")
    since = serializers.DateTimeField(source="judgement.since", allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    copy_count = serializers.IntegerField(source="facts.copy_count")
    size_bytes = serializers.IntegerField(source="facts.size_bytes")
    newest_copy_at = serializers.DateTimeField(source="facts.newest_copy_at", allow_null=True)
    processing = serializers.BooleanField()

    def get_sentence(self, backup: BackupStatus) -> str:
        return words.sentence(backup, now=timezone.now())


class BackupDetailSerializer(BackupRowSerializer):
    """One backup in full: what the verdict rests on, and what would clear it."""

    evidence = serializers.ListField(child=serializers.CharField(), source="judgement.evidence")
    clears = serializers.CharField(source="judgement.clears")
    claim = serializers.CharField(help_text="What the service says: proves nothing")
    findings = serializers.ListField(child=serializers.CharField(), source="facts.findings")
    facts = FactsSerializer()
    limits = LimitsSerializer()


class DeviceSerializer(serializers.Serializer[Any]):
    """A device as last told, and the verdict of its worst backup."""

    device_id = serializers.CharField(source="device.device_id")
    name = serializers.CharField(source="device.name")
    address = serializers.CharField(source="device.address")
    group = serializers.CharField(source="device.group.name", default=None, allow_null=True)
    lifecycle = serializers.ChoiceField(Lifecycle.values, source="device.lifecycle")
    reported_status = serializers.CharField(source="device.reported_status")
    told_at = serializers.DateTimeField(source="device.told_at")
    inventory_read_at = serializers.DateTimeField(
        source="device.inventory_read_at", allow_null=True
    )
    inventory_error = serializers.CharField(source="device.inventory_error")
    verdict = serializers.ChoiceField(VERDICTS)
    sentence = serializers.SerializerMethodField(help_text="That of its worst backup")
    silent = serializers.BooleanField(help_text="Parked or retired: raises no alarm")
    processing = serializers.BooleanField()
    stalled = serializers.BooleanField()
    size_bytes = serializers.IntegerField()
    newest_copy_at = serializers.DateTimeField(allow_null=True)
    recommended_backup_type = serializers.ChoiceField(["rsync", "mysql", "none"])
    supports_video_backup = serializers.BooleanField()
    backups = serializers.DictField(
        child=BackupRowSerializer(), help_text="By type: mysql, sqlite, video"
    )

    def get_sentence(self, status: DeviceStatus) -> str:
        return words.headline(status, now=timezone.now())


class DeviceDetailSerializer(DeviceSerializer):
    notes = serializers.CharField(source="device.notes")
    first_seen_at = serializers.DateTimeField(source="device.first_seen_at")
    changed_at = serializers.DateTimeField(source="device.changed_at", allow_null=True)
    software_version = serializers.CharField(source="device.software_version")
    card_used_percent = serializers.IntegerField(source="device.card_used_percent", allow_null=True)
    card_age_seconds = serializers.FloatField(source="device.card_age_seconds", allow_null=True)
    backups = serializers.DictField(
        child=BackupDetailSerializer(), help_text="By type: mysql, sqlite, video"
    )


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
    is_available = serializers.BooleanField(help_text="Its last answer came, and could be read")

    class Meta:
        model = DaemonStatus
        fields = [
            "service", "is_available", "checked_at", "answered_at", "error", "answer_seconds",
            "current_device", "current_file", "processing",
        ]  # fmt: skip


class CopySerializer(serializers.ModelSerializer[ResultCopy]):
    whole_as_of = serializers.DateTimeField(
        allow_null=True, help_text="A run here showed it to hold all that the device had then"
    )
    doubt = serializers.CharField(
        source="known_doubt", help_text="How a run here found it to differ from the device"
    )

    class Meta:
        model = ResultCopy
        fields = [
            "path", "state", "problem", "size_bytes", "wal_bytes", "modified_at", "data_at",
            "row_count", "finished", "first_seen_at", "inspected_at", "whole_as_of", "doubt",
            "verified_at",
        ]  # fmt: skip


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    device = serializers.CharField(source="device.device_id")
    copy = CopySerializer(allow_null=True, help_text="Null: the disk holds no copy")

    class Meta:
        model = Experiment
        fields = [
            "id", "device", "filename", "writer", "started_at", "first_seen_at", "listed_at",
            "changed_at", "growing", "reported_state", "written_off", "copy",
        ]  # fmt: skip


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    device = serializers.CharField(source="device.device_id")

    class Meta:
        model = Recording
        fields = [
            "id", "device", "folder", "chunk_count", "size_bytes", "other_count", "other_bytes",
            "first_chunk", "last_chunk", "newest_change_at", "missing_numbers", "missing_count",
            "empty_count",
        ]  # fmt: skip


class QueuedSerializer(serializers.Serializer[Any]):
    task_id = serializers.CharField()
