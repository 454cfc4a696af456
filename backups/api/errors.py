"""One shape for everything that goes wrong: {"error": text, "code": word, "fields": {...}}."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler


class QueueDown(exceptions.APIException):
    """The broker takes no task now; nothing was queued."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The task queue cannot be reached: nothing was queued. Try again later."
    default_code = "queue_down"


def handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's answer to an exception, in our one shape."""
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    known = error if isinstance(error, exceptions.APIException) else exceptions.NotFound()
    fields = _fields(response.data)
    response.data = {"error": _text(known, fields), "code": _code(known), "fields": fields}
    return response


def cannot_be(request: HttpRequest) -> JsonResponse:
    """What a value answers that got past all checks, and that no database can hold."""
    body = {"error": "A value in the request cannot be", "code": "invalid", "fields": {}}
    return JsonResponse(body, status=status.HTTP_400_BAD_REQUEST)


def not_found(request: HttpRequest) -> JsonResponse:
    """What an address that does not exist below the API's root answers."""
    body = {"error": f"Nothing is at {request.path}", "code": "not_found", "fields": {}}
    return JsonResponse(body, status=status.HTTP_404_NOT_FOUND)


def _fields(data: Any) -> dict[str, list[str]]:
    """Complaints about single parameters, by the parameter's name."""
    if not isinstance(data, dict) or "detail" in data:
        return {}
    return {name: [str(text) for text in texts] for name, texts in data.items()}


def _text(error: exceptions.APIException, fields: Mapping[str, list[str]]) -> str:
    if fields:
        return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
    detail = error.detail
    return " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)


def _code(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    code = getattr(error.detail, "code", None)
    return str(code or error.default_code)
