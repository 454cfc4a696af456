"""The pages of a look into a copy: what is in it, and one of its pictures."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path

from backups.activity_svg import activity_svg, lasting, span_of
from backups.engine.preview import NotShown, Preview
from backups.models import ResultCopy
from backups.services.previews import picture_of, preview_of
from devices.models import Experiment

UNREADABLE = 409  # it is there, and not in a state to be shown


def preview_urls() -> list[URLPattern]:
    """Below the list of copies."""
    return [
        path("<int:key>/preview/", admin.site.admin_view(preview_page), name="copy-preview"),
        path(
            "<int:key>/preview/picture/<int:number>/",
            admin.site.admin_view(preview_picture, cacheable=True),
            name="copy-picture",
        ),
    ]


def preview_page(request: HttpRequest, key: int) -> HttpResponse:
    copy = _copy(request, key)
    experiment = Experiment.objects.filter(device=copy.device, filename=copy.filename).first()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "What is in it",
        "copy": copy,
        "experiment": experiment,
    }
    try:
        context |= _shown(preview_of(copy))
    except NotShown as error:
        context["unreadable"] = str(error)
    return render(request, "backups/preview.html", context)


def preview_picture(request: HttpRequest, key: int, number: int) -> HttpResponse:
    """As it lies in the database: its first bytes say that it is a picture, and nothing more."""
    copy = _copy(request, key)
    try:
        kind, content = picture_of(copy, number)
    except NotShown as error:
        return HttpResponse(str(error), status=UNREADABLE, content_type="text/plain")
    response = HttpResponse(content, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _copy(request: HttpRequest, key: int) -> ResultCopy:
    if not request.user.has_perm("backups.view_resultcopy"):
        raise PermissionDenied
    return get_object_or_404(ResultCopy.objects.select_related("device"), pk=key)


def _shown(found: Preview) -> dict[str, Any]:
    first, last = span_of(found.activities)
    return {
        "preview": found,
        "activity_picture": activity_svg(found.activities),
        "activity_lasts": lasting(last - first),
        "activity_problems": [one for one in found.activities if one.problem],
        "activity_shows": {one.shows for one in found.activities if one.shows},
    }
