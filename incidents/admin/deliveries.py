"""The log of messages: each one for each channel, and what was answered."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from backups.badges import ago
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin
from incidents.models import Delivery, DeliveryState

LABELS = {
    DeliveryState.WAITING.label: "warning",
    DeliveryState.SENT.label: "success",
    DeliveryState.GIVEN_UP.label: "danger",
}


@admin.register(Delivery)
class DeliveryAdmin(ExportedList, ReadOnlyAdmin):
    list_display = ["state_shown", "title", "channel", "event", "made", "attempts", "answer"]
    list_display_links = ["title"]
    list_filter = [
        ("created_at", MomentsFilter),
        ("state", ChoicesDropdownFilter),
        ("channel", RelatedDropdownFilter),
        ("event", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    list_select_related = ["channel"]
    search_fields = ["title"]
    paginator = InfinitePaginator  # to count them all costs more than to show some
    show_full_result_count = False
    fields = [
        "channel", "event", "severity", "incident", "title", "body", "created_at", "not_before",
        "attempts", "tried_at", "sent_at", "sent_as", "key",
    ]  # fmt: skip
    change_form_outer_before_template = "incidents/delivery_live.html"

    def get_urls(self) -> list[URLPattern]:
        part = self.admin_site.admin_view(self.part)
        own = [path("<int:delivery_id>/part/", part, name="delivery-part")]
        return [*own, *super().get_urls()]

    def part(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        """What was answered: the page asks until there is an answer."""
        delivery = Delivery.objects.select_related("channel").filter(pk=delivery_id).first()
        if delivery is None or not self.has_view_permission(request):
            return HttpResponse(status=403 if delivery else 404)
        return render(request, "incidents/delivery.html", {"delivery": delivery})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "delivery": self.get_object(request, object_id)}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description="State", label=LABELS)
    def state_shown(self, delivery: Delivery) -> str:
        return DeliveryState(delivery.state).label

    @admin.display(description="Made", ordering="created_at")
    def made(self, delivery: Delivery) -> SafeString | str:
        return ago(delivery.created_at, timezone.now())
