"""One counter of failed logins for every door that takes a password; django-axes keeps it.

It is by the address of who asks: whoever tries names or passwords from one place is shut out
there, and nobody else. The page, the API and the log say so.
"""

from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from devices.addresses import plain_address
from ethonode.error_pages import page_alone


def counted_address(request: HttpRequest) -> str:
    """Who asks. Of IPv6 the network: a single machine has as many addresses there as it likes."""
    address = plain_address(request.META.get("REMOTE_ADDR", ""))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, 64), strict=False).network_address)
    return str(address or "")


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """What axes answers in place of the login page."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    text = (
        f"{settings.AXES_FAILURE_LIMIT} logins from this address failed. Wait {minutes} minutes"
        " after the last one, or ask who runs ethonode to let you in."
    )
    response = page_alone(HTTPStatus.TOO_MANY_REQUESTS, "Too many failed logins", text)
    response["Retry-After"] = str(minutes * 60)
    return response
