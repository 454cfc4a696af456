"""A device, and its card."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backups import words
from backups.api.serializers.judgements import (
    VERDICTS,
    BackupDetailSerializer,
    BackupRowSerializer,
    RiskSerializer,
    moment_of,
)
from backups.dashboard import DeviceStatus
from backups.engine.card.outlook import Level, concerns
from backups.models import CardReading
from backups.services.card_readings import newest_reading
from backups.services.second_copies import where_copies_are
from devices.models import Lifecycle


class OtherPlaceSerializer(serializers.Serializer[Any]):
    node = serializers.CharField(help_text="Which node tells so; empty: the device itself")
    address = serializers.CharField()
    since = serializers.DateTimeField()


class DeviceSerializer(serializers.Serializer[Any]):
    """A device as last told, and the verdict of its worst backup."""

    device_id = serializers.CharField(source="device.device_id")
    name = serializers.CharField(source="device.name")
    address = serializers.CharField(source="device.address")
    node = serializers.CharField(source="device.node", help_text="Whose daemons are its own")
    other_places = OtherPlaceSerializer(
        source="device.others", many=True, help_text="Where its id is at the same time"
    )
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
    at_risk = RiskSerializer(source="risk", help_text="What exists only on its card")
    size_bytes = serializers.IntegerField()
    newest_copy_at = serializers.DateTimeField(allow_null=True)
    recommended_backup_type = serializers.ChoiceField(["rsync", "mysql", "none"])
    supports_video_backup = serializers.BooleanField()
    backups = serializers.DictField(
        child=BackupRowSerializer(), help_text="By type: mysql, sqlite, video"
    )

    def get_sentence(self, status: DeviceStatus) -> str:
        return words.headline(status, now=moment_of(self))


class CardConcernSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField([level.value for level in Level])
    says = serializers.CharField()
    do = serializers.CharField(help_text="What a person should do")


class CardSerializer(serializers.ModelSerializer[CardReading]):
    """How the card was at the newest listing; what is null, or empty, was not told."""

    full_at = serializers.DateTimeField(
        source="look.full_at", allow_null=True, help_text="At the rate of the last days"
    )

    class Meta:
        model = CardReading
        fields = [
            "read_at", "size_bytes", "free_bytes", "full_at", "read_only", "errors",
            "errors_since", "kernel_errors", "kernel_errors_since", "too_weak", "life_time",
            "serial", "name", "made", "since",
        ]  # fmt: skip


class CopyPlaceSerializer(serializers.Serializer[Any]):
    """The first is in use; of each second one, what is proven to lie there."""

    storage = serializers.CharField(
        source="storage.name", default=None, allow_null=True, help_text="Null: ethonode's own host"
    )
    is_second = serializers.BooleanField()
    proven_files = serializers.IntegerField(source="files", default=None, allow_null=True)
    proven_bytes = serializers.IntegerField(source="size", default=None, allow_null=True)
    oldest_proof_at = serializers.DateTimeField(source="oldest", default=None, allow_null=True)
    newest_proof_at = serializers.DateTimeField(source="newest", default=None, allow_null=True)


class DeviceDetailSerializer(DeviceSerializer):
    notes = serializers.CharField(source="device.notes")
    first_seen_at = serializers.DateTimeField(source="device.first_seen_at")
    changed_at = serializers.DateTimeField(source="device.changed_at", allow_null=True)
    software_version = serializers.CharField(source="device.software_version")
    card_used_percent = serializers.IntegerField(source="device.card_used_percent", allow_null=True)
    card_age_seconds = serializers.FloatField(source="device.card_age_seconds", allow_null=True)
    card = serializers.SerializerMethodField(help_text="Null: it was never listed")
    card_concerns = serializers.SerializerMethodField(help_text="Worst first")
    places = serializers.SerializerMethodField(help_text="Where its copies lie")
    goes_to = serializers.CharField(
        source="device.goes_to.name", default=None, allow_null=True, help_text="To be moved there"
    )
    left = serializers.SerializerMethodField(
        help_text="Where the old copies still lie that a move left; null: nowhere"
    )
    backups = serializers.DictField(
        child=BackupDetailSerializer(), help_text="By type: mysql, sqlite, video"
    )

    def to_representation(self, status: DeviceStatus) -> dict[str, Any]:
        self.reading = newest_reading(status.device)
        return super().to_representation(status)

    @extend_schema_field(CardSerializer(allow_null=True))
    def get_card(self, status: DeviceStatus) -> Any:
        return CardSerializer(self.reading).data if self.reading else None

    @extend_schema_field(CardConcernSerializer(many=True))
    def get_card_concerns(self, status: DeviceStatus) -> Any:
        look = self.reading.look if self.reading else None
        found = concerns(look, now=timezone.now())
        return CardConcernSerializer(found, many=True).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_left(self, status: DeviceStatus) -> str | None:
        return status.device.still_kept_on or None

    @extend_schema_field(CopyPlaceSerializer(many=True))
    def get_places(self, status: DeviceStatus) -> Any:
        return CopyPlaceSerializer(where_copies_are(status.device), many=True).data
