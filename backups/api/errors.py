"""One shape for everything that goes wrong below /api/: RFC 9457's, with our word for each.

`{"type", "title", "status", "detail", "code"}`, and `errors` by parameter where some are wrong.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler

API = "/api/"
PROBLEM = "application/problem+json"


class QueueDown(exceptions.APIException):
    """The broker takes no task now; nothing was queued."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The task queue cannot be reached: nothing was queued. Try again later."
    default_code = "queue_down"


class BrokenOff(Exception):
    """What was sent of a list is not all of it, and cannot be."""


class Unavailable(exceptions.APIException):
    """The index has it, and it cannot be given now. The text says why."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


class CannotBeDone(exceptions.APIException):
    """It was understood, and cannot be done as things stand; the text says why."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "refused"


def handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's answer to an exception, in our one shape."""
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    known = error if isinstance(error, exceptions.APIException) else _as_drf_has_it(response)
    errors = _by_parameter(response.data)
    response.data = problem_body(
        HTTPStatus(response.status_code),
        detail=_text(known, errors),
        code=_code(known),
        errors=errors,
    )
    response.content_type = PROBLEM
    request = context["request"]  # whatever it asked for
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), PROBLEM
    return response


def problem_body(
    status: HTTPStatus, *, detail: str, code: str, errors: Mapping[str, list[str]] | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    return body | {"errors": errors} if errors else body


def problem(status: HTTPStatus, *, detail: str, code: str) -> JsonResponse:
    """The same where no view of the API is at work."""
    body = problem_body(status, detail=detail, code=code)
    return JsonResponse(body, status=status, content_type=PROBLEM)


def cannot_be(request: HttpRequest) -> JsonResponse:
    """What a value answers that got past all checks, and that no database can hold."""
    detail = "A value in the request cannot be"
    return problem(HTTPStatus.BAD_REQUEST, detail=detail, code="invalid")


@csrf_exempt  # it does nothing: who posts to a wrong address is told so
def not_found(request: HttpRequest) -> JsonResponse:
    """What an address that does not exist below the API's root answers."""
    detail = f"Nothing is at {request.path}"
    return problem(HTTPStatus.NOT_FOUND, detail=detail, code="not_found")


def _as_drf_has_it(response: Response) -> exceptions.APIException:
    """Of Django's own errors DRF knows two."""
    if response.status_code == status.HTTP_403_FORBIDDEN:
        return exceptions.PermissionDenied()
    return exceptions.NotFound()


def _by_parameter(data: Any) -> dict[str, list[str]]:
    """Complaints about single parameters, by the parameter's name."""
    if not isinstance(data, dict) or "detail" in data:
        return {}
    return {name: [str(text) for text in texts] for name, texts in data.items()}


def _text(error: exceptions.APIException, errors: Mapping[str, list[str]]) -> str:
    if errors:
        return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items())
    detail = error.detail
    return " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)


def _code(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    code = getattr(error.detail, "code", None)
    return str(code or error.default_code)
