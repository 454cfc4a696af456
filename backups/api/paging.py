"""Pages: never the whole table, whatever is asked for."""

from typing import Any

from rest_framework import serializers
from rest_framework.pagination import BasePagination, LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from backups.api.keyset import BadPlace, Order, RowPlace, cursor_of, place_at, place_of, rows_behind

MOST_ROWS = 500
DEFAULT_ROWS = 100
MOST_OFFSET = 10**9
LONGEST_CURSOR = 3000
CURSOR = {
    "name": "cursor",
    "in": "query",
    "description": "Where a page begins: it is in `next` of the page before.",
    "schema": {"type": "string", "maxLength": LONGEST_CURSOR},
}
LIMIT = {
    "name": "limit",
    "in": "query",
    "description": f"Rows of a page; more than {MOST_ROWS} are never given.",
    "schema": {"type": "integer", "minimum": 1, "default": DEFAULT_ROWS},
}


class Pages(LimitOffsetPagination):
    """For lists that a person can count, and that do not grow with time."""

    default_limit = DEFAULT_ROWS
    max_limit = MOST_ROWS
    parameters = ("limit", "offset")

    def get_limit(self, request: Request) -> int:
        return page_size(request)

    def get_offset(self, request: Request) -> int:
        return _number(request, "offset", default=0, least=0)

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        offset = {
            "name": "offset",
            "in": "query",
            "description": "So many rows are left out before the first.",
            "schema": {"type": "integer", "minimum": 0, "default": 0},
        }
        return [LIMIT, offset]


class Following(BasePagination):
    """A page that tells where the next one begins, and counts nothing."""

    parameters: tuple[str, ...] = ("cursor", "limit")
    next: str | None = None

    def link(self, request: Request, cursor: str) -> str:
        return replace_query_param(request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "results": data})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        following = {
            "type": "string",
            "format": "uri",
            "nullable": True,
            "description": "The next page; null: this was the last.",
        }
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        return [CURSOR, LIMIT]


class OfFiles(Following):
    """A place in the index of files, which has an order of its own; with what cannot be listed."""

    problems: tuple[str, ...] = ()

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "problems": self.problems, "results": data})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["properties"]["problems"] = {
            "type": "array",
            "items": {"type": "string"},
            "description": "Whose files cannot be listed now, and why: that is not to have none.",
        }
        return page


class Keyset(Following):
    """A page costs the same however deep it lies, and none is skipped or told twice meanwhile.

    A view says `ordering` and `ordering_fields`: columns of its rows.
    """

    parameters = ("cursor", "limit", "ordering")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        order, limit = order_of(request, view), page_size(request)
        rows = list(rows_behind(queryset, order, _place(request, order, queryset))[: limit + 1])
        self.next = None
        if len(rows) > limit:
            last = place_of(rows[limit - 1], order)
            self.next = self.link(request, cursor_of(last, order, of_list=request.path))
        return rows[:limit]

    def get_schema_operation_parameters(self, view: Any) -> list[Any]:
        ordering = {
            "name": "ordering",
            "in": "query",
            "description": "With “-” the largest first. What has no value comes last.",
            "schema": {"type": "string", "enum": orders_of(view), "default": view.ordering},
        }
        return [*super().get_schema_operation_parameters(view), ordering]


def order_of(request: Request, view: Any) -> Order:
    """Raises ValidationError."""
    asked = request.query_params.get("ordering", "") or view.ordering
    if asked not in (known := orders_of(view)):
        said = f"{asked[:100]!r} is none of {', '.join(known)}."
        raise serializers.ValidationError({"ordering": [said]})
    return Order.of(asked)


def orders_of(view: Any) -> list[str]:
    return [f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-")]


def page_size(request: Request) -> int:
    return min(_number(request, "limit", default=DEFAULT_ROWS, least=1), MOST_ROWS)


def _place(request: Request, order: Order, rows: Any) -> RowPlace | None:
    cursor = request.query_params.get("cursor", "")
    if not cursor:
        return None
    try:
        return place_at(cursor, order, rows.model, of_list=request.path)
    except BadPlace as error:
        raise refused("cursor", str(error)) from error


def _number(request: Request, name: str, *, default: int, least: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) >= least):
        raise refused(name, f"not a whole number from {least}")
    return min(int(text), MOST_OFFSET)


def refused(name: str, why: str) -> serializers.ValidationError:
    return serializers.ValidationError({name: [f"This is {why}."]})
