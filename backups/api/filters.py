"""What lists can be narrowed to. A value that cannot be is an error, never an empty list."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django_filters import rest_framework as filters
from rest_framework import serializers

from backups.dashboard import DeviceStatus
from backups.engine.verdict import Verdict
from backups.models import BackupSnapshot, Recording, Run
from backups.models.choices import BACKUP_TYPES
from devices.models import Experiment, Lifecycle

ORDERS: dict[str, Callable[[DeviceStatus], Any]] = {
    "name": lambda s: s.device.name,
    "told_at": lambda s: s.device.told_at,
    "newest_copy_at": lambda s: s.newest_copy_at,
    "size_bytes": lambda s: s.size_bytes,
}
TIMES = [  # what a database can compare, in any time zone
    MinValueValidator(datetime(1970, 1, 1, tzinfo=UTC)),
    MaxValueValidator(datetime(9000, 1, 1, tzinfo=UTC)),
]


class DeviceQuery(serializers.Serializer[Any]):
    """The parameters of the list of devices; without `ordering` the worst come first."""

    verdict = serializers.ChoiceField([v.value for v in Verdict], required=False)
    group = serializers.CharField(max_length=100, required=False, help_text="Name of the group")
    lifecycle = serializers.ChoiceField(
        Lifecycle.choices, required=False, help_text="Retired devices are listed only if asked for"
    )
    search = serializers.CharField(
        max_length=100, required=False, help_text="Part of the name or machine id, in any case"
    )
    ordering = serializers.ChoiceField(
        [f"{sign}{name}" for name in ORDERS for sign in ("", "-")], required=False
    )

    def narrowed(self, statuses: Iterable[DeviceStatus]) -> list[DeviceStatus]:
        matches = [status for status in statuses if self._matches(status)]
        return _ordered(matches, self.validated_data.get("ordering", ""))

    def _matches(self, status: DeviceStatus) -> bool:
        wanted = self.validated_data
        device = status.device
        name = f"{device.name} {device.device_id}".casefold()
        return (
            wanted.get("verdict") in {None, status.verdict}
            and wanted.get("lifecycle") in {None, device.lifecycle}
            and ("group" not in wanted or wanted["group"] == str(device.group or ""))
            and wanted.get("search", "").casefold() in name
        )


def _ordered(statuses: list[DeviceStatus], ordering: str) -> list[DeviceStatus]:
    if not ordering:
        return statuses
    value_of = ORDERS[ordering.removeprefix("-")]
    known = [status for status in statuses if value_of(status) is not None]
    unknown = [status for status in statuses if value_of(status) is None]
    return sorted(known, key=value_of, reverse=ordering.startswith("-")) + unknown


class SnapshotFilter(filters.FilterSet):  # type: ignore[misc]
    device = filters.CharFilter("backup__device__device_id", max_length=64)
    backup_type = filters.ChoiceFilter("backup__backup_type", choices=BACKUP_TYPES)
    taken_after = filters.IsoDateTimeFilter("taken_at", lookup_expr="gte", validators=TIMES)
    taken_before = filters.IsoDateTimeFilter("taken_at", lookup_expr="lt", validators=TIMES)

    class Meta:
        model = BackupSnapshot
        fields: list[str] = []


class ExperimentFilter(filters.FilterSet):  # type: ignore[misc]
    device = filters.CharFilter("device__device_id", max_length=64)
    filename = filters.CharFilter("filename", lookup_expr="icontains", max_length=200)
    started_after = filters.IsoDateTimeFilter("started_at", lookup_expr="gte", validators=TIMES)
    started_before = filters.IsoDateTimeFilter("started_at", lookup_expr="lt", validators=TIMES)

    class Meta:
        model = Experiment
        fields = ["writer", "growing", "written_off"]


class RecordingFilter(filters.FilterSet):  # type: ignore[misc]
    device = filters.CharFilter("device__device_id", max_length=64)
    folder = filters.CharFilter("folder", lookup_expr="icontains", max_length=400)

    class Meta:
        model = Recording
        fields: list[str] = []


class RunFilter(filters.FilterSet):  # type: ignore[misc]
    device = filters.CharFilter("device__device_id", max_length=64)
    queued_after = filters.IsoDateTimeFilter("queued_at", lookup_expr="gte", validators=TIMES)
    queued_before = filters.IsoDateTimeFilter("queued_at", lookup_expr="lt", validators=TIMES)

    class Meta:
        model = Run
        fields = ["kind", "state", "trigger"]
