"""The list and the page of devices: they show verdicts, and queue looks."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backups import badges
from backups.admin import device_buttons
from backups.admin.device_actions import DeviceActions
from backups.admin.device_list import (
    DeviceChangeList,
    NodeFilter,
    ReportedStatusFilter,
    VerdictFilter,
    with_severity,
    with_status,
)
from backups.admin.device_page import page_context
from backups.admin.home import fleet_part, outside_part, work_part
from backups.words import TYPE_NAMES
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.history import HistoryAdmin
from devices.models import Device, Lifecycle, Storage


@admin.register(Device)
class DeviceAdmin(ExportedList, DeviceActions, HistoryAdmin):  # type: ignore[misc]
    stays = (
        "All files stay where they are: the copies on this machine's disks, and the card. What was"
        " proven of them goes, and is to be proven anew if the device is told of again."
    )
    list_display = ["verdict", "name_or_id", "backups", "newest_data", "status", "group"]
    list_display_links = ["name_or_id"]
    export_also = {"Machine id": "device_id", "Address": "address", "Last told of": "told_at"}
    list_filter = [
        VerdictFilter,
        NodeFilter,
        ReportedStatusFilter,
        ("group", RelatedDropdownFilter),
        ("lifecycle", ChoicesDropdownFilter),
        ("first_seen_at", MomentsFilter),
    ]
    list_filter_submit = True
    list_select_related = ["group"]
    list_per_page = 40
    search_fields = ["name", "device_id", "address"]
    search_help_text = "Name, machine id or address"
    fieldsets = [(None, {"fields": ["group", "notes", "why"]})]  # its lifecycle has buttons
    change_form_template = "backups/device.html"
    delete_confirmation_template = "backups/device_delete.html"

    def get_urls(self) -> list[URLPattern]:
        return [
            path("fleet/", fleet_part, name="fleet"),
            path("fleet/outside/", outside_part, name="fleet-outside"),
            path("fleet/runs/", work_part, name="fleet-runs"),
            *device_buttons.urls(self.admin_site.admin_view),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Where its copies are to lie is asked where there are several places."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if not (request.user.has_perm("devices.move_device") and Storage.objects.exists()):
            return fieldsets
        (title, named), *rest = fieldsets
        return [(title, {**named, "fields": ["goes_to", *named["fields"]]}), *rest]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def prepare_row(self, request: HttpRequest, row: Device) -> Device:
        return with_status(request, row)

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
        shown = page_context(request, device) if device else {}
        context = {
            "show_delete": False,
            "show_history": False,
            "show_save_and_continue": False,
            **(extra_context or {}),
            **shown,
        }
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def response_post_save_change(self, request: HttpRequest, obj: Device) -> HttpResponseRedirect:
        return redirect(_settings_of(obj))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what stands below the settings."""
        return redirect(_settings_of(get_object_or_404(Device, pk=object_id)))

    @admin.display(description="Verdict", ordering="severity")
    def verdict(self, device: Device) -> SafeString | str:
        status = device.fleet_status  # type: ignore[attr-defined]  # by DeviceChangeList
        if status is None:
            return device.lifecycle if device.lifecycle == Lifecycle.RETIRED else "not looked at"
        return badges.badge(status.verdict)

    @admin.display(description="Name", ordering="name")
    def name_or_id(self, device: Device) -> SafeString:
        is_new = getattr(device, "is_new", False)  # of a row of the list, by DeviceChangeList
        return format_html(
            '<span class="device-name">{}</span> <span class="device-id">{}</span>{}',
            device,
            device.device_id[:8],
            badges.new(device.first_seen_at, timezone.now()) if is_new else "",
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


def _settings_of(device: Device) -> str:
    return f"{reverse('admin:devices_device_change', args=[device.pk])}?tab=settings"


def _is_list(request: HttpRequest) -> bool:
    """Only the list is sorted by verdict; other pages need not judge the fleet for it."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    return name.startswith(("devices_device_changelist", "devices_device_export"))
