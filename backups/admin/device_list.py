"""The list of devices: each row beside its verdict, judged once a request for the whole fleet."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.views import ChangeList

from backups.dashboard import DeviceStatus, fleet
from backups.engine.verdict import Verdict
from devices.freshness import is_new
from devices.models import Device

PER_REQUEST = "ethonode_fleet"


def statuses(request: HttpRequest) -> dict[int, DeviceStatus]:
    """Every device that is not retired, by its key; judged once a request."""
    if not hasattr(request, PER_REQUEST):
        judged = {status.device.pk: status for status in fleet(now=timezone.now()).devices}
        setattr(request, PER_REQUEST, judged)
    by_device: dict[int, DeviceStatus] = getattr(request, PER_REQUEST)
    return by_device


def with_severity(devices: QuerySet[Device], request: HttpRequest) -> QuerySet[Device]:
    """Annotate the place in the order of severity, so that a list can be sorted by it; and since
    when there is a fleet, so that it can be said who came later."""
    places = [
        When(pk__in=_keys_of(request, [verdict]), then=Value(place))
        for place, verdict in enumerate(Verdict)
    ]
    first = Device.objects.order_by("first_seen_at").values("first_seen_at")[:1]
    return devices.annotate(
        severity=Case(*places, default=Value(len(Verdict)), output_field=IntegerField()),
        founded_at=Subquery(first),
    )


def _keys_of(request: HttpRequest, verdicts: Iterable[Verdict]) -> list[int]:
    wanted = set(verdicts)
    return [key for key, status in statuses(request).items() if status.verdict in wanted]


def with_status(request: HttpRequest, device: Device) -> Device:
    device.fleet_status = statuses(request).get(device.pk)  # type: ignore[attr-defined]
    return device


class DeviceChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        now = timezone.now()
        for device in self.result_list:
            with_status(request, device)
            device.is_new = is_new(device.first_seen_at, founded_at=device.founded_at, now=now)


class VerdictFilter(DropdownFilter):
    """`verdict=late` is what the cards of the first page link to: only devices that may alarm."""

    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(verdict.value, verdict.value) for verdict in Verdict]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        if self.value() not in set(Verdict):
            return queryset
        return queryset.filter(pk__in=_keys_of(request, [Verdict(self.value())]))


class NodeFilter(DropdownFilter):
    """Where there are several; one that offers nothing is not shown."""

    title = "node"
    parameter_name = "node"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = [(node.name, node.name) for node in settings.NODES]
        return names if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        return queryset.filter(node=self.value()) if self.value() else queryset


class ReportedStatusFilter(DropdownFilter):
    title = "reported status"
    parameter_name = "reported_status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        words = Device.objects.order_by("reported_status").values_list("reported_status", flat=True)
        return [(word or "-", word or "not said") for word in words.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Device]) -> QuerySet[Device]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(reported_status="" if value == "-" else value)
