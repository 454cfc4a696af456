"""What a person can ask for on devices. Each action queues work for a worker, and says so."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from backups.admin import queue
from backups.admin.run_actions import BUTTONS, RunActions
from backups.engine.grammar import counted
from backups.services.ssh_keys import KeyFailed, forget_key_of
from devices.admin.dialogs import confirm, go_to
from devices.models import Device

LOOK = "The node is asked again, and a worker looks at the disk. The new verdict shows here."


class DeviceActions(RunActions):
    actions = ["look_again"]
    actions_list = ["refresh_all"]
    actions_row = ["refresh_row"]
    actions_detail = [
        "refresh",
        {"title": "Back up here", "icon": "backup", "items": [*BUTTONS, "forget_ssh_key"]},
    ]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The page has its own buttons; these are for pages that lead to one of them."""
        return []

    def has_refresh_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("devices.refresh_device")

    @admin.action(description="Refresh now", permissions=["refresh"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        _queue_looks(request, queryset.order_by("name"))

    @action(
        description="Refresh now",
        url_path="refresh-now",
        permissions=["refresh"],
        icon="refresh",
        dialog=confirm("Refresh this device now?", LOOK, "Refresh now"),
    )
    def refresh_row(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        _queue_looks(request, Device.objects.filter(pk=object_id))
        return go_to(reverse("admin:devices_device_changelist"))

    @action(
        description="Refresh now",
        permissions=["refresh"],
        icon="refresh",
        dialog=confirm("Refresh this device now?", LOOK, "Refresh now"),
    )
    def refresh(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        _queue_looks(request, Device.objects.filter(pk=object_id))
        return go_to(reverse("admin:devices_device_change", args=[object_id]))

    @action(
        description="Refresh all now",
        url_path="refresh-all",
        permissions=["refresh"],
        icon="refresh",
        dialog=confirm(
            "Refresh the whole fleet now?",
            "Workers ask the node and both services, and look at the disk for every device.",
            "Refresh all now",
        ),
    )
    def refresh_all(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        queue.queue_and_say(
            request, queue.queue_refresh_all, "A refresh of the whole fleet is queued."
        )
        return go_to(reverse("admin:index"))

    def has_trust_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("devices.change_device")

    @action(
        description="Forget its ssh key",
        permissions=["trust"],
        icon="key_off",
        dialog=confirm(
            "Forget the ssh key of this device?",
            "Do this after its SD card was replaced: whatever answers at its address at the next"
            " pull is believed to be it, and remembered.",
            "Forget the key",
        ),
    )
    def forget_ssh_key(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        device = Device.objects.filter(pk=object_id).first()
        if device is not None:
            forget_key_and_say(request, device)
        return go_to(reverse("admin:devices_device_change", args=[object_id]))


def forget_key_and_say(request: HttpRequest, device: Device) -> None:
    try:
        had_one = forget_key_of(device)
    except KeyFailed as error:
        messages.error(request, f"Not forgotten: {error}")
    else:
        said = "Its ssh key is forgotten." if had_one else "It had shown no ssh key yet."
        messages.success(request, said)


def _queue_looks(request: HttpRequest, devices: QuerySet[Device]) -> None:
    ids = list(devices.values_list("device_id", flat=True))
    queue.queue_and_say(
        request,
        lambda: queue.queue_looks(ids, due_at=timezone.now()),
        f"Queued: {counted(len(ids), 'look')} at the disk.",
    )
