from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from devices.admin.export import ExportedList
from devices.admin.history import HistoryAdmin
from devices.models import DeviceGroup


@admin.register(DeviceGroup)
class DeviceGroupAdmin(ExportedList, HistoryAdmin):
    stays = (
        "Its devices stay, in no group: judged by the policies and backed up by the plans for all."
        " A channel for this group alone tells of every device from then on. No file is touched."
    )
    list_display = ["name", "device_count"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeviceGroup]:
        groups: QuerySet[DeviceGroup] = super().get_queryset(request)
        return groups.annotate(device_count=Count("devices"))

    @admin.display(description="Devices", ordering="device_count")
    def device_count(self, group: Any) -> int:
        return int(group.device_count)
