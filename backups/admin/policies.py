from django.contrib import admin

from backups.admin.durations import DurationsAdmin, in_words
from backups.models import Policy
from devices.admin.export import ExportedList


@admin.register(Policy)
class PolicyAdmin(ExportedList, DurationsAdmin):
    stays = (
        "Every verdict is judged anew by what is left: the policy for all devices, or the limits"
        " that ethonode came with. No file is touched."
    )
    list_display = ["__str__", "late_after", "stale_after", "evidence_holds_for", "equal_after"]
    list_display_links = ["__str__"]
    list_select_related = ["group"]
    list_filter = ["group", "backup_type"]

    @admin.display(description="Late after", ordering="max_age")
    def late_after(self, policy: Policy) -> str:
        return in_words(policy.max_age)

    @admin.display(description="Stale or missing after")
    def stale_after(self, policy: Policy) -> str:
        return in_words(policy.max_age + policy.grace)

    @admin.display(description="Held against the device within", ordering="equal_within")
    def equal_after(self, policy: Policy) -> str:
        return in_words(policy.equal_within) if policy.equal_within else "counts are enough"

    @admin.display(description="Evidence holds for", ordering="evidence_ttl")
    def evidence_holds_for(self, policy: Policy) -> str:
        return in_words(policy.evidence_ttl)
