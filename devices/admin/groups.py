from typing import Any

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
        groups: QuerySet[DeviceGroup] = super().get_queryset(request)
        return groups.annotate(device_count=Count("devices"))

    @admin.display(description="Devices", ordering="device_count")
    def device_count(self, group: Any) -> int:
        return int(group.device_count)
