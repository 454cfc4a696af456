"""What a person can ask for: each kind of run, of one device or of those selected in the list."""

from collections.abc import Mapping
from types import MethodType
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.checks import UnfoldModelAdminChecks
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from backups.admin import queue
from backups.admin.bulk_acts import bulk_acts
from backups.models import Run, RunKind, RunTrigger
from backups.services.runs import KINDS, KindOfRun, RunRefused, request_run
from devices.admin.dialogs import confirm, go_to
from devices.models import Device


def _button(declared: KindOfRun) -> Any:
    """The action on a device's page, which asks first."""

    def ask(
        self: admin.ModelAdmin, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        device = Device.objects.filter(pk=object_id).first()
        run = ask_for_run(request, device, declared.kind) if device else None
        if run is None:
            return go_to(reverse("admin:devices_device_changelist"))
        return go_to(reverse("admin:backups_run_change", args=[run.pk]))

    wrap = action(
        description=declared.button,
        permissions=[declared.permission],
        icon=declared.icon,
        dialog=confirm(declared.question, declared.explained, declared.button),
    )
    return wrap(ask)


BUTTONS: Mapping[str, Any] = {f"{kind}_now": _button(declared) for kind, declared in KINDS.items()}


class _ChecksWithoutDatabase(UnfoldModelAdminChecks):
    """unfold looks for an action's permission in the database: there is none to migrate yet."""

    def _check_unfold_action_permission_methods(self, obj: Any) -> list[Any]:
        return []


class RunActions(admin.ModelAdmin):
    """What devices offer for each kind of run, beside their own actions."""

    checks_class = _ChecksWithoutDatabase

    def get_unfold_action(self, action: str) -> UnfoldAction:
        button = BUTTONS.get(action)
        if button is None:
            own: UnfoldAction = super().get_unfold_action(action)  # type: ignore[misc]
            return own
        return UnfoldAction(
            action_name=f"{self.opts.app_label}_{self.opts.model_name}_{action}",
            method=MethodType(button, self),
            description=button.short_description,
            path=action,
            attrs=button.attrs,
            icon=button.icon,
            variant=button.variant,
            dialog=button.dialog,
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        if IS_POPUP_VAR in request.GET:
            return offered
        return offered | bulk_acts(request)


def ask_for_run(request: HttpRequest, device: Device, kind: RunKind) -> Run | None:
    """Queue it in this person's name, and say what came of it."""
    try:
        run = request_run(
            device, kind, trigger=RunTrigger.PERSON, user=request.user, now=timezone.now()
        )
    except RunRefused as refused:
        messages.error(request, str(refused))
        return None
    queue.start_runs_and_say(request, f"{run}: {run.state}.")
    return run
