"""Tokens of programs: whoever may see people sees all of them, others their own."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from knox.models import AuthToken
from unfold.admin import ModelAdmin

from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.moments import moment
from people.forms import TokenForm
from people.models import ApiToken, TokenScope
from people.shown_once import ONE_BUTTON, never_stored
from people.tokens import make_token


@admin.register(ApiToken)
class ApiTokenAdmin(ExportedList, ModelAdmin):
    form = TokenForm
    list_display = ["name", "owner", "scope", "made_at", "ends_at"]
    list_display_links = None
    list_filter = [
        "scope",
        ("token__created", MomentsFilter),
        ("token__expiry", MomentsFilter),
    ]
    list_filter_submit = True
    add_says = "Make a token"
    search_fields = ["name", "token__user__username"]
    list_select_related = ["token__user"]
    readonly_fields = ["owner", "made_at", "ends_at"]

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> list[str]:
        return (
            ["name", "owner", "scope", "made_at", "ends_at"] if obj else ["name", "scope", "ends"]
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        found: QuerySet[ApiToken] = super().get_queryset(request)
        sees_all = request.user.has_perm("auth.view_user")
        return found if sees_all else found.filter(token__user=cast(User, request.user))

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shown = ONE_BUTTON | {"title": self.add_says}
        page: HttpResponse = super().add_view(request, extra_context=shown)
        return page

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: ApiToken,
        form: TokenForm,
        change: bool,  # noqa: FBT001  Django's own argument
    ) -> None:
        made, key = make_token(
            cast(User, request.user),
            name=obj.name,
            scope=TokenScope(obj.scope),
            ends=form.cleaned_data["ends"],
        )
        obj.pk, obj.token, obj.key = made.pk, made.token, key  # for the one page that shows it

    def response_add(self, request: HttpRequest, obj: ApiToken, *args: Any) -> HttpResponse:
        title = f"The token {obj.name}"
        context = {**self.admin_site.each_context(request), "title": title, "token": obj}
        return never_stored(render(request, "people/token.html", context))

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        obj.token.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        AuthToken.objects.filter(described__in=queryset).delete()

    @admin.display(description="Acts as", ordering="token__user__username")
    def owner(self, described: ApiToken) -> str:
        return str(described.token.user)

    @admin.display(description="Made", ordering="token__created")
    def made_at(self, described: ApiToken) -> SafeString | str:
        return moment(described.token.created)

    @admin.display(description="Ends", ordering="token__expiry")
    def ends_at(self, described: ApiToken) -> SafeString | str:
        return moment(described.token.expiry)
