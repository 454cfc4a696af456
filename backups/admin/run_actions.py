"""What a person can ask for: each kind of backup of a device, made here."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from backups.admin import queue
from backups.models import Run, RunKind, RunTrigger
from backups.services.runs import RunRefused, request_run
from devices.admin.dialogs import confirm, go_to
from devices.models import Device

MIRROR = (
    "A worker copies the device's MariaDB to this installation's results folder, and compares"
    " every table. The node's own MySQL service must not write the same copy at the same time."
)
RESULTS = (
    "A worker fetches the device's SQLite databases over ssh, each as a copy of one moment, and"
    " proves what arrived. The node's own rsync service must not write the same copies."
)
VIDEOS = (
    "A worker fetches over ssh what is not here yet, and compares once more. Nothing is deleted"
    " on the device, and no file that is here is replaced by less."
)
VERIFY = (
    "A worker reads every database copy of this device to its end, and looks at each of its"
    " videos. What is damaged becomes corrupt in the next verdict."
)


def _now(kind: RunKind, description: str, icon: str, question: str, what: str) -> Any:
    """The action on a device's page, which asks first."""

    def ask(
        self: admin.ModelAdmin, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        device = Device.objects.filter(pk=object_id).first()
        run = ask_for_run(request, device, kind) if device else None
        if run is None:
            return go_to(reverse("admin:devices_device_changelist"))
        return go_to(reverse("admin:backups_run_change", args=[run.pk]))

    ask.__name__ = f"{kind}_now"
    dialog = confirm(question, what, description)
    wrap = action(description=description, permissions=["start_run"], icon=icon, dialog=dialog)
    return wrap(ask)


def _selected(kind: RunKind, description: str) -> Callable[..., None]:
    """The same for those selected in the list."""

    def ask(self: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        for device in queryset.order_by("name"):
            ask_for_run(request, device, kind)

    ask.__name__ = f"{kind}_selected"
    named: Callable[..., None] = admin.action(description=description, permissions=["start_run"])(
        ask
    )
    return named


class RunActions:
    """What devices offer, beside their own actions."""

    mirror_now = _now(RunKind.MIRROR, "Mirror MySQL", "database", "Mirror this device now?", MIRROR)
    pull_results_now = _now(
        RunKind.PULL_RESULTS, "Pull results", "download", "Pull its results now?", RESULTS
    )
    pull_videos_now = _now(
        RunKind.PULL_VIDEOS, "Pull videos", "videocam", "Pull its videos now?", VIDEOS
    )
    verify_now = _now(
        RunKind.VERIFY, "Verify copies", "fact_check", "Verify its copies now?", VERIFY
    )
    mirror_selected = _selected(RunKind.MIRROR, "Mirror MySQL now")
    pull_results_selected = _selected(RunKind.PULL_RESULTS, "Pull results now")
    pull_videos_selected = _selected(RunKind.PULL_VIDEOS, "Pull videos now")
    verify_selected = _selected(RunKind.VERIFY, "Verify copies now")

    def has_start_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.start_run")


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
