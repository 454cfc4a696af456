"""What monitoring asks: alive, ready, and in numbers."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from ethonode import metrics, readiness


@require_safe
@never_cache
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    _check_reader(request)
    parts = readiness.parts(now=timezone.now())
    broken = any(part.reason for part in parts)
    body = {"ready": not broken, "parts": {part.name: part.as_dict() for part in parts}}
    return JsonResponse(body, status=503 if broken else 200)


@require_safe
@never_cache
def numbers(request: HttpRequest) -> HttpResponse:
    _check_reader(request)
    return HttpResponse(metrics.exposition(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def may_read_status(request: HttpRequest) -> bool:
    """From ETHONODE_STATUS_NETWORKS without a login; from elsewhere as staff.

    Behind a proxy everybody seems to come from the proxy, so such a request needs the login.
    """
    return _from_status_network(request) or (request.user.is_active and request.user.is_staff)


def _from_status_network(request: HttpRequest) -> bool:
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        reader = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a unix socket
        return False
    return any(reader in ip_network(network) for network in settings.STATUS_NETWORKS)


def _check_reader(request: HttpRequest) -> None:
    if not may_read_status(request):
        raise PermissionDenied
