"""Experiments: whose each is, how safe, by which proof, and what lacks inside of it."""

from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from backups import badges
from backups.admin.copies import unlisted_copies
from backups.admin.experiment_page import experiment_page
from backups.admin.standing_filters import ExperimentStandingFilter, GapsFilter, ProofFilter
from backups.admin.write_offs import WriteOffAdmin
from backups.rois import rois_of, small_picture
from backups.standing import COLOURS, copy_of, gaps_of, of_experiment, state_of
from backups.templatetags.fleet import skew
from devices.admin.dates import MomentsFilter, SearchedByDate
from devices.admin.export import ExportedList
from devices.models import Experiment

COUNTED_FOR = 60  # seconds: to find out reads each copy


def _unlisted_count() -> int:
    return cache.get_or_set("unlisted-copies", unlisted_copies().count, COUNTED_FOR) or 0


@admin.register(Experiment)
class ExperimentAdmin(ExportedList, SearchedByDate, WriteOffAdmin):
    list_display = [
        "name", "device", "user", "code", "location", "standing", "proof", "row_count", "regions",
        "gaps",
    ]  # fmt: skip
    export_also = {
        "Began": "started_at",
        "Proven": "state__proven_at",
        "How": "state__how",
        "Looked at": "state__looked_at",
        "What is wrong": "state__reason",
        "Wrong since": "state__since",
        "Rows at risk": "state__rows_at_risk",
        "File": "filename",
    }
    export_without = ("regions",)
    list_display_links = ["name"]
    list_filter = [
        ("started_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        ExperimentStandingFilter,
        ProofFilter,
        GapsFilter,
        ("writer", ChoicesDropdownFilter),
        "growing",
    ]
    list_filter_submit = True
    list_select_related = ["device", "state__copy"]
    list_fullwidth = True
    ordering = [F("started_at").desc(nulls_last=True), "-pk"]
    search_fields = [
        "filename", "device__name", "device__device_id", "state__copy__user",
        "state__copy__location", "state__copy__code",
    ]  # fmt: skip
    search_help_text = "Such as “jdoe last Tuesday”, a code, a device"
    date_searched = "started_at"
    show_full_result_count = False
    list_before_template = "backups/unlisted_copies.html"
    change_form_outer_before_template = "backups/experiment.html"
    empty_says = (
        "An experiment is listed here as soon as its device, or the node, tells of its database."
        " If one that ran is not here, search for its device, and see when that last answered."
    )
    fieldsets = [
        (
            "All that is stored of it",
            {
                "classes": ["collapse"],
                "fields": [
                    "filename", "device", "writer", "path", "started_at", "first_seen_at",
                    "listed_at", "changed_at", "growing", "reported_state", "clock", "gone_at",
                    "gone_reason", "told_size", "rows_told_at", "rows_told_by", "written_off",
                ],
            },
        ),
    ]  # fmt: skip
    readonly_fields = ["clock", "told_size"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        found: QuerySet[Experiment] = super().get_queryset(request)
        return found.select_related("device", "state__copy")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), "unlisted": _unlisted_count()}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        experiment = self.get_object(request, object_id)
        page = experiment_page(experiment, now=timezone.now()) if experiment else {}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **page}
        )
        return response

    @admin.display(description="Experiment", ordering="filename")
    def name(self, experiment: Experiment) -> str:
        return experiment.filename.removesuffix(f"_{experiment.device.device_id}.db")

    @admin.display(description="Person", ordering="state__copy__user")
    def user(self, experiment: Experiment) -> str:
        copy = copy_of(experiment)
        return copy.user or "-" if copy else "-"

    @admin.display(description="Code", ordering="state__copy__code")
    def code(self, experiment: Experiment) -> str:
        copy = copy_of(experiment)
        return copy.code or "-" if copy else "-"

    @admin.display(description="Place", ordering="state__copy__location")
    def location(self, experiment: Experiment) -> str:
        copy = copy_of(experiment)
        return copy.location or "-" if copy else "-"

    @admin.display(description="Rows here", ordering="state__copy__row_count")
    def row_count(self, experiment: Experiment) -> str:
        copy = copy_of(experiment)
        return "-" if copy is None or copy.row_count is None else f"{copy.row_count:,}"

    @admin.display(description="Rows by region")
    def regions(self, experiment: Experiment) -> SafeString | str:
        return small_picture(rois_of(experiment, copy_of(experiment))) or "-"

    @admin.display(description="Gaps")
    def gaps(self, experiment: Experiment) -> str:
        copy = copy_of(experiment)
        return gaps_of(copy) or ("none" if copy and copy.row_count else "-")

    @admin.display(description="Proof", ordering="state__proof")
    def proof(self, experiment: Experiment) -> SafeString | str:
        state = state_of(experiment)
        if state is None or not state.proof:
            return "none"
        when = badges.ago(state.proven_at, timezone.now())
        return format_html('{} <span class="quiet">{}</span>', state.proof, when)

    @display(description="Is it safe?", label=COLOURS)
    def standing(self, experiment: Experiment) -> str:
        return of_experiment(experiment)

    @admin.display(description="The device's clock at first sight")
    def clock(self, experiment: Experiment) -> str:
        return skew(experiment.clock_off_seconds)

    @admin.display(description="Size told")
    def told_size(self, experiment: Experiment) -> str:
        return badges.size(experiment.told_size_bytes)
