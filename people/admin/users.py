"""Who there is. A colleague is invited by three fields, and gets a link to set a password."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Permission, User
from django.db.models import Exists, ManyToManyField, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from devices.admin.dates import MomentsFilter
from devices.admin.dialogs import confirm, go_to, without
from devices.admin.export import ExportedList
from people.forms import PersonForm
from people.invitations import give_role, link_for, role_of
from people.roles import PersonRole
from people.second_factor import forget_factor
from people.shown_once import ONE_BUTTON, never_stored


@admin.register(User)
class PersonAdmin(ExportedList, ModelAdmin):
    form = PersonForm
    list_display = ["username", "email", "role", "is_active", "second_factor", "last_login"]
    list_filter = [
        "is_active",
        "groups",
        ("last_login", MomentsFilter),
        ("date_joined", MomentsFilter),
    ]
    list_filter_submit = True
    add_says = "Invite a colleague"
    search_fields = ["username", "email", "first_name", "last_name"]
    ordering = ["username"]
    readonly_fields = ["last_login", "second_factor"]
    filter_horizontal = ()  # its two lists side by side are wider than the page
    actions_detail = ["make_link", "forget_second_factor"]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["username", "email", "role"]})]
        shown = ["username", "email", "role", "is_active", "second_factor", "last_login"]
        more = ["is_superuser", "is_staff", "groups", "user_permissions"]
        return [(None, {"fields": shown})] + (
            [("More", {"fields": more, "classes": ["collapse"]})]
            if request.user.is_superuser
            else []
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        found: QuerySet[User] = super().get_queryset(request)
        factors = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return found.prefetch_related("groups").annotate(has_factor=Exists(factors))

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user_permissions":  # each names its content type
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shown = ONE_BUTTON | {"title": self.add_says}
        page: HttpResponse = super().add_view(request, extra_context=shown)
        return page

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What is not there cannot be forgotten."""
        actions = super().get_actions_detail(request, object_id)
        has_one = TOTPDevice.objects.filter(user=object_id, confirmed=True).exists()
        return actions if has_one else without("forget_second_factor", actions)

    # Whoever is no superuser makes none, and decides nothing about one.

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_within(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_self = obj is not None and obj.pk == request.user.pk
        return (
            super().has_delete_permission(request, obj) and _is_within(request, obj) and not is_self
        )

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        who = User.objects.filter(pk=object_id).first() if object_id else None
        return self.has_change_permission(request, who)

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: Any,
        change: bool,  # noqa: FBT001  Django's own argument
    ) -> None:
        if not change:
            obj.set_unusable_password()
            obj.is_staff = True  # all pages are the admin's
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, *args: Any) -> None:
        super().save_related(request, form, *args)
        if "role" in form.changed_data:
            role = form.cleaned_data["role"]
            give_role(form.instance, PersonRole(role) if role else None)

    def response_add(self, request: HttpRequest, obj: User, *args: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{obj} is invited",
            "person": obj,
            "role": role_of(obj),
            "link": link_for(obj, here=_here(request)),
        }
        return never_stored(render(request, "people/invited.html", context))

    @admin.display(description="Role")
    def role(self, user: User) -> str:
        return "superuser" if user.is_superuser else role_of(user) or "-"

    @admin.display(description="Second factor")
    def second_factor(self, user: Any) -> str:
        return "set up" if user.has_factor else "-"

    @action(
        description="Link to set a password",
        permissions=["decide"],
        icon="link",
        dialog=confirm(
            "Make a link by which this person sets a new password?",
            "It works once, within three days. The old password works until then.",
            "Make the link",
        ),
    )
    def make_link(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        person = User.objects.filter(pk=object_id).first()
        if person is not None:
            link = link_for(person, here=_here(request))
            messages.info(request, f"Give this to {person}, it works once: {link}")
        return go_to(reverse("admin:auth_user_change", args=[object_id]))

    @action(
        description="Forget the second factor",
        permissions=["decide"],
        icon="phonelink_erase",
        dialog=confirm(
            "Let this person in by the password alone?",
            "For whoever has lost the telephone. A new second factor can be set up at any time.",
            "Forget it",
        ),
    )
    def forget_second_factor(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        person = User.objects.filter(pk=object_id).first()
        if person is not None:
            forget_factor(person)
            messages.success(request, f"{person} logs in by the password alone.")
        return go_to(reverse("admin:auth_user_change", args=[object_id]))


def _is_within(request: HttpRequest, person: User | None) -> bool:
    return person is None or request.user.is_superuser or not person.is_superuser


def _here(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")
