"""What was asked for cannot be: 404, 400 or a list without its filter, and never a 500.

A number beyond 64 bits, text of another encoding, a month 13: lookups pass such values on to the
database, and what comes back is an error of ours in name only.
"""

from collections.abc import Callable, Iterable
from inspect import unwrap
from itertools import chain, repeat
from typing import Any

import structlog
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.core.paginator import InvalidPage
from django.core.validators import ProhibitNullCharactersValidator
from django.db import DataError, InterfaceError, OperationalError
from django.db.models import BigAutoField, Field
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from backups.api.errors import API, cannot_be

ALWAYS_ODD = (OverflowError, DataError, UnicodeError, InvalidPage)
ODD_IN_A_QUERY = (*ALWAYS_ODD, ValueError, ValidationError)
NOT_OF_A_QUERY = (Http404, PermissionDenied, SuspiciousOperation, OperationalError, InterfaceError)
NUMBERED = BigAutoField()  # what the second key of an address counts: versions in a history
log = structlog.get_logger(__name__)
no_nul = ProhibitNullCharactersValidator()


class OddRequests:
    """A middleware, for our own pages and those of others alike."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[str, ...], kwargs: dict[str, str]
    ) -> HttpResponse | None:
        admin = getattr(unwrap(view), "__self__", None) or getattr(view, "model_admin", None)
        if not isinstance(admin, ModelAdmin):
            return None
        if not _can_be(chain([admin.opts.pk], repeat(NUMBERED)), [*args, *kwargs.values()]):
            raise Http404
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        return None if _can_be(repeat(admin.opts.pk), chosen) else _plain_list(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A list that breaks of its query is shown without; if it breaks again, that is ours."""
        query = request.GET.keys() - {ERROR_FLAG}
        if (query or request.POST) and _is_list(request) and not isinstance(error, NOT_OF_A_QUERY):
            log.warning("list without its query", path=request.path, exc_info=error)
            return _plain_list(request)
        if not isinstance(error, ODD_IN_A_QUERY if query else ALWAYS_ODD):
            return None
        if request.path.startswith(API):
            return cannot_be(request)
        raise Http404 from error


def _can_be(fields: Iterable[Field], keys: Iterable[str]) -> bool:
    try:
        for field, key in zip(fields, keys, strict=False):
            text = unquote(str(key))
            no_nul(text)
            field.clean(text, None)
    except ValidationError:
        return False
    return True


def _plain_list(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")
