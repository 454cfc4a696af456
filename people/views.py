"""Pages that are nobody's list: setting a password by a link, and the second factor."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import match_token, user_has_device

from people import second_factor
from people.forms import WRONG_CODE, CodeForm, NewPasswordForm
from people.shown_once import never_stored


class SetPassword(PasswordResetConfirmView):
    template_name = "people/set_password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("admin:login")
    title = "Set your password"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Nobody's menu: who follows a link may be logged in as somebody else.
        site = {"site_title": admin.site.site_title, "site_header": admin.site.site_header}
        return {**site, **super().get_context_data(**kwargs), "person": self.user}

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        messages.success(self.request, f"Your password is set. Log in as {self.user}.")
        return super().form_valid(form)


@never_cache
@require_http_methods(["GET", "POST"])
def factor_page(request: HttpRequest) -> HttpResponse:
    """Set one up; or say that it is there."""
    user = cast(User, request.user)
    if user_has_device(user):
        return _page(request, form=CodeForm(), has_one=True)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        codes = second_factor.confirm(user, form.cleaned_data["code"].strip())
        if codes is not None:
            return never_stored(_page(request, codes=codes, has_one=True))
        form.add_error("code", WRONG_CODE)
    device = second_factor.begin(user)
    shown = {"qr": second_factor.qr_svg(device), "key": second_factor.key_to_type(device)}
    return never_stored(_page(request, form=form, has_one=False, **shown))


@require_POST
def forget_factor(request: HttpRequest) -> HttpResponse:
    """By a code: whoever finds a screen unlocked does not get rid of it."""
    form, user = CodeForm(request.POST), cast(User, request.user)
    if form.is_valid() and match_token(user, form.cleaned_data["code"].strip()):
        second_factor.forget_factor(user)
        messages.success(request, "You log in by your password alone.")
    else:
        messages.error(request, WRONG_CODE)
    return redirect("admin:second-factor")


def _page(request: HttpRequest, **context: Any) -> HttpResponse:
    site = admin.site.each_context(request)
    return render(
        request, "people/second_factor.html", {**site, "title": "Second factor"} | context
    )
