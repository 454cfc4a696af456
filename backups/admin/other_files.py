"""Files of cards that are neither experiments nor videos: to look at, and to write off."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from backups import badges
from backups.admin.write_offs import WriteOffAdmin
from backups.models import OtherFile
from backups.standing import of_file
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList

LABELS = {
    "damaged": "danger",
    "lost": "danger",
    "missing": "danger",
    "another size": "danger",
    "of its size": "info",
    "equal": "success",
    "written off": "info",
}


@admin.register(OtherFile)
class OtherFileAdmin(ExportedList, WriteOffAdmin):
    list_display = ["name", "device", "state", "size", "first_seen_at", "held_at", "gone_at"]
    list_filter = [
        ("first_seen_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        "equal",
        "written_off",
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["name", "device__name", "device__device_id"]
    ordering = ["-pk"]
    show_full_result_count = False
    empty_says = (
        "Whatever a card holds beside experiments and videos is listed here, once the card was"
        " listed: “List its card” on the page of a device."
    )
    fields = [
        "name", "device", "state", "size", "first_seen_at", "held_bytes", "held_at", "gone_at",
        "damage", "written_off",
    ]  # fmt: skip
    readonly_fields = ["state", "size"]

    @display(description="State", label=LABELS)
    def state(self, row: OtherFile) -> str:
        return of_file(row)

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, row: OtherFile) -> str:
        return badges.size(row.size_bytes)
