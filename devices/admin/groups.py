from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from devices.models import DeviceGroup


@admin.register(DeviceGroup)
class DeviceGroupAdmin(ModelAdmin):
    list_display = ["name", "device_count"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeviceGroup]:
        return super().get_queryset(request).annotate(device_count=Count("devices"))

    @admin.display(description="Devices", ordering="device_count")
    def device_count(self, group: DeviceGroup) -> int:
        return group.device_count  # type: ignore[attr-defined]  # annotated above
