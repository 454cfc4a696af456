"""The buttons to write off what lacks of a thing, and to take that back."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from backups.write_offs import RIGHTS, NothingLacks, lacks, take_back, write_off
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.read_only import ReadOnlyAdmin

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


class WriteOffAdmin(ReadOnlyAdmin):
    """Pages of a model with a field `written_off`."""

    actions_detail = ["write_off", "take_back"]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only where something lacks, and what was written off can only be taken back."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        row = self.get_object(request, unquote(str(object_id)))
        if row is None or row.written_off or not lacks(row):
            offered = without("write_off", offered)
        return offered if row and row.written_off else without("take_back", offered)

    def has_write_off_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(RIGHTS[self.model])

    @action(
        description="Write off",
        permissions=["write_off"],
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        dialog=confirm(
            "Write off what lacks of it?",
            "You accept that it will never be here whole. It raises no alarm any more."
            " No file is touched.",
            "Write off",
            form_class=WriteOffForm,
        ),
    )
    def write_off(self, request: HttpRequest, form: WriteOffForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._act(request, object_id, partial(write_off, by=request.user, reason=reason))

    @action(
        description="Take back the write-off",
        permissions=["write_off"],
        icon="undo",
        dialog=confirm(
            "Count it again?",
            "It is judged again like any other: what lacks of it is an alarm.",
            "Count it again",
        ),
    )
    def take_back(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._act(request, object_id, partial(take_back, by=request.user))

    def _act(self, request: HttpRequest, object_id: str, do: Callable[[Any], str]) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            self.message_user(request, "It is no longer known.", messages.ERROR)
            return go_to(self._page("changelist"))
        try:
            said = do(row)
        except NothingLacks as nothing:
            self.message_user(request, str(nothing), messages.ERROR)
        else:
            self.message_user(request, f"{row}: {said[0].lower()}{said[1:]}.")
        return go_to(self._page("change", row.pk))

    def _page(self, name: str, *words: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=words)
