"""The two backup daemons of each node, as each last answered."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from backups import badges
from backups.admin import queue
from backups.models import DaemonStatus
from devices.admin.dialogs import confirm, go_to
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin
from devices.models import Device


@admin.register(DaemonStatus)
class DaemonStatusAdmin(ExportedList, ReadOnlyAdmin):
    list_display = [
        "service", "availability", "last_answer", "last_asked", "error", "answered_in",
        "current_device", "current_file",
    ]  # fmt: skip
    fields = readonly_fields = [
        "service", "availability", "last_answer", "last_asked", "error", "answered_in",
        "current_device", "current_file", "at_work_on",
    ]  # fmt: skip
    actions_list = ["check_now"]

    def has_check_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("backups.check_daemonstatus")

    @admin.display(description="Service", ordering="daemon")
    def service(self, daemon: DaemonStatus) -> str:
        return str(daemon)

    @admin.display(description="Says that it works on")
    def at_work_on(self, daemon: DaemonStatus) -> str:
        named = Device.objects.filter(device_id__in=daemon.processing)
        return ", ".join(map(str, named)) or "no device"

    @display(description="Available", label={"available": "success", "no answer": "danger"})
    def availability(self, daemon: DaemonStatus) -> str:
        return badges.availability(daemon, timezone.now())

    @admin.display(description="Last good answer", ordering="answered_at")
    def last_answer(self, daemon: DaemonStatus) -> SafeString | str:
        return badges.ago(daemon.answered_at, timezone.now())

    @admin.display(description="Last asked", ordering="checked_at")
    def last_asked(self, daemon: DaemonStatus) -> SafeString | str:
        return badges.ago(daemon.checked_at, timezone.now())

    @admin.display(description="Answered in", ordering="answer_seconds")
    def answered_in(self, daemon: DaemonStatus) -> str:
        return "-" if daemon.answer_seconds is None else f"{1000 * daemon.answer_seconds:.0f} ms"

    @action(
        description="Check now",
        url_path="check-now",
        permissions=["check"],
        icon="refresh",
        dialog=confirm(
            "Ask all services now?", "A worker asks each for its status once.", "Check now"
        ),
    )
    def check_now(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        queue.queue_and_say(request, queue.queue_daemon_check, "A check of all is queued.")
        return go_to(reverse("admin:backups_daemonstatus_changelist"))
