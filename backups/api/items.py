"""Items: all that is known on cards to be worth saving, of whatever kind, in one list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backups.api.csv_lists import MOST_IN_CSV, is_csv, too_long
from backups.api.errors import CannotBeDone
from backups.api.filters import ItemQuery
from backups.api.keyset import Order, blocks
from backups.api.paging import Following, page_size, refused
from backups.api.parameters import checked
from backups.api.permissions import MayAct
from backups.api.serializers.all_items import KINDS, ItemSerializer, WriteOffSerializer, item_row
from backups.api.throttles import ActionThrottle
from backups.api.viewsets import FIELDS, OurViewSet
from backups.models import OtherFile, RecordingLedger
from backups.write_offs import LACKING, RIGHTS, NothingLacks, take_back, write_off
from devices.models import Experiment

ALL = "devices.view_experiment backups.view_recordingledger backups.view_otherfile"
NEWEST = Order("id", descending=True)
NAMES = {Experiment: "filename", RecordingLedger: "recording", OtherFile: "name"}


class ItemPages(Following):
    """One kind after the other, each the newest first."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        limit, signer = page_size(request), Signer(salt=f"page of {request.path}")
        kind, key = self._place(request, signer)
        found: list[Any] = []
        for name, rows in queryset.items():
            if name >= kind:
                behind = rows.filter(pk__lt=key) if name == kind and key else rows
                found += [(name, row) for row in behind.order_by("-pk")[: limit + 1 - len(found)]]
        self.next = None
        if len(found) > limit:
            last, row = found[limit - 1]
            self.next = self.link(request, signer.sign_object([last, row.pk]))
        return [row for _, row in found[:limit]]

    def _place(self, request: Request, signer: Signer) -> tuple[str, int]:
        cursor = request.query_params.get("cursor", "")
        if not cursor:
            return "", 0
        try:
            kind, key = signer.unsign_object(cursor)
        except BadSignature as error:
            raise refused("cursor", "no page of this list") from error
        return kind, key


@dataclass(frozen=True, slots=True)
class ItemId:
    """`experiment-12`."""

    kind: str
    key: int

    @classmethod
    def of(cls, text: str) -> "ItemId":
        """Raises Http404."""
        kind, _, key = text.partition("-")
        if kind not in KINDS:
            raise Http404
        return cls(kind, int(key))

    @property
    def model(self) -> type[Model]:
        return KINDS[self.kind]


class MayWriteOff(BasePermission):
    """As on the page of such a thing: who may decide on it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = RIGHTS[ItemId.of(view.kwargs["id"]).model]
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


ACT: dict[str, Any] = {
    "detail": True,
    "methods": ["post"],
    "permission_classes": [MayWriteOff],
    "throttle_classes": [ActionThrottle],
}


class ItemViewSet(OurViewSet):
    """Experiments, recordings and other files of cards: how far each is proven to be here, and
    what lacks. What a card no longer has stays in this list."""

    queryset = Experiment.objects.none()
    serializer_class = ItemSerializer
    permission_classes = [MayAct]
    action_permission = ALL
    filter_backends: list[type[Any]] = []
    pagination_class = ItemPages
    lookup_field = "id"
    lookup_value_regex = "[a-z]{1,10}-[0-9]{1,18}"

    @extend_schema(parameters=[ItemQuery])
    def list(self, request: Request) -> HttpResponseBase:
        asked = checked(ItemQuery, request, besides={FIELDS, *ItemPages.parameters})
        parts = {
            kind: _narrowed(rows, asked.validated_data)
            for kind, rows in _everything().items()
            if asked.validated_data.get("kind") in {None, kind}
        }
        if is_csv(request):
            return self._table(parts.values())
        page = self.paginate_queryset(parts)  # type: ignore[arg-type]
        return self.get_paginated_response([item_row(row) for row in page or ()])

    def retrieve(self, request: Request, id: str) -> Response:
        return Response(item_row(self.row(id)))

    @extend_schema(request=WriteOffSerializer, responses={200: ItemSerializer})
    @action(**ACT)
    def write_off(self, request: Request, id: str) -> Response:
        """You accept that what lacks of it will never be here: no alarm any more. No file is
        touched. 409 where nothing is known to lack."""
        said = WriteOffSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        row = self.row(id)
        try:
            write_off(row, by=request.user, reason=said.validated_data["reason"])
        except NothingLacks as nothing:
            raise CannotBeDone(str(nothing)) from nothing
        return Response(item_row(row))

    @extend_schema(request=None, responses={200: ItemSerializer})
    @action(**ACT)
    def take_back(self, request: Request, id: str) -> Response:
        """Take back the write-off: what lacks of it is an alarm again."""
        row = self.row(id)
        try:
            take_back(row, by=request.user)
        except NothingLacks as nothing:
            raise CannotBeDone(str(nothing)) from nothing
        return Response(item_row(row))

    def row(self, text: str) -> Any:
        """Raises Http404."""
        asked = ItemId.of(text)
        row = _everything()[asked.kind].filter(pk=asked.key).first()
        if row is None:
            raise Http404
        return row

    def known_parameters(self) -> set[str]:
        of_list = {*ItemQuery().fields, *ItemPages.parameters} if self.action == "list" else set()
        return {FIELDS, *of_list}

    def _table(self, parts: Any) -> HttpResponseBase:
        if sum(part.order_by()[: MOST_IN_CSV + 1].count() for part in parts) > MOST_IN_CSV:
            raise too_long()
        return self.as_csv(_rows_of(list(parts)))


def _rows_of(parts: Sequence[QuerySet[Any]]) -> Iterator[list[dict[str, Any]]]:
    for part in parts:
        for block in blocks(part, NEWEST, most=MOST_IN_CSV):
            yield [item_row(row) for row in block]


def _everything() -> dict[str, QuerySet[Any]]:
    """By kind, in the order of their names."""
    return {
        "experiment": Experiment.objects.select_related("device", "state"),
        "file": OtherFile.objects.select_related("device"),
        "recording": RecordingLedger.objects.select_related("device").defer("memory", "digests"),
    }


def _narrowed(rows: QuerySet[Any], asked: dict[str, Any]) -> QuerySet[Any]:
    named = {
        "device": "device__device_id",
        "search": f"{NAMES[rows.model]}__icontains",
        "written_off": "written_off",
    }
    wanted = Q(**{named[name]: asked[name] for name in named if name in asked})
    if "lacking" in asked:
        lacks = LACKING[rows.model] & Q(written_off=False)
        wanted &= lacks if asked["lacking"] else ~lacks
    return rows.filter(wanted)
