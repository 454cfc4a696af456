"""The list and the page of devices: they show verdicts, and queue looks."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backups import badges
from backups.admin.device_actions import DeviceActions
from backups.admin.device_list import (
    DeviceChangeList,
    ReportedStatusFilter,
    VerdictFilter,
    with_severity,
)
from backups.admin.device_page import page_context
from backups.admin.home import fleet_part
from backups.words import TYPE_NAMES
from devices.models import Device, Lifecycle

FACTS = (
    "device_id", "name", "address", "software_version", "reported_status", "told_by", "told_at",
    "first_seen_at", "inventory_read_at", "inventory_error", "changed_at", "recording_at",
    "clock_at", "clock_skew_seconds",
)  # fmt: skip


@admin.register(Device)
class DeviceAdmin(DeviceActions, SimpleHistoryAdmin, ModelAdmin):
    list_display = ["verdict", "name_or_id", "backups", "newest_data", "status", "group"]
    list_display_links = ["name_or_id"]
    list_filter = [
        VerdictFilter,
        ReportedStatusFilter,
        ("group", RelatedDropdownFilter),
        ("lifecycle", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    list_select_related = ["group"]
    list_per_page = 100
    search_fields = ["name", "device_id", "address"]
    search_help_text = "Name, machine id or address"
    fieldsets = [
        ("Set by people", {"fields": ["group", "lifecycle", "notes"]}),
        ("Told by the node or the device", {"fields": FACTS, "classes": ["collapse"]}),
    ]
    readonly_fields = FACTS
    change_form_outer_before_template = "backups/device.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("fleet/", fleet_part, name="fleet"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name the devices only: what hangs on each may be a hundred thousand snapshots."""
        return [f"{device} with all that was ever seen of it" for device in objs], {}, set(), []

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeviceChangeList]:
        return DeviceChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        if _is_list(request):  # which sorts for itself, by what is annotated here
            return with_severity(Device.objects.all(), request)
        devices: QuerySet[Device] = super().get_queryset(request)
        return devices

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("severity", "name", "device_id") if _is_list(request) else ("name", "device_id")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        device = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(page_context(request, device) if device else {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @admin.display(description="Verdict", ordering="severity")
    def verdict(self, device: Device) -> SafeString | str:
        status = device.fleet_status  # type: ignore[attr-defined]  # by DeviceChangeList
        if status is None:
            return device.lifecycle if device.lifecycle == Lifecycle.RETIRED else "not looked at"
        return badges.badge(status.verdict)

    @admin.display(description="Name", ordering="name")
    def name_or_id(self, device: Device) -> SafeString:
        return format_html(
            '<span class="device-name">{}</span> <span class="device-id">{}</span>',
            device,
            device.device_id[:8],
        )

    @admin.display(description="Backups")
    def backups(self, device: Device) -> SafeString | str:
        status = device.fleet_status  # type: ignore[attr-defined]
        if status is None:
            return "-"
        rows = [
            (badges.badge(backup.judgement.verdict, TYPE_NAMES[backup_type]),)
            for backup_type, backup in status.backups.items()
        ]
        return format_html('<span class="badges">{}</span>', format_html_join("", "{}", rows))

    @admin.display(description="Newest data here")
    def newest_data(self, device: Device) -> SafeString | str:
        status = device.fleet_status  # type: ignore[attr-defined]
        if status is None:
            return "-"
        age = badges.ago(status.newest_copy_at, timezone.now())
        return format_html('{} <span class="quiet">{}</span>', age, badges.size(status.size_bytes))

    @admin.display(description="Reported status", ordering="reported_status")
    def status(self, device: Device) -> SafeString | str:
        said = device.reported_status or "not said"
        if device.lifecycle == Lifecycle.ACTIVE:
            return said
        return format_html('{} <span class="overlay">{}</span>', said, device.lifecycle)


def _is_list(request: HttpRequest) -> bool:
    """Only the list is sorted by verdict; other pages need not judge the fleet for it."""
    match = request.resolver_match
    return match is not None and match.url_name == "devices_device_changelist"
