"""What is backed up here, and how often. The page also shows the key that devices have to know."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from backups.admin.durations import DurationsAdmin, in_words
from backups.models import BackupPlan, RunKind
from backups.services.runs import KINDS, KindOfRun
from backups.services.ssh_keys import KeyFailed, public_key
from devices.admin.export import ExportedList
from devices.models import Storage

PLANNED = [declared for declared in KINDS.values() if declared.plan]
ENTRIES = [declared.plan for declared in PLANNED if declared.plan]


def _column(declared: KindOfRun) -> Callable[[BackupPlan], str]:
    @admin.display(description=declared.kind.label)
    def how_often(plan: BackupPlan) -> str:
        pause = declared.pause(plan)
        return "watch only" if pause is None else f"every {in_words(pause)}"

    return how_often


COLUMNS = {declared.kind: _column(declared) for declared in PLANNED}


@admin.register(BackupPlan)
class BackupPlanAdmin(ExportedList, DurationsAdmin):
    stays = (
        "What it had begun goes on to its end. Its devices are backed up by the plan for all other"
        " devices, and only watched where there is none. No file is touched."
    )
    list_display = ["__str__", *COLUMNS.values()]
    list_display_links = ["__str__"]
    list_select_related = ["group"]
    list_before_template = "backups/ssh_key.html"
    fieldsets = [
        (None, {"fields": ["group"]}),
        *((entry.title, {"fields": [entry.fields]}) for entry in ENTRIES),
    ]

    def get_list_display(self, request: HttpRequest) -> Any:
        """A kind that no device could have yet, for there is no second place, has no column."""
        shown = super().get_list_display(request)
        if Storage.objects.filter(is_second=True).exists():
            return shown
        return [column for column in shown if column is not COLUMNS[RunKind.SECOND_COPY]]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), **_ssh_key()}
        response: HttpResponse = super().changelist_view(request, context)
        return response


def _ssh_key() -> dict[str, Any]:
    shown = {"ssh_user": settings.SSH_USER, "ssh_port": settings.SSH_PORT}
    try:
        return shown | {"ssh_key": public_key()}
    except KeyFailed as error:
        return shown | {"ssh_key_error": str(error)}
