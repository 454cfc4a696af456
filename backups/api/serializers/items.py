"""Experiments, recordings, and what our disk has of them."""

from rest_framework import serializers

from backups.models import Recording, ResultCopy
from backups.standing import of_experiment
from devices.models import Experiment


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
            "verified_at", "user", "location", "code", "about",
        ]  # fmt: skip


class CopyRowSerializer(CopySerializer):
    """Every copy by itself."""

    device = serializers.CharField(source="device.device_id")
    read_whole_at = serializers.DateTimeField(
        allow_null=True,
        read_only=True,
        help_text="Exactly this file was read to its end, and was sound",
    )

    class Meta(CopySerializer.Meta):
        fields = [
            "id", "device", "filename", "writer", *CopySerializer.Meta.fields, "read_whole_at",
            "foreign", "damage", "damaged_at", "digest", "digest_at",
        ]  # fmt: skip


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    device = serializers.CharField(source="device.device_id")
    standing = serializers.SerializerMethodField(help_text="In a word, as the pages say it")
    copy = CopySerializer(allow_null=True, help_text="Null: the disk holds no copy")

    class Meta:
        model = Experiment
        fields = [
            "id", "device", "filename", "writer", "started_at", "first_seen_at", "listed_at",
            "changed_at", "growing", "reported_state", "written_off", "standing", "copy",
        ]  # fmt: skip

    def get_standing(self, experiment: Experiment) -> str:
        return of_experiment(experiment)


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    device = serializers.CharField(source="device.device_id")

    class Meta:
        model = Recording
        fields = [
            "id", "device", "folder", "chunk_count", "size_bytes", "other_count", "other_bytes",
            "first_chunk", "last_chunk", "newest_change_at", "missing_numbers", "missing_count",
            "empty_count",
        ]  # fmt: skip
