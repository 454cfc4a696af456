"""On every page: whether ethonode itself has looked lately, and how many problems are open."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backups.watch_state import own_parts
from incidents.services.bell import bell

SEE_PROBLEMS = "incidents.view_incident"


def watch(request: HttpRequest) -> dict[str, Any]:
    """For templates. Asked only where a template says it, and only for those who may enter."""
    if not admin.site.has_permission(request):
        return {}
    now = timezone.now()
    return {"watch_now": now, "watch": SimpleLazyObject(lambda: own_parts(now=now))}


@require_safe
@never_cache
def watch_part(request: HttpRequest) -> HttpResponse:
    """The banner alone: a page that stays open asks for it again and again."""
    return render(request, "ethonode/watch.html")


def open_problems(request: HttpRequest) -> dict[str, Any]:
    """For templates, and for those who may see problems."""
    if not (admin.site.has_permission(request) and request.user.has_perm(SEE_PROBLEMS)):
        return {"bell": None}
    return {"bell": SimpleLazyObject(bell)}


@require_safe
@never_cache
def bell_part(request: HttpRequest) -> HttpResponse:
    """The bell alone: a page that stays open asks for it again and again."""
    return render(request, "incidents/bell.html")
