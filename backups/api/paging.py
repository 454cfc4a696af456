"""Pages: never the whole table, whatever is asked for."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination, LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Pages(LimitOffsetPagination):
    default_limit = 100
    max_limit = 500


class NewestFirst(CursorPagination):
    """For what grows without end: a page costs the same however deep it lies."""

    ordering = "-pk"
    page_size = 100
    max_page_size = 500
    page_size_query_param = "limit"

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, OverflowError, ValidationError) as error:  # a position made up by hand
            raise NotFound("No such page.") from error
