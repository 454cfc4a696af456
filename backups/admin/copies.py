"""What lies on the node's disk: result databases and video recordings."""

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from backups import badges
from backups.models import Recording, ResultCopy
from devices.admin.read_only import ReadOnlyAdmin

COLOURS = {"usable": "success", "empty": "warning", "corrupt": "danger", "busy": "info"}


@admin.register(ResultCopy)
class ResultCopyAdmin(ReadOnlyAdmin):
    list_display = [
        "filename", "device", "opens_as", "size", "data_at", "row_count", "finished",
        "whole_as_of", "verified_at", "inspected_at", "problem",
    ]  # fmt: skip
    list_filter = [
        ("device", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("writer", ChoicesDropdownFilter),
        "finished",
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["filename", "device__name", "device__device_id"]
    show_full_result_count = False

    @display(description="Opens as", ordering="state", label=COLOURS)
    def opens_as(self, copy: ResultCopy) -> str:
        return copy.state

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, copy: ResultCopy) -> str:
        return badges.size(copy.size_bytes)

    @admin.display(description="Whole as of", ordering="proven_at")
    def whole_as_of(self, copy: ResultCopy) -> SafeString | str:
        if copy.whole_as_of is None:
            return copy.known_doubt or "-"
        return badges.ago(copy.whole_as_of, timezone.now())


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = [
        "folder", "device", "chunks", "size", "newest_change_at", "numbers_missing", "empty_chunks",
    ]  # fmt: skip
    list_filter = [("device", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["folder", "device__name", "device__device_id"]
    show_full_result_count = False

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, recording: Recording) -> str:
        return badges.size(recording.size_bytes)

    @admin.display(description="Chunks", ordering="chunk_count")
    def chunks(self, recording: Recording) -> int:
        return recording.chunk_count

    @admin.display(description="Missing numbers", ordering="missing_count")
    def numbers_missing(self, recording: Recording) -> str:
        return str(recording.missing_count or "none")

    @admin.display(description="Empty chunks", ordering="empty_count")
    def empty_chunks(self, recording: Recording) -> str:
        return str(recording.empty_count or "none")
