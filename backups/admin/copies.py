"""What lies on the node's disk: result databases and video recordings."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
)
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from backups import badges
from backups.admin.preview_page import preview_urls
from backups.models import Recording, ResultCopy
from backups.services.refused_copies import give_way, keep
from backups.standing import gaps_of
from devices.admin.dates import MomentsFilter, SearchedByDate
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin
from devices.models import Experiment

COLOURS = {"usable": "success", "empty": "warning", "corrupt": "danger", "busy": "info"}


def unlisted_copies() -> QuerySet[ResultCopy]:
    """Copies of experiments that no device ever listed: only our disk knows of them."""
    listed = Experiment.objects.filter(device=OuterRef("device"), filename=OuterRef("filename"))
    return ResultCopy.objects.filter(~Exists(listed))


class ListedFilter(DropdownFilter):
    title = "listed by a device"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "by none: only the disk knows it")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ResultCopy]
    ) -> QuerySet[ResultCopy]:
        if self.value() != "no":
            return queryset
        return queryset.filter(pk__in=unlisted_copies().values("pk"))


@admin.register(ResultCopy)
class ResultCopyAdmin(ExportedList, SearchedByDate, ReadOnlyAdmin):
    list_display = [
        "filename", "device", "opens_as", "size", "rows_here", "data_at", "finished", "whole_as_of",
        "verified_at", "problem",
    ]  # fmt: skip
    export_also = {
        "Person": "user", "Code": "code", "Place": "location", "Looked at": "inspected_at",
    }  # fmt: skip
    list_filter = [
        ("data_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("writer", ChoicesDropdownFilter),
        "finished",
        ListedFilter,
    ]
    list_filter_submit = True
    list_per_page: ClassVar[int] = 40  # of so many columns
    list_select_related = ["device"]
    search_fields = [
        "filename", "device__name", "device__device_id", "user", "location", "code"
    ]  # fmt: skip
    search_help_text = "Such as “jdoe last Tuesday”, a code, a device"
    date_searched = "data_at"
    ordering = ["-pk"]
    show_full_result_count = False
    empty_says = "A database is listed here as soon as a look finds it in the results folder."
    fields = [
        "filename", "device", "path", "writer", "user", "code", "location", "size", "modified_at",
        "first_seen_at", "opens_as", "problem", "data_at", "row_count", "gaps", "foreign",
        "finished", "inspected_at", "damage", "damaged_at", "verified_at", "whole_as_of",
        "proven_by", "doubt", "foreign_write_at", "refused", "gives_way_at",
    ]  # fmt: skip
    readonly_fields = ["size", "opens_as", "gaps", "whole_as_of"]
    actions_detail = ["take_the_devices", "keep_ours"]
    change_form_outer_before_template = "backups/copy.html"

    def get_urls(self) -> list[URLPattern]:
        return [*preview_urls(), *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only of a copy that a pull did not replace; what was asked for can only be taken back."""
        refused = ResultCopy.objects.filter(pk=object_id).exclude(refused="").first()
        actions: list[Any] = super().get_actions_detail(request, object_id)
        if refused is None or refused.gives_way_at:
            actions = without("take_the_devices", actions)
        if refused is None or not refused.gives_way_at:
            actions = without("keep_ours", actions)
        return actions

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.change_resultcopy")

    @action(
        description="Take the device's",
        permissions=["decide"],
        icon="swap_horiz",
        dialog=confirm(
            "Take what the device has, though it is less?",
            "The next pull brings it. Our copy is kept beside it as it is now, under a name that"
            " ends in “more-rows” and the time; nothing is deleted. The experiment is still held"
            " against all rows that were ever told of it: what lacks then shows until it is"
            " written off.",
            "Take the device's",
        ),
    )
    def take_the_devices(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        return self._decided(request, object_id, takes=True)

    @action(
        description="Keep ours",
        permissions=["decide"],
        icon="undo",
        dialog=confirm(
            "Keep our copy in its place?",
            "What the device has is refused again, as long as it holds less than our copy.",
            "Keep ours",
        ),
    )
    def keep_ours(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, takes=False)

    def _decided(self, request: HttpRequest, object_id: str, *, takes: bool) -> HttpResponse:
        copy = self.get_object(request, object_id)
        if copy is None or not copy.refused:
            messages.error(request, "No pull was refused for this copy any more.")
            return go_to(reverse("admin:backups_resultcopy_changelist"))
        if takes:
            give_way(copy, now=timezone.now())
        else:
            keep(copy)
        said = "The next pull takes the device's" if takes else "Ours is kept in its place"
        self.log_change(request, copy, said)
        self.message_user(request, f"{copy}: {said[0].lower()}{said[1:]}.")
        return go_to(reverse("admin:backups_resultcopy_change", args=[copy.pk]))

    @display(description="Opens as", ordering="state", label=COLOURS)
    def opens_as(self, copy: ResultCopy) -> str:
        return copy.state

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, copy: ResultCopy) -> str:
        return badges.size(copy.size_bytes)

    @admin.display(description="Rows", ordering="row_count")
    def rows_here(self, copy: ResultCopy) -> str:
        return "-" if copy.row_count is None else f"{copy.row_count:,}"

    @admin.display(description="Gaps")
    def gaps(self, copy: ResultCopy) -> str:
        return gaps_of(copy) or "none known"

    @admin.display(description="Whole as of", ordering="proven_at")
    def whole_as_of(self, copy: ResultCopy) -> SafeString | str:
        if copy.whole_as_of is None:
            return copy.known_doubt or "-"
        return badges.ago(copy.whole_as_of, timezone.now())


@admin.register(Recording)
class RecordingAdmin(ExportedList, ReadOnlyAdmin):
    list_display = [
        "folder", "device", "chunks", "size", "newest_change_at", "numbers_missing", "empty_chunks",
    ]  # fmt: skip
    list_filter = [("newest_change_at", MomentsFilter), ("device", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["folder", "device__name", "device__device_id"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [
        "folder", "device", "chunk_count", "size", "first_chunk", "last_chunk", "newest_change_at",
        "numbers_missing", "empty_chunks", "other_count",
    ]  # fmt: skip
    readonly_fields = ["size", "numbers_missing", "empty_chunks"]
    empty_says = "A recording is listed here as soon as a look finds it in the videos folder."

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
