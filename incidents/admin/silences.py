"""Silences and maintenance windows."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.history import WHY, HistoryAdmin
from incidents.models import Silence


@admin.register(Silence)
class SilenceAdmin(ExportedList, HistoryAdmin):
    asks_why = False  # its own reason is it
    stays = "What it keeps silent, and still holds, is told within a minute."
    list_display = ["__str__", "holds", "starts_at", "ends_at", "weekly", "reason", "made_by"]
    list_filter = [("starts_at", MomentsFilter), "weekly", ("group", RelatedDropdownFilter)]
    list_filter_submit = True
    list_select_related = ["device", "group", "made_by"]
    autocomplete_fields = ["device", "group"]
    fields = ["device", "group", "starts_at", "ends_at", "weekly", "time_zone", "reason"]

    def save_model(
        self,
        request: HttpRequest,
        obj: Silence,
        form: Any,
        change: bool,  # noqa: FBT001  Django's own argument
    ) -> None:
        obj.made_by = obj.made_by or request.user  # type: ignore[assignment]
        form.cleaned_data[WHY] = obj.reason[:100]
        super().save_model(request, obj, form, change)

    @display(description="Now", label={"silent": "warning"})
    def holds(self, silence: Silence) -> str | None:
        return "silent" if silence.window.holds(timezone.now()) else None
