"""Where copies lie when several hosts hold them: what each is, and when it was last heard of."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from backups.engine.silence import why_silent
from devices.admin.export import ExportedList
from devices.admin.history import HistoryAdmin
from devices.models import Storage


@admin.register(Storage)
class StorageAdmin(ExportedList, HistoryAdmin):
    stays = "Its files stay where they are. One that still holds a device's data cannot be deleted."
    list_display = ["name", "host", "state", "device_count", "results_dir", "videos_dir"]
    search_fields = ["name", "host"]
    readonly_fields = [
        "state",
        "heard_at",
        "results_dir",
        "videos_dir",
        "cards_dir",
        "parallel_runs",
    ]
    fieldsets = [
        (None, {"fields": ["name", "host", "pattern"]}),
        (
            "How it is reached",
            {"fields": ["url", ("ssh", "ssh_port"), ("main_ssh", "main_ssh_port")]},
        ),
        ("Second copies", {"fields": ["is_second", "second_of"]}),
        ("What its worker told", {"fields": readonly_fields}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Its worker is started by its name, and its queue is called by it."""
        return [*self.readonly_fields, "name"] if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Storage]:
        storages: QuerySet[Storage] = super().get_queryset(request)
        return storages.annotate(device_count=Count("devices"))

    @admin.display(description="State")
    def state(self, storage: Storage) -> str:
        return why_silent(storage.name, storage.heard_at, now=timezone.now()) or "lives"

    @admin.display(description="Devices", ordering="device_count")
    def device_count(self, storage: Any) -> int:
        return int(storage.device_count)
