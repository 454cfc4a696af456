"""Backups made here: what is at work, how far it is, and how each one ended."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.paginator import InfinitePaginator

from backups import badges
from backups.admin import queue
from backups.admin.run_actions import ask_for_run
from backups.admin.run_night_view import night
from backups.admin.run_page import claimed_work, open_runs, page_of_run
from backups.failed_runs import what_to_do
from backups.models import OPEN_STATES, Run, RunKind
from backups.services.runs import cancel_run
from devices.admin.dates import MomentsFilter, SearchedByDate
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin


@admin.register(Run)
class RunAdmin(ExportedList, SearchedByDate, ReadOnlyAdmin):
    list_display = ["state_badge", "device", "kind", "trigger", "started", "took", "outcome"]
    export_also = {
        "Queued": "queued_at",
        "Ended": "ended_at",
        "Rows": "rows_done",
        "Bytes": "bytes_done",
        "Files": "files_done",
        "Attempt": "attempt",
        "Asked for by": "requested_by",
    }
    list_display_links = ["state_badge"]
    list_select_related = ["device"]
    list_filter = [
        ("queued_at", MomentsFilter),
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("device", AutocompleteSelectFilter),
    ]
    list_filter_submit = True
    list_fullwidth = True
    search_fields = ["device__name", "device__device_id", "error"]
    search_help_text = "Such as “ETHOSCOPE_019 yesterday”, or an error"
    date_searched = "queued_at"
    ordering = ["-pk"]  # they are queued in the order of time
    paginator = InfinitePaginator  # to count them all costs more than to show some
    show_full_result_count = False
    empty_says = (
        "Nothing was backed up here yet. Backups are made for the groups whose plan says so, or"
        " when somebody presses a button on the page of a device."
    )
    list_before_template = "backups/open_runs_live.html"
    change_form_outer_before_template = "backups/run_live.html"
    fieldsets = [
        (
            "All that is stored of it",
            {
                "classes": ["collapse"],
                "fields": [
                    "device", "kind", "trigger", "requested_by", "attempt", "queued_at",
                    "not_before", "started_at", "ended_at", "cancel_requested_at",
                    "heartbeat_at", "path",
                ],
            },
        ),
    ]  # fmt: skip
    actions = ["cancel_selected"]
    actions_detail = ["cancel", "retry"]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("night/", self.admin_site.admin_view(night), name="run-night"),
            path("open/", self.admin_site.admin_view(self.open_part), name="open-runs"),
            path("<int:run_id>/part/", self.admin_site.admin_view(self.run_part), name="run-part"),
        ]
        return [*own, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What has ended cannot be cancelled, and what is open need not be asked for again."""
        is_open = Run.objects.filter(pk=object_id, state__in=OPEN_STATES).exists()
        senseless = "retry" if is_open else "cancel"
        return without(senseless, super().get_actions_detail(request, object_id))

    def open_part(self, request: HttpRequest) -> HttpResponse:
        """The part of the list that renews itself."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        return render(request, "backups/work.html", _work(now=timezone.now()))

    def run_part(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The part of a run's page that renews itself until the run has ended."""
        run = Run.objects.select_related("device").filter(pk=run_id).first()
        if run is None or not self.has_view_permission(request):
            return HttpResponse(status=403 if run else 404)
        response = render(request, "backups/run.html", page_of_run(run, now=timezone.now()))
        if not run.is_open:  # what its page offers is another now
            response["HX-Refresh"] = "true"
        return response

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), **_work(now=timezone.now())}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        shown = page_of_run(run, now=timezone.now()) if run else {}
        context = {**(extra_context or {}), **shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @admin.display(description="State", ordering="state")
    def state_badge(self, run: Run) -> SafeString:
        return badges.run_state(run.state)

    @admin.display(description="How it went")
    def outcome(self, run: Run) -> SafeString | str:
        """The error and what to do, or how far it is."""
        if run.is_open and run.percent is not None:
            bar = '<progress max="100" value="{}">{} %</progress> {} %'
            return format_html(bar, *[run.percent] * 3)
        if not run.error:
            return "-"
        step = what_to_do(run)
        return format_html('{} <strong class="next-step">{}</strong>', run.error[:300], step)

    @admin.display(description="Started", ordering="started_at")
    def started(self, run: Run) -> SafeString | str:
        return badges.ago(run.started_at, timezone.now()) if run.started_at else "not yet"

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        return badges.took(run.started_at, run.ended_at)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.cancel_run")

    def has_start_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.start_run")

    @admin.action(description="Stop those that are open", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _cancel(request, list(queryset))

    @action(
        description="Stop it",
        permissions=["cancel"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog=confirm(
            "Stop this backup?",
            "It stops within seconds. The copy stays as it was before this run.",
            "Stop it",
            keep="Keep running",
        ),
    )
    def cancel(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        _cancel(request, list(Run.objects.filter(pk=object_id)))
        return go_to(reverse("admin:backups_run_change", args=[object_id]))

    @action(
        description="Do it again",
        permissions=["start"],
        icon="replay",
        dialog=confirm(
            "Do this backup again?", "A run of the same kind is queued for the device.", "Queue it"
        ),
    )
    def retry(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        run = Run.objects.select_related("device").filter(pk=object_id).first()
        if run is None:
            return go_to(reverse("admin:backups_run_changelist"))
        asked = ask_for_run(request, run.device, RunKind(run.kind))
        return go_to(reverse("admin:backups_run_change", args=[(asked or run).pk]))


def _work(*, now: datetime) -> dict[str, Any]:
    return {**open_runs(now=now), "claimed": claimed_work(now=now)}


def _cancel(request: HttpRequest, runs: list[Run]) -> None:
    stopped = sum(cancel_run(run, now=timezone.now()) for run in runs)
    queue.say_how_many(request, stopped, of=len(runs))
