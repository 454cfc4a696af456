from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from backups.admin.durations import HOW, HumanDurationField, in_words
from backups.models import BackupPlan


@admin.register(BackupPlan)
class BackupPlanAdmin(SimpleHistoryAdmin, ModelAdmin):
    list_display = ["__str__", "mirror_here", "every"]
    list_display_links = ["__str__"]
    list_select_related = ["group"]

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, models.DurationField):
            help_text = f"{db_field.help_text} {HOW}"
            return db_field.formfield(form_class=HumanDurationField, help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Every", ordering="mirror_every")
    def every(self, plan: BackupPlan) -> str:
        return in_words(plan.mirror_every)
