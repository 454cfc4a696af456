"""What monitoring asks: alive, ready, and in numbers."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from backups.api.networks import may_read
from ethonode import metrics, readiness

ALIVE = "/healthz"


@require_safe
@never_cache
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


class AliveFirst:
    """A middleware that stands before all that asks the database, who has which session first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return alive(request) if request.path_info == ALIVE else self.get_response(request)


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    _check_reader(request)
    state = readiness.state_now(now=timezone.now())
    parts = readiness.parts(state)
    broken = any(part.reason for part in parts)
    body = {
        "ready": not broken,
        "starting": state.is_new,  # nothing has stopped: the first looks are yet to come
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
    if not may_read(request):
        raise PermissionDenied
