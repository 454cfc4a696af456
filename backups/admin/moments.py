"""`?at=`: the moment whose state a page is asked to show."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest

from backups.time_machine import BadMoment, moment_of


def asked_moment(request: HttpRequest, *, now: datetime) -> datetime | None:
    """None: of now. What is no moment is said, and of now, too."""
    text = request.GET.get("at")
    if not text:
        return None
    try:
        return moment_of(text, now=now)
    except BadMoment as error:
        messages.error(request, f"?at={text[:40]}: {error}")
        return None
