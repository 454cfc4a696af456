"""What is backed up here, and how often. The page also shows the key that devices have to know."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from backups.admin.durations import HOW, HumanDurationField, in_words
from backups.models import BackupPlan, RunKind
from backups.services.ssh_keys import KeyFailed, public_key


@admin.register(BackupPlan)
class BackupPlanAdmin(SimpleHistoryAdmin, ModelAdmin):
    list_display = ["__str__", "mirror", "pull_results", "pull_videos", "verify"]
    list_display_links = ["__str__"]
    list_select_related = ["group"]
    list_before_template = "backups/ssh_key.html"
    fieldsets = [
        (None, {"fields": ["group"]}),
        ("MySQL results", {"fields": [("mirror_here", "mirror_every")]}),
        ("SQLite results", {"fields": [("pull_results_here", "pull_results_every")]}),
        ("Videos", {"fields": [("pull_videos_here", "pull_videos_every")]}),
        ("Verification", {"fields": [("verify_here", "verify_every")]}),
    ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {**(extra_context or {}), **_ssh_key()}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, models.DurationField):
            help_text = f"{db_field.help_text} {HOW}"
            return db_field.formfield(form_class=HumanDurationField, help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="MySQL mirror")
    def mirror(self, plan: BackupPlan) -> str:
        return _how_often(plan, RunKind.MIRROR)

    @admin.display(description="Results")
    def pull_results(self, plan: BackupPlan) -> str:
        return _how_often(plan, RunKind.PULL_RESULTS)

    @admin.display(description="Videos")
    def pull_videos(self, plan: BackupPlan) -> str:
        return _how_often(plan, RunKind.PULL_VIDEOS)

    @admin.display(description="Verification")
    def verify(self, plan: BackupPlan) -> str:
        return _how_often(plan, RunKind.VERIFY)


def _how_often(plan: BackupPlan, kind: RunKind) -> str:
    return f"every {in_words(plan.every(kind))}" if plan.makes_here(kind) else "watch only"


def _ssh_key() -> dict[str, Any]:
    shown = {"ssh_user": settings.SSH_USER, "ssh_port": settings.SSH_PORT}
    try:
        return shown | {"ssh_key": public_key()}
    except KeyFailed as error:
        return shown | {"ssh_key_error": str(error)}
