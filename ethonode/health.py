"""What monitoring asks: alive, ready, and in numbers."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from backups.api.networks import comes_from_status_network
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
    state = readiness.state_now(now=timezone.now())
    parts = readiness.parts(state)
    broken = any(part.reason for part in parts)
    body = {
        "ready": not broken,
        "parts": {part.name: part.as_dict() for part in parts},
        "outside": {part.name: part.as_dict() for part in state.outside},
    }
    return JsonResponse(body, status=503 if broken else 200)


@require_safe
@never_cache
def numbers(request: HttpRequest) -> HttpResponse:
    _check_reader(request)
    return HttpResponse(metrics.exposition(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _check_reader(request: HttpRequest) -> None:
    """From the status networks without a login; from elsewhere as staff."""
    user = request.user
    if not (comes_from_status_network(request) or (user.is_active and user.is_staff)):
        raise PermissionDenied
