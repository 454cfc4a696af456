"""Recordings, chunk by chunk: what is here of each, what lacks, and how well that is proven."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from backups import badges
from backups.admin.file_rows import few_files_shown
from backups.admin.film_page import film_urls
from backups.admin.standing_filters import RecordingStandingFilter
from backups.admin.write_offs import WriteOffAdmin
from backups.models import RecordingLedger
from backups.services.files import FileQuery
from backups.services.strips import recording_strip
from backups.standing import COLOURS, of_recording
from backups.templatetags.fleet import proofs_of_files
from backups.write_offs import write_off_of
from devices.admin.dates import MomentsFilter, SearchedByDate
from devices.admin.export import ExportedList


@admin.register(RecordingLedger)
class RecordingLedgerAdmin(ExportedList, SearchedByDate, WriteOffAdmin):
    list_display = [
        "recording", "device", "state", "chunks", "files_here", "proofs", "reason", "since",
        "at_risk",
    ]  # fmt: skip
    export_also = {
        "Known": "known_count",
        "Named only": "named_count",
        "Of the size told": "counted_count",
        "Equal by content": "equal_count",
        "First known": "first_known_at",
        "Compared": "looked_at",
    }
    export_without = ("chunks",)
    list_filter = [
        ("first_known_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        RecordingStandingFilter,
        "growing",
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    list_fullwidth = True
    ordering = ["-first_known_at", "-pk"]
    search_fields = ["recording", "device__name", "device__device_id"]
    search_help_text = "Such as “ETHOSCOPE_019 yesterday”, 2026-11-20"
    date_searched = "first_known_at"
    show_full_result_count = False
    empty_says = (
        "A recording is listed here as soon as a device tells of a video, or one lies on the disk."
        " A device that only tracks makes none."
    )
    fieldsets = [
        (
            "All that is stored of it",
            {
                "classes": ["collapse"],
                "fields": [
                    "recording", "device", "state", "reason", "since", "at_risk", "known_count",
                    "named_count", "counted_count", "equal_count", "unread_count",
                    "newest_number", "first_known_at", "told_at", "looked_at", "advanced_at",
                    "grew_at", "written_off",
                ],
            },
        ),
    ]  # fmt: skip
    readonly_fields = ["state", "at_risk"]
    change_form_outer_before_template = "backups/recording.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("memory", "digests")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.strip_part)
        strip = path("<int:key>/strip/", view, name="recording-strip")
        return [strip, *film_urls(), *super().get_urls()]

    def strip_part(self, request: HttpRequest, key: int) -> HttpResponse:
        """The strip alone: a list asks for it as its row comes into sight."""
        row = RecordingLedger.objects.select_related("device").filter(pk=key).first()
        if row is None or not self.has_view_permission(request):
            return HttpResponse(status=403 if row else 404)
        return render(request, "backups/strip_part.html", {"strip": recording_strip(row)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **_page(row)}
        )
        return response

    @display(description="Is it safe?", label=COLOURS)
    def state(self, row: RecordingLedger) -> str:
        return of_recording(row)

    @admin.display(description="Its files")
    def chunks(self, row: RecordingLedger) -> SafeString | str:
        if not row.known_count:
            return "-"
        return format_html(
            '<div class="strip-cell" hx-get="{}" hx-trigger="revealed"'
            " hx-request='{{\"timeout\": 10000}}'></div>",
            reverse("admin:recording-strip", args=[row.pk]),
        )

    @admin.display(description="Here")
    def files_here(self, row: RecordingLedger) -> str:
        return f"{row.held_count:,} of {row.known_count:,}"

    @admin.display(description="Proof")
    def proofs(self, row: RecordingLedger) -> str:
        return proofs_of_files(row)

    @admin.display(description="At risk", ordering="at_risk_bytes")
    def at_risk(self, row: RecordingLedger) -> str:
        return "-" if row.at_risk_bytes is None else badges.size(row.at_risk_bytes)


def _page(row: RecordingLedger | None) -> dict[str, Any]:
    if row is None:
        return {}
    of_its_own = FileQuery(device=row.device.device_id, recording=row.recording)
    return {
        "ledger": row,
        "standing": of_recording(row),
        "write_off": write_off_of(row),
        "strip": recording_strip(row),
        **few_files_shown(of_its_own),
        "now": timezone.now(),
    }
