"""Backups made here: what is at work, how far it is, and how each one ended."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from backups import badges
from backups.admin import queue
from backups.admin.run_actions import ask_for_run
from backups.admin.run_page import open_runs, run_context
from backups.models import OPEN_STATES, Run, RunKind
from backups.services.runs import cancel_run
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.read_only import ReadOnlyAdmin


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = [
        "state_badge", "device", "kind", "trigger", "progress", "started", "took", "error",
    ]  # fmt: skip
    list_display_links = ["state_badge"]
    list_select_related = ["device"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("device", RelatedDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["device__name", "device__device_id", "error"]
    show_full_result_count = False
    list_before_template = "backups/open_runs_live.html"
    change_form_outer_before_template = "backups/run_live.html"
    fields = [
        "device", "kind", "trigger", "requested_by", "attempt", "queued_at", "not_before",
        "cancel_requested_at", "heartbeat_at", "path",
    ]  # fmt: skip
    actions = ["cancel_selected"]
    actions_detail = ["cancel", "retry"]

    def get_urls(self) -> list[URLPattern]:
        own = [
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
        return render(request, "backups/open_runs.html", open_runs(now=timezone.now()))

    def run_part(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The part of a run's page that renews itself until the run has ended."""
        run = Run.objects.select_related("device").filter(pk=run_id).first()
        if run is None or not self.has_view_permission(request):
            return HttpResponse(status=403 if run else 404)
        return render(request, "backups/run.html", run_context(run, now=timezone.now()))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), **open_runs(now=timezone.now())}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        shown = run_context(run, now=timezone.now()) if run else {}
        context = {**(extra_context or {}), **shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @admin.display(description="State", ordering="state")
    def state_badge(self, run: Run) -> SafeString:
        return badges.run_state(run.state)

    @admin.display(description="Progress")
    def progress(self, run: Run) -> SafeString | str:
        if not run.is_open or run.percent is None:
            return "-"
        return format_html('<progress max="100" value="{}"></progress> {} %', *[run.percent] * 2)

    @admin.display(description="Started", ordering="started_at")
    def started(self, run: Run) -> SafeString | str:
        return badges.ago(run.started_at, timezone.now())

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        return badges.took(run.started_at, run.ended_at)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.cancel_run")

    def has_start_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.start_run")

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _cancel(request, list(queryset))

    @action(
        description="Cancel",
        permissions=["cancel"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog=confirm(
            "Cancel this backup?",
            "It stops within seconds. The copy stays as it was before this run.",
            "Cancel the backup",
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


def _cancel(request: HttpRequest, runs: list[Run]) -> None:
    stopped = sum(cancel_run(run, now=timezone.now()) for run in runs)
    queue.say_how_many(request, stopped, of=len(runs))
