"""Experiments as the devices list them, and the one thing a person can say: that one is lost."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from devices.admin.dialogs import confirm, go_to
from devices.admin.read_only import ReadOnlyAdmin
from devices.models import Experiment

CONFIRMATION = "write off"


class WriteOffForm(BaseDialogForm):
    confirmation = forms.CharField(
        label=f"Type “{CONFIRMATION}” to confirm",
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label="Why (kept in the history)", max_length=200, widget=UnfoldAdminTextInputWidget()
    )

    def clean_confirmation(self) -> str:
        text: str = self.cleaned_data["confirmation"]
        if text.strip().casefold() != CONFIRMATION:
            raise forms.ValidationError(f"Type “{CONFIRMATION}”, without the quotes.")
        return text


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    list_display = [
        "filename", "device", "writer", "started_at", "changed_at", "listed_at", "state"
    ]  # fmt: skip
    list_filter = [
        ("device", AutocompleteSelectFilter),
        ("writer", ChoicesDropdownFilter),
        "growing",
        "written_off",
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["filename", "device__name", "device__device_id"]
    show_full_result_count = False
    actions_detail = ["write_off", "take_back"]

    @display(description="State", label={"growing": "info", "written off": "warning"})
    def state(self, experiment: Experiment) -> str | None:
        if experiment.written_off:
            return "written off"
        return "growing" if experiment.growing else None

    def has_write_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("devices.write_off_experiment")

    @action(
        description="Write off",
        permissions=["write_off"],
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        dialog=confirm(
            "Write off this experiment?",
            "You accept that no whole copy of it will ever exist here."
            " It raises no alarm any more. No file is touched.",
            "Write off",
            form_class=WriteOffForm,
        ),
    )
    def write_off(self, request: HttpRequest, form: WriteOffForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._set_written_off(request, object_id, f"Written off: {reason}", lost=True)

    @action(
        description="Take back the write-off",
        permissions=["write_off"],
        icon="undo",
        dialog=confirm(
            "Count this experiment again?",
            "It is judged again like any other: without a whole copy here it is an alarm.",
            "Count it again",
        ),
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._set_written_off(request, object_id, "Write-off taken back", lost=False)

    def _set_written_off(
        self, request: HttpRequest, object_id: str, message: str, *, lost: bool
    ) -> HttpResponse:
        experiment = self.get_object(request, object_id)
        if experiment is None:
            self.message_user(request, "This experiment is no longer known.", messages.ERROR)
            return go_to(reverse("admin:devices_experiment_changelist"))
        experiment.written_off = lost
        experiment.save(update_fields=["written_off"])
        self.log_change(request, experiment, message)
        self.message_user(request, f"{experiment}: {message[0].lower()}{message[1:]}.")
        return go_to(reverse("admin:devices_experiment_change", args=[experiment.pk]))
