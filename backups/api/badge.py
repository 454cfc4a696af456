"""GET /badge/…: the status of the fleet or of one device, for the page of a wiki.

`?token=` is one that was made for badges; who is logged in needs none.
"""

import json
from hashlib import blake2b

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from backups.api.networks import SEE_DEVICES
from backups.embedding import CACHE_SECONDS, StatusBadge, badge_of_device, badge_of_fleet
from devices.models import Device
from people.authentication import owner_of_badge

OK = 200
REFUSED = StatusBadge(label="ethonode", message="this badge's token has ended, or is none")
NO_DEVICE = StatusBadge(label="ethonode", message="no such device")


@require_safe
def fleet_badge(request: HttpRequest, kind: str) -> HttpResponseBase:
    if not _may_see(request):
        return _answer(request, REFUSED, kind, status=403)
    return _answer(request, badge_of_fleet(now=timezone.now()), kind)


@require_safe
def device_badge(request: HttpRequest, device_id: str, kind: str) -> HttpResponseBase:
    if not _may_see(request):
        return _answer(request, REFUSED, kind, status=403)
    device = Device.objects.filter(device_id=device_id).first()
    if device is None:
        return _answer(request, NO_DEVICE, kind, status=404)
    return _answer(request, badge_of_device(device, now=timezone.now()), kind)


def _may_see(request: HttpRequest) -> bool:
    """The owner of a token has to be allowed to see devices himself."""
    person = owner_of_badge(request.GET.get("token", "")) or request.user
    return person.is_active and person.has_perm(SEE_DEVICES)


def _answer(
    request: HttpRequest, badge: StatusBadge, kind: str, *, status: int = 200
) -> HttpResponseBase:
    """Short to keep, and 304 while it says the same."""
    if kind == "svg":
        response = HttpResponse(badge.as_svg(), content_type="image/svg+xml", status=status)
    else:
        text = json.dumps(badge.as_endpoint())
        response = HttpResponse(text, content_type="application/json", status=status)
    response["Cache-Control"] = f"private, max-age={CACHE_SECONDS}" if status == OK else "no-store"
    response["ETag"] = quote_etag(blake2b(response.content, digest_size=12).hexdigest())
    response["Referrer-Policy"] = "no-referrer"  # the token stands in the address
    if status != OK:
        return response
    answer = get_conditional_response(request, etag=response["ETag"], response=response)
    return answer if answer is not None else response
