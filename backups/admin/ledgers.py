"""What is known of recordings, chunk by chunk: to look at, and to write off what is lost."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from backups import badges
from backups.models import RecordingLedger
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.read_only import ReadOnlyAdmin

LABELS = {
    "corrupt": "danger",
    "lost": "danger",
    "missing": "danger",
    "unproven": "warning",
    "behind": "warning",
    "lagging": "info",
    "written off": "info",
}


@admin.register(RecordingLedger)
class RecordingLedgerAdmin(ReadOnlyAdmin):
    list_display = [
        "recording", "device", "state", "reason", "since", "known_count", "named_count",
        "counted_count", "equal_count", "at_risk",
    ]  # fmt: skip
    list_filter = [("device", AutocompleteSelectFilter), "kind", "growing", "written_off"]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["recording", "device__name", "device__device_id"]
    show_full_result_count = False
    fields = [
        "recording", "device", "state", "reason", "since", "at_risk", "known_count", "named_count",
        "counted_count", "equal_count", "unread_count", "newest_number", "first_known_at",
        "told_at", "looked_at", "advanced_at", "grew_at", "written_off",
    ]  # fmt: skip
    readonly_fields = ["state", "at_risk"]
    actions_detail = ["write_off", "take_back"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("memory", "digests")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What is written off can only be taken back."""
        written_off = RecordingLedger.objects.filter(pk=object_id, written_off=True).exists()
        senseless = "write_off" if written_off else "take_back"
        return without(senseless, super().get_actions_detail(request, object_id))

    def has_write_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.change_recordingledger")

    @display(description="State", label=LABELS)
    def state(self, row: RecordingLedger) -> str | None:
        return "written off" if row.written_off else row.kind or None

    @admin.display(description="At risk", ordering="at_risk_bytes")
    def at_risk(self, row: RecordingLedger) -> str:
        return "-" if row.at_risk_bytes is None else badges.size(row.at_risk_bytes)

    @action(
        description="Write off",
        permissions=["write_off"],
        icon="delete_forever",
        dialog=confirm(
            "Write off what lacks of this recording?",
            "You accept that it will never be here. The recording raises no alarm any more."
            " No file is touched.",
            "Write off",
        ),
    )
    def write_off(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._set_written_off(request, object_id, "Written off", lost=True)

    @action(
        description="Take back the write-off",
        permissions=["write_off"],
        icon="undo",
        dialog=confirm(
            "Count this recording again?",
            "It is judged again like any other: what lacks of it is an alarm.",
            "Count it again",
        ),
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._set_written_off(request, object_id, "Write-off taken back", lost=False)

    def _set_written_off(
        self, request: HttpRequest, object_id: str, said: str, *, lost: bool
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return go_to(reverse("admin:backups_recordingledger_changelist"))
        row.written_off = lost
        row.save(update_fields=["written_off"])
        self.log_change(request, row, said)
        self.message_user(request, f"{row}: {said[0].lower()}{said[1:]}.")
        return go_to(reverse("admin:backups_recordingledger_change", args=[row.pk]))
