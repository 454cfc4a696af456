"""What lists can be narrowed to. A value that cannot be is an error, never an empty list."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers

from backups.api.parameters import TrueOrFalse
from backups.dashboard import DeviceStatus
from backups.engine.verdict import Verdict
from backups.models import RunKind, RunState, RunTrigger
from backups.models.choices import BACKUP_TYPES
from backups.models.copies import COPY_STATES
from backups.time_machine import BadMoment, moment_of
from devices.models import Lifecycle, Writer

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


class MomentField(serializers.DateTimeField):
    """An instant of the past, with its zone."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return moment_of(str(value), now=timezone.now())
        except BadMoment as error:
            raise serializers.ValidationError(str(error)) from error


class MomentQuery(serializers.Serializer[Any]):
    at = MomentField(required=False, help_text="What was known and judged then")


class WipeQuery(serializers.Serializer[Any]):
    experiment = serializers.CharField(
        required=False, max_length=200, help_text="Its file name; without it the whole card"
    )


class DeviceQuery(MomentQuery):
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


class FindingQuery(serializers.Serializer[Any]):
    device = serializers.CharField(required=False, max_length=64, help_text="Its machine id")
    backup_type = serializers.ChoiceField(BACKUP_TYPES, required=False)
    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the device's name or of the finding"
    )


class TrueOrFalseField(serializers.ChoiceField):
    """DRF's own takes `on`, `1`, `y` and more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(["true", "false"], required=False, **options)

    def to_internal_value(self, data: Any) -> Any:
        return bool(super().to_internal_value(data) == "true")


class ItemQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["experiment", "file", "recording"], required=False)
    device = serializers.CharField(required=False, max_length=64, help_text="Its machine id")
    search = serializers.CharField(required=False, max_length=200, help_text="Part of the name")
    lacking = TrueOrFalseField(help_text="Whether something of it is not here, and is waited for")
    written_off = TrueOrFalseField()


def _ordered(statuses: list[DeviceStatus], ordering: str) -> list[DeviceStatus]:
    if not ordering:
        return statuses
    value_of = ORDERS[ordering.removeprefix("-")]
    known = [status for status in statuses if value_of(status) is not None]
    unknown = [status for status in statuses if value_of(status) is None]
    return sorted(known, key=value_of, reverse=ordering.startswith("-")) + unknown


class Searched(filters.CharFilter):  # type: ignore[misc]
    """Any of these columns holds it, in any case."""

    def __init__(self, *columns: str, says: str) -> None:
        self.columns = columns
        super().__init__(max_length=100, help_text=f"Part of {says}, in any case")

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        found = (Q(**{f"{column}__icontains": value}) for column in self.columns)
        return rows.filter(reduce(or_, found)) if value else rows


def of_device(column: str = "device") -> Any:
    return filters.CharFilter(f"{column}__device_id", max_length=64, help_text="Its machine id")


def since(column: str) -> Any:
    return filters.IsoDateTimeFilter(column, lookup_expr="gte", validators=TIMES)


def until(column: str) -> Any:
    return filters.IsoDateTimeFilter(column, lookup_expr="lt", validators=TIMES)


def one_of(column: str, choices: Any) -> Any:
    return filters.ChoiceFilter(column, choices=choices)


class OurFilter(filters.FilterSet):  # type: ignore[misc]
    """Of each row its device may be asked for."""

    device = of_device()


class SnapshotFilter(OurFilter):
    device = of_device("backup__device")
    backup_type = one_of("backup__backup_type", BACKUP_TYPES)
    search = Searched("backup__device__name", says="the device's name")
    taken_after = since("taken_at")
    taken_before = until("taken_at")


class ExperimentFilter(OurFilter):
    filename = filters.CharFilter("filename", lookup_expr="icontains", max_length=200)
    writer = one_of("writer", Writer.choices)
    user = filters.CharFilter("state__copy__user", lookup_expr="icontains", max_length=100)
    location = filters.CharFilter("state__copy__location", lookup_expr="icontains", max_length=100)
    code = filters.CharFilter("state__copy__code", lookup_expr="icontains", max_length=100)
    search = Searched(
        "filename", "device__name", "state__copy__user", "state__copy__code",
        says="file name, device, person or code",
    )  # fmt: skip
    started_after = since("started_at")
    started_before = until("started_at")
    growing = TrueOrFalse("growing")
    written_off = TrueOrFalse("written_off")


class RecordingFilter(OurFilter):
    folder = filters.CharFilter("folder", lookup_expr="icontains", max_length=400)
    search = Searched("folder", "device__name", says="folder or device")
    changed_after = since("newest_change_at")


class CopyFilter(OurFilter):
    state = one_of("state", COPY_STATES)
    search = Searched(
        "path", "device__name", "user", "code", says="path, device, person or code"
    )  # fmt: skip
    finished = TrueOrFalse("finished")
    modified_after = since("modified_at")


class RunFilter(OurFilter):
    kind = one_of("kind", RunKind.choices)
    state = one_of("state", RunState.choices)
    trigger = one_of("trigger", RunTrigger.choices)
    search = Searched("device__name", "error", says="the device's name or the error")
    queued_after = since("queued_at")
    queued_before = until("queued_at")


class CertificateFilter(OurFilter):
    device = filters.CharFilter("device_id_then", max_length=64, help_text="Its machine id")
    search = Searched("number", "device_name", "asked_by", says="number, device or person")
    stands = TrueOrFalse("withdrawn_at", lookup_expr="isnull")
    made_after = since("made_at")


class OfGroup(filters.FilterSet):  # type: ignore[misc]
    group = filters.CharFilter("group__name", max_length=100, help_text="Name of the group")
    search = Searched("group__name", says="the group's name")


class PolicyFilter(OfGroup):
    backup_type = one_of("backup_type", BACKUP_TYPES)
