"""The list of problems and the page of one: what, since when, why then, and what to do."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backups.badges import ago
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin
from incidents.admin.day import day_part
from incidents.admin.incident_actions import IncidentActions
from incidents.admin.incident_page import incident_context
from incidents.admin.timeline import timeline
from incidents.badges import severity_badge
from incidents.engine.causes import RANK
from incidents.models import Incident, IncidentState

ALL = "all"


class StateFilter(admin.SimpleListFilter):
    """What is open is shown, unless somebody asks for more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*IncidentState.choices, (ALL, "all")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = self.value() or IncidentState.OPEN.value
        for value, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": chosen == value, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        value = self.value() or IncidentState.OPEN.value
        return queryset if value == ALL else queryset.filter(state=value)


@admin.register(Incident)
class IncidentAdmin(ExportedList, IncidentActions, ReadOnlyAdmin):
    list_display = ["severity_shown", "what", "why", "at_risk", "since", "people"]
    list_display_links = ["what"]
    list_filter = [
        ("first_seen_at", MomentsFilter),
        StateFilter,
        ("severity", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("device", RelatedDropdownFilter),
    ]
    list_filter_submit = True
    list_select_related = ["device", "acknowledged_by"]
    search_fields = ["device__name", "device__device_id", "sentence"]
    show_full_result_count = False
    list_fullwidth = True
    change_form_outer_before_template = "incidents/incident.html"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("timeline/", self.admin_site.admin_view(timeline), name="timeline"),
            path("day/", day_part, name="day"),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """All that there is to say is above."""
        return []

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Worst first, and of those the longest."""
        worst = Case(*(When(severity=s, then=Value(rank)) for s, rank in RANK.items()))
        return [worst.asc(), "first_seen_at", "pk"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        incident = self.get_object(request, object_id)
        shown = incident_context(incident, request, now=timezone.now()) if incident else {}
        context = {"show_history": False, **(extra_context or {}), **shown}  # it is on the page
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @admin.display(description="Severity", ordering="severity")
    def severity_shown(self, incident: Incident) -> SafeString:
        return severity_badge(incident.severity, over=incident.state == IncidentState.CLOSED)

    @admin.display(description="What")
    def what(self, incident: Incident) -> SafeString:
        return format_html(
            '<strong>{}</strong><br><span class="quiet">{}</span>', incident.title, incident.about
        )

    @admin.display(description="Why")
    def why(self, incident: Incident) -> str:
        return incident.sentence

    @admin.display(description="Since", ordering="first_seen_at")
    def since(self, incident: Incident) -> SafeString | str:
        return ago(incident.first_seen_at, timezone.now())

    @admin.display(description="Acknowledged")
    def people(self, incident: Incident) -> str:
        if incident.state == IncidentState.CLOSED:
            return incident.close_reason or "over"
        if not incident.acknowledged_at:
            return "by nobody yet"
        return f"by {incident.acknowledged_by or 'somebody'}"
