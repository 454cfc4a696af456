"""The page of last night. `?from=` and `?to=` ask for another span, in words or as dates."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from backups.admin.run_night import LONGEST, night_of, shortened
from devices.admin.dates import MomentsForm, here_and_now
from devices.dates import Period, last_night

A_PAGE = 50
QUICK = (
    ("Last night", ""),
    ("Today", "?run_from=today"),
    ("Yesterday", "?run_from=yesterday&run_to=yesterday"),
    ("7 days", "?run_from=7 days ago"),
)


def night(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("backups.view_run"):
        raise PermissionDenied
    now = here_and_now()
    form = MomentsForm("run", request.GET)
    asked = _asked(request, form)
    span = shortened(asked, now=now)
    if span.start > asked.start:
        messages.warning(request, f"At most {LONGEST.days} days are shown at once.")
    found = night_of(span)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "What ran" if request.GET else "What ran last night",
        "form": form,
        "quick": QUICK,
        "night": found,
        "page": Paginator(found.lines, A_PAGE).get_page(request.GET.get("page")),
        "now": now,
    }
    return render(request, "backups/night.html", context)


def _asked(request: HttpRequest, form: MomentsForm) -> Period:
    """Of what is no date the form says so."""
    now = here_and_now()
    given: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    begins, ends = given.get("run_from"), given.get("run_to")
    if begins is None and ends is None:
        return last_night(now)
    start = (begins or ends or last_night(now)).start
    return Period(start, ends.end if ends and ends.end > start else now)
