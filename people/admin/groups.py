"""The three roles, which are the program's, and groups of people's own beside them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as AuthGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from devices.admin.export import ExportedList
from people.roles import EXPLAINED, PersonRole


@admin.register(Group)
class GroupAdmin(ExportedList, AuthGroupAdmin, ModelAdmin):
    list_display = ["name", "what", "people"]
    readonly_fields = ["what", "in_words"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        found: QuerySet[Group] = super().get_queryset(request)
        return found.annotate(people_count=Count("user"))

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return ["name", "what", "in_words"] if _is_role(obj) else ["name", "permissions"]

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return not _is_role(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return not _is_role(obj) and super().has_delete_permission(request, obj)

    @admin.display(description="May")
    def what(self, group: Group) -> str:
        return EXPLAINED[PersonRole(group.name)] if _is_role(group) else "What was chosen for it"

    @admin.display(description="In detail")
    def in_words(self, group: Group) -> SafeString:
        held = group.permissions.select_related("content_type")
        viewed = [one.content_type for one in held if one.codename.startswith("view_")]
        seen = {str(kind.name) for kind in viewed if not kind.model.startswith("historical")}
        more = [one.name for one in held if not one.codename.startswith("view_")]
        lines = [f"Sees {', '.join(sorted(seen))}", *sorted(more)]
        return format_html_join("", "<p>{}</p>", ([line] for line in lines))

    @admin.display(description="People", ordering="people_count")
    def people(self, group: Any) -> int:
        return int(group.people_count)


def _is_role(group: Group | None) -> bool:
    """They are filled from the table at each migration: what was changed here would not stay."""
    return group is not None and group.name in list(PersonRole)
