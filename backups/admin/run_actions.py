"""What a person can ask for: a backup of a device, made here."""

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


class RunActions:
    """What devices offer, beside their own actions."""

    def has_start_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.start_run")

    @admin.action(description="Mirror MySQL now", permissions=["start_run"])
    def mirror_selected(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        for device in queryset.order_by("name"):
            ask_for_run(request, device, RunKind.MIRROR)

    @action(
        description="Mirror MySQL now",
        permissions=["start_run"],
        icon="database",
        dialog=confirm("Mirror this device now?", MIRROR, "Mirror now"),
    )
    def mirror_now(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        device = Device.objects.filter(pk=object_id).first()
        run = ask_for_run(request, device, RunKind.MIRROR) if device else None
        if run is None:
            return go_to(reverse("admin:devices_device_changelist"))
        return go_to(reverse("admin:backups_run_change", args=[run.pk]))


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
