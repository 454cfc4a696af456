"""What people decided: plans and policies. They are set in the admin; here they are read."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from backups.api import filters
from backups.api.serializers.judgements import SecondsField
from backups.api.viewsets import RowViewSet
from backups.models import BackupPlan, Policy

GROUP = "Null: every device whose group has none of its own"
EVERY = [
    "mirror",
    "pull_results",
    "pull_videos",
    "pull_files",
    "verify",
    "list_card",
    "prove",
    "second_copy",
]


@extend_schema_field(OpenApiTypes.STR)
class ClockField(serializers.TimeField):
    """Of any day, in the installation's zone: to a schema a `time` has a zone of its own."""


@extend_schema_serializer(component_name="Plan")
class PlanSerializer(serializers.ModelSerializer[BackupPlan]):
    group = serializers.CharField(
        source="group.name", default=None, allow_null=True, help_text=GROUP
    )

    prove_from = ClockField(read_only=True, help_text="In the installation's time zone")
    prove_until = ClockField(read_only=True, help_text="It may be on the next day")

    class Meta:
        model = BackupPlan
        fields = [
            "id", "group", *(f"{kind}_here" for kind in EVERY), "prove_from", "prove_until",
            "prove_gigabytes",
        ]  # fmt: skip

    def get_fields(self) -> dict[str, serializers.Field]:
        every = {
            f"{kind}_every_seconds": SecondsField(source=f"{kind}_every", read_only=True)
            for kind in EVERY
        }
        return super().get_fields() | every


class PolicySerializer(serializers.ModelSerializer[Policy]):
    group = serializers.CharField(
        source="group.name", default=None, allow_null=True, help_text=GROUP
    )
    max_age_seconds = SecondsField(source="max_age", help_text="Unsaved data of this age is late")
    grace_seconds = SecondsField(source="grace", help_text="So much later it is stale")
    evidence_ttl_seconds = SecondsField(
        source="evidence_ttl", help_text="With older evidence nothing is known"
    )
    equal_within_seconds = SecondsField(
        source="equal_within", allow_null=True, help_text="Null: counts are enough"
    )

    class Meta:
        model = Policy
        fields = [
            "id", "group", "backup_type", "max_age_seconds", "grace_seconds",
            "evidence_ttl_seconds", "equal_within_seconds", "proved_copies",
        ]  # fmt: skip


class PlanViewSet(RowViewSet):
    """What this installation backs up itself, and how often. Without a plan it only watches."""

    queryset = BackupPlan.objects.select_related("group")
    serializer_class = PlanSerializer
    filterset_class = filters.OfGroup
    ordering = "id"
    lookup_value_regex = "[0-9]{1,18}"


class PolicyViewSet(RowViewSet):
    """How old is late, how old is stale, how long evidence holds. Where there is none, what holds
    is shown with each backup as `limits`."""

    queryset = Policy.objects.select_related("group")
    serializer_class = PolicySerializer
    filterset_class = filters.PolicyFilter
    ordering = "id"
    ordering_fields = ("id", "backup_type")
    lookup_value_regex = "[0-9]{1,18}"
