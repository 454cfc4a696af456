"""What the lists of the new API have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from django.http import HttpResponseBase
from django.views.decorators.http import conditional_page
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from backups.api.csv_lists import (
    MOST_IN_CSV,
    Row,
    TableRenderer,
    columns_of,
    csv_answer,
    is_csv,
    too_long,
)
from backups.api.keyset import blocks, rows_behind
from backups.api.paging import Keyset, order_of
from backups.api.parameters import refuse_unknown
from backups.api.permissions import MayAct, MayView
from backups.api.throttles import ActionThrottle

FIELDS = "fields"
TAKE_LISTS = "devices.export_lists"
OF_PAGES = {"cursor", "limit", "offset"}


class FastJSON(JSONRenderer):
    """Ten times as fast as DRF's own, which a fleet of hundreds notices."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data, enc_hook=str)


class OurViewSet(GenericViewSet):
    """JSON or CSV, pages, 304 for who has the answer, and a permission also to look."""

    permission_classes = [MayView]
    pagination_class: type[Any] = Keyset
    filter_backends: list[type[Any]] = [DjangoFilterBackend]
    ordering = "-id"
    ordering_fields: Sequence[str] = ("id",)

    @classmethod
    def as_view(cls, *args: Any, **options: Any) -> Any:
        return conditional_page(super().as_view(*args, **options))

    def get_renderers(self) -> list[Any]:
        """Lists are tables, too."""
        return [FastJSON(), TableRenderer()] if self.action == "list" else [FastJSON()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if is_csv(request) and not request.user.has_perm(TAKE_LISTS):
            raise PermissionDenied(f"To take lists along needs the right {TAKE_LISTS}.")
        if request.method in SAFE_METHODS:
            refuse_unknown(request, self.known_parameters() - self.not_with_csv())
            self.refuse_unknown_fields(request)

    def known_parameters(self) -> set[str]:
        """As the schema tells them."""
        known = {FIELDS}
        if self.action != "list":
            return known
        known |= set(getattr(getattr(self, "filterset_class", None), "base_filters", ()))
        pages: Any = self.pagination_class
        return known | {*pages.parameters}

    def not_with_csv(self) -> set[str]:
        """A table is whole, and has no pages."""
        return OF_PAGES if is_csv(self.request) else set()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        wanted = self.wanted_fields(request)
        if wanted and isinstance(response, Response) and response.status_code == 200:
            response.data = _only(response.data, wanted)
        return super().finalize_response(request, response, *args, **kwargs)

    def wanted_fields(self, request: Request) -> set[str]:
        """Of `fields=a,b`; empty: all."""
        asked = request.query_params.get(FIELDS, "") if request.method in SAFE_METHODS else ""
        return {name for name in asked.split(",") if name}

    def refuse_unknown_fields(self, request: Request) -> None:
        known = cast(Any, self.get_serializer_class()()).fields
        if unknown := self.wanted_fields(request) - known.keys():
            said = f"{', '.join(sorted(unknown))[:100]!r} is none of {', '.join(known)}."
            raise serializers.ValidationError({FIELDS: [said]})

    def as_csv(self, parts: Iterable[Iterable[Row]]) -> HttpResponseBase:
        columns = columns_of(self.get_serializer_class()(), self.wanted_fields(self.request))
        return csv_answer(self.basename or "list", columns, parts)


class RowViewSet(mixins.RetrieveModelMixin, OurViewSet):
    """One row of the database each."""

    def list(self, request: Request) -> HttpResponseBase:
        rows = self.filter_queryset(self.get_queryset())
        if is_csv(request):
            return self._table(request, rows)
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(self.shown(page))

    def shown(self, rows: Sequence[Any]) -> Any:
        return self.get_serializer(rows, many=True).data

    def _table(self, request: Request, rows: Any) -> HttpResponseBase:
        order = order_of(request, self)
        if rows_behind(rows, order, None)[MOST_IN_CSV : MOST_IN_CSV + 1].exists():
            raise too_long()
        return self.as_csv(map(self.shown, blocks(rows, order, most=MOST_IN_CSV)))


def _only(data: Any, wanted: set[str]) -> Any:
    """Of a row, or of each row of a page."""
    if isinstance(data, Mapping) and isinstance(rows := data.get("results"), list):
        return {**data, "results": _rows(rows, wanted)}
    return _rows([data], wanted)[0] if isinstance(data, Mapping) else data


def _rows(rows: Iterable[Mapping[str, Any]], wanted: set[str]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name in wanted} for row in rows]


def acting(permission: str) -> dict[str, Any]:
    """What an action adds: its own permission, and a limit to how often."""
    return {
        "detail": True,
        "methods": ["post"],
        "permission_classes": [MayAct],
        "throttle_classes": [ActionThrottle],
        "action_permission": permission,
    }
