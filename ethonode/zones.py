"""Times in the zone of who looks: his browser names it in a cookie, and the admin shows it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "tz"  # set by backups/zone.js
SHOWN_IN = "/admin/"  # what programs read is in UTC, whoever asks


class ViewersZone:
    """A middleware. Until the cookie is there, and where it names no zone, times are in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(SHOWN_IN):
            return self.get_response(request)
        with timezone.override(_zone(request.COOKIES.get(COOKIE, ""))):
            return self.get_response(request)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, KeyError, OSError):  # a path, an unknown one, one that is too long
        return None
