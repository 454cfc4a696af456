from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from backups.admin.durations import HOW, HumanDurationField, in_words
from backups.models import Policy


@admin.register(Policy)
class PolicyAdmin(SimpleHistoryAdmin, ModelAdmin):
    list_display = ["__str__", "late_after", "stale_after", "evidence_holds_for"]
    list_display_links = ["__str__"]
    list_select_related = ["group"]
    list_filter = ["group", "backup_type"]

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if isinstance(db_field, models.DurationField):
            help_text = f"{db_field.help_text} {HOW}"
            return db_field.formfield(form_class=HumanDurationField, help_text=help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Late after", ordering="max_age")
    def late_after(self, policy: Policy) -> str:
        return in_words(policy.max_age)

    @admin.display(description="Stale or missing after")
    def stale_after(self, policy: Policy) -> str:
        return in_words(policy.max_age + policy.grace)

    @admin.display(description="Evidence holds for", ordering="evidence_ttl")
    def evidence_holds_for(self, policy: Policy) -> str:
        return in_words(policy.evidence_ttl)
