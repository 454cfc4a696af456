"""Videos that came again as other files: to look at, and to decide about."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from backups.models import QuarantinedVideo
from devices.admin.dates import MomentsFilter
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin


@admin.register(QuarantinedVideo)
class QuarantinedVideoAdmin(ExportedList, ReadOnlyAdmin):
    list_display = ["path", "device", "reason", "kept_path", "first_seen_at", "seen_at", "accepted"]
    list_filter = [
        ("first_seen_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        "accepted",
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["path", "device__name", "device__device_id"]
    show_full_result_count = False
    empty_says = (
        "No video came again as another file. One that does is kept beside ours, and listed here"
        " until a person has looked at both."
    )
    actions = ["keep_ours_of_selected"]
    actions_detail = ["keep_ours", "take_back"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What was decided can only be taken back."""
        accepted = QuarantinedVideo.objects.filter(pk=object_id, accepted=True).exists()
        senseless = "keep_ours" if accepted else "take_back"
        return without(senseless, super().get_actions_detail(request, object_id))

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.change_quarantinedvideo")

    @admin.action(description="Keep ours", permissions=["decide"])
    def keep_ours_of_selected(
        self, request: HttpRequest, queryset: QuerySet[QuarantinedVideo]
    ) -> None:
        for row in queryset:
            self._decide(request, row, accepted=True)

    @action(
        description="Keep ours",
        permissions=["decide"],
        icon="task_alt",
        dialog=confirm(
            "Keep our file?",
            "You looked at both: the file in its place here is the right one. It raises no alarm"
            " any more. No file is touched.",
            "Keep ours",
        ),
    )
    def keep_ours(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, accepted=True)

    @action(
        description="Take back",
        permissions=["decide"],
        icon="undo",
        dialog=confirm(
            "Count this file again?",
            "Nothing shows any more which of the two is right: its device is not green.",
            "Count it again",
        ),
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._decided(request, object_id, accepted=False)

    def _decided(self, request: HttpRequest, object_id: str, *, accepted: bool) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return go_to(reverse("admin:backups_quarantinedvideo_changelist"))
        self._decide(request, row, accepted=accepted)
        return go_to(reverse("admin:backups_quarantinedvideo_change", args=[row.pk]))

    def _decide(self, request: HttpRequest, row: QuarantinedVideo, *, accepted: bool) -> None:
        row.accepted = accepted
        row.save(update_fields=["accepted"])
        said = "Ours is kept" if accepted else "Counted again"
        self.log_change(request, row, said)
        self.message_user(request, f"{row}: {said[0].lower()}{said[1:]}.")
