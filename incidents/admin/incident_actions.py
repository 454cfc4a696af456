"""What a person may do about a problem: acknowledge it, or silence its device."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from devices.admin.dialogs import confirm, go_to, without
from incidents.models import Incident, IncidentState
from incidents.services.acts import ActRefused, acknowledge, silence

SPANS = [
    (1, "for an hour"),
    (4, "for four hours"),
    (24, "for a day"),
    (72, "for three days"),
    (168, "for a week"),
]
TO_ITS_END = 0
GROUP = "group"


class AcknowledgeForm(BaseDialogForm):
    note = forms.CharField(
        label="What is done about it", max_length=500, widget=UnfoldAdminTextInputWidget()
    )
    span = forms.TypedChoiceField(
        label="No reminder",
        coerce=int,
        choices=[(TO_ITS_END, "until it is over"), *SPANS],
        widget=UnfoldAdminSelectWidget(),
    )


class SilenceForm(BaseDialogForm):
    reason = forms.CharField(
        label="Why (kept in the history)", max_length=200, widget=UnfoldAdminTextInputWidget()
    )
    whose = forms.ChoiceField(
        label="Of",
        choices=[("device", "this device"), (GROUP, "all devices of its group")],
        widget=UnfoldAdminSelectWidget(),
    )
    span = forms.TypedChoiceField(
        label="Tell nothing", coerce=int, choices=SPANS, widget=UnfoldAdminSelectWidget()
    )


class IncidentActions(admin.ModelAdmin):
    actions_detail = ["acknowledge", "silence"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What is over needs neither."""
        offered: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        if Incident.objects.filter(pk=object_id, state=IncidentState.OPEN).exists():
            return offered
        return without("acknowledge", without("silence", offered))

    def has_acknowledge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("incidents.acknowledge_incident")

    def has_silence_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("incidents.add_silence")

    @action(
        description="Acknowledge",
        permissions=["acknowledge"],
        icon="task_alt",
        dialog=confirm(
            "Acknowledge this problem?",
            "Everybody sees that you know of it, and nobody is reminded. Its end is told.",
            "Acknowledge",
            form_class=AcknowledgeForm,
        ),
    )
    def acknowledge(
        self, request: HttpRequest, form: AcknowledgeForm, object_id: str
    ) -> HttpResponse:
        now, span = timezone.now(), form.cleaned_data["span"]
        until = now + timedelta(hours=span) if span else None
        note = form.cleaned_data["note"]
        incident = Incident.objects.filter(pk=object_id).first()
        if incident is None:
            return go_to(reverse("admin:incidents_incident_changelist"))
        try:
            acknowledge(incident, by=request.user, note=note, until=until, now=now)
        except ActRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "Acknowledged.")
        return go_to(reverse("admin:incidents_incident_change", args=[object_id]))

    @action(
        description="Silence",
        permissions=["silence"],
        icon="notifications_off",
        dialog=confirm(
            "Silence it?",
            "Nothing is told, also nothing new. What still holds afterwards is told then."
            " Where the problem is of no single device, everything is silenced.",
            "Silence",
            form_class=SilenceForm,
        ),
    )
    def silence(self, request: HttpRequest, form: SilenceForm, object_id: str) -> HttpResponse:
        incident = Incident.objects.filter(pk=object_id).first()
        if incident is None:
            return go_to(reverse("admin:incidents_incident_changelist"))
        try:
            made = silence(
                incident,
                by=request.user,
                reason=form.cleaned_data["reason"],
                span=timedelta(hours=form.cleaned_data["span"]),
                whole_group=form.cleaned_data["whose"] == GROUP,
                now=timezone.now(),
            )
        except ActRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{made} until {made.ends_at:%Y-%m-%d %H:%M} UTC.")
        return go_to(reverse("admin:incidents_incident_change", args=[object_id]))
