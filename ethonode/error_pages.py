"""What a person sees where a page cannot be shown: what happened, and a way back."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.http import urlencode

NOT_HERE = (
    "There is no such page. What it was about may have been deleted, or the address is wrong."
)
NOT_ALLOWED = "Your account may not see or do this. An administrator of ethonode can allow it."
TOO_OLD = (
    "The form was opened too long ago, or in another login, and nothing was done. Go back, load the"
    " page anew, and try again."
)
BROKEN = (
    "Something in ethonode itself went wrong, and was written to its log. What is saved is not"
    " touched by it."
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "Nothing is here", NOT_HERE)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "You may not do this", NOT_ALLOWED)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """By CSRF: the form was not ours, or was not opened in this login."""
    return _page(request, 403, "This form is too old", TOO_OLD)


def broken(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: what is asked of it may be what is broken."""
    return page_alone(500, "ethonode could not do this", BROKEN)


def page_alone(code: int, title: str, why: str) -> HttpResponse:
    """It needs nothing: no database, no session, nobody logged in."""
    words = {"code": code, "title": title, "why": why}
    return HttpResponse(render_to_string("ethonode/error_outside.html", words), status=code)


def _page(request: HttpRequest, code: int, title: str, why: str) -> HttpResponse:
    """Inside the admin for those who are; else alone, with the way in."""
    context: dict[str, Any] = {"code": code, "title": title, "why": why}
    template = "ethonode/error_inside.html"
    if admin.site.has_permission(request):
        context = {**admin.site.each_context(request), **context}
    else:
        template = "ethonode/error_outside.html"
        context["way"] = (f"{settings.LOGIN_URL}?{urlencode({'next': request.path})}", "Log in")
    return TemplateResponse(request, template, context, status=code)
