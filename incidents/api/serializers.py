"""Problems as the API shows them."""

from typing import Any

from rest_framework import serializers

from incidents.models import Incident, IncidentAct


class IncidentActSerializer(serializers.ModelSerializer[IncidentAct]):
    by = serializers.CharField(source="by.username", default=None, allow_null=True)

    class Meta:
        model = IncidentAct
        fields = ["at", "what", "by", "text"]


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """One problem, with one cause. `severity`: critical, warning or notice."""

    cause = serializers.CharField(source="kind")
    title = serializers.CharField(read_only=True)
    to_do = serializers.CharField(read_only=True)
    device = serializers.CharField(source="device.device_id", default=None, allow_null=True)
    since = serializers.DateTimeField(source="first_seen_at")
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", default=None, allow_null=True
    )

    class Meta:
        model = Incident
        fields = [
            "id", "cause", "title", "severity", "state", "device", "backup_type", "sentence",
            "at_risk", "to_do", "clears", "since", "opened_at", "closed_at", "close_reason",
            "reopened", "root", "acknowledged_at", "acknowledged_by", "acknowledged_until", "note",
        ]  # fmt: skip


class IncidentDetailSerializer(IncidentSerializer):
    acts = IncidentActSerializer(many=True, read_only=True)

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "evidence", "acts"]


class AcknowledgeSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=500, help_text="What is done about it")
    until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Without it: to its end"
    )
