"""Devices: what is stored, judged now."""

from typing import Any

from django.http import Http404, HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from backups import dashboard
from backups.api import filters, serializers
from backups.api.csv_lists import is_csv
from backups.api.device_acts import DeviceActs
from backups.api.paging import Pages
from backups.api.parameters import checked
from backups.api.rows import device_row
from backups.api.viewsets import FIELDS, OF_PAGES, OurViewSet
from backups.api.wipes import WipeSerializer
from backups.time_machine import device_at, fleet_at
from devices.ids import DEVICE_ID
from devices.models import Device, Lifecycle


class DeviceViewSet(DeviceActs, OurViewSet):
    """Every device with its backups, worst first."""

    queryset = Device.objects.select_related("group", "storage", "goes_to", "left")
    serializer_class = serializers.DeviceSerializer
    filter_backends: list[type[Any]] = []
    pagination_class = Pages
    lookup_field = "device_id"
    lookup_value_regex = DEVICE_ID
    action_permission = ""

    @extend_schema(parameters=[filters.DeviceQuery])
    def list(self, request: Request) -> HttpResponseBase:
        pages = set() if is_csv(request) else {*Pages.parameters}
        query = checked(filters.DeviceQuery, request, besides={FIELDS, *pages})
        retired = query.validated_data.get("lifecycle") == Lifecycle.RETIRED
        now, at = timezone.now(), query.validated_data.get("at")
        fleet = fleet_at(at, now=now) if at else dashboard.fleet(now=now, retired=retired)
        now, found = at or now, query.narrowed(fleet.devices)
        if is_csv(request):
            return self.as_csv([(device_row(status, now=now) for status in found)])
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response([device_row(status, now=now) for status in page])

    @extend_schema(responses=serializers.DeviceDetailSerializer, parameters=[filters.MomentQuery])
    def retrieve(self, request: Request, device_id: str) -> Response:
        """One device, and all that its verdict rests on."""
        query = checked(filters.MomentQuery, request, besides=(FIELDS,))
        device, now, at = self.get_object(), timezone.now(), query.validated_data.get("at")
        status = device_at(device, at, now=now) if at else dashboard.device_status(device, now=now)
        shown = serializers.DeviceDetailSerializer(status, context={"now": at or now})
        return Response(shown.data)

    def get_serializer_class(self) -> type[Any]:
        kinds = {"retrieve": serializers.DeviceDetailSerializer, "may_wipe": WipeSerializer}
        return kinds.get(self.action, serializers.DeviceSerializer)

    def known_parameters(self) -> set[str]:
        """Each action checks its own."""
        return set(self.request.query_params) | OF_PAGES

    def not_with_csv(self) -> set[str]:
        return set()

    def get_throttles(self) -> Any:
        """To read costs nothing."""
        return [] if self.request.method in SAFE_METHODS else super().get_throttles()

    def get_object(self) -> Device:
        if not self.kwargs["device_id"].isprintable():
            raise Http404
        device: Device = super().get_object()
        return device
