"""The new API: reads what is stored, judged now; its actions only queue."""

from typing import Any

from celery import chain
from django.http import Http404
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response

from backups import dashboard, tasks
from backups.api import filters, serializers
from backups.api.copies import attach_copies
from backups.api.paging import NewestFirst
from backups.api.permissions import MayStartRun
from backups.api.queue import queued
from backups.api.rows import device_row
from backups.api.runs import RunSerializer, accepted_run, start_run
from backups.api.throttles import ActionThrottle
from backups.api.viewsets import OurViewSet, acting
from backups.models import BackupSnapshot, DaemonStatus, Recording, RunKind
from backups.models.daemons import DaemonName
from backups.services.runs import KINDS
from devices.ids import DEVICE_ID
from devices.models import Device, Experiment, Lifecycle
from devices.tasks import refresh_devices

START = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(KINDS))


def accepted(task_id: str) -> Response:
    return Response({"task_id": task_id}, status=status.HTTP_202_ACCEPTED)


class DeviceViewSet(OurViewSet):
    """Every device with its backups, worst first."""

    queryset = Device.objects.select_related("group")
    serializer_class = serializers.DeviceSerializer
    filter_backends: list[type[Any]] = []
    lookup_field = "device_id"
    lookup_value_regex = DEVICE_ID
    action_permission = ""

    @extend_schema(parameters=[filters.DeviceQuery])
    def list(self, request: Request) -> Response:
        query = filters.DeviceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        retired = query.validated_data.get("lifecycle") == Lifecycle.RETIRED
        now = timezone.now()
        fleet = dashboard.fleet(now=now, retired=retired)
        page = self.paginate_queryset(query.narrowed(fleet.devices))
        return self.get_paginated_response([device_row(status, now=now) for status in page or ()])

    @extend_schema(responses=serializers.DeviceDetailSerializer)
    def retrieve(self, request: Request, device_id: str) -> Response:
        status = dashboard.device_status(self.get_object(), now=timezone.now())
        return Response(serializers.DeviceDetailSerializer(status).data)

    @extend_schema(request=None, responses={202: serializers.QueuedSerializer})
    @action(**acting("devices.refresh_device"))
    def refresh(self, request: Request, device_id: str) -> Response:
        """Ask the node about its devices, then look at this one's backups."""
        device = self.get_object()
        look = tasks.take_snapshot.si(device.device_id, timezone.now().isoformat())
        return accepted(queued(chain(refresh_devices.si(), look)))

    @extend_schema(
        request=None, responses={202: RunSerializer}, parameters=[START], operation_id="start_run"
    )
    @action(
        detail=True,
        methods=["post"],
        url_path=f"(?P<kind>{'|'.join(KINDS)})",
        permission_classes=[MayStartRun],
        throttle_classes=[ActionThrottle],
    )
    def start(self, request: Request, device_id: str, kind: str) -> Response:
        """Queue a run of this kind for the device. One that is open already is given back."""
        return accepted_run(start_run(self.get_object(), RunKind(kind), request.user))

    def get_object(self) -> Device:
        if not self.kwargs["device_id"].isprintable():
            raise Http404
        device: Device = super().get_object()
        return device


class SnapshotViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OurViewSet):
    """The facts that were stored, newest first."""

    queryset = BackupSnapshot.objects.select_related("backup__device", "scan")
    serializer_class = serializers.SnapshotSerializer
    filterset_class = filters.SnapshotFilter
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9]{1,18}"


class DaemonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OurViewSet):
    """The backup daemons, and what each last answered."""

    queryset = DaemonStatus.objects.all()
    serializer_class = serializers.DaemonSerializer
    filter_backends: list[type[Any]] = []
    lookup_field = "daemon"
    lookup_url_kwarg = "service"
    lookup_value_regex = "[a-z]{1,10}"
    action_permission = ""

    @extend_schema(request=None, responses={202: serializers.QueuedSerializer})
    @action(**acting("backups.check_daemonstatus"))
    def check(self, request: Request, service: str) -> Response:
        """Ask the daemons now."""
        if service not in DaemonName.values:
            raise Http404
        return accepted(queued(tasks.check_daemons.si()))


class ExperimentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OurViewSet):
    """Experiments as the devices list them, each with its copy on the disk."""

    queryset = Experiment.objects.select_related("device")
    serializer_class = serializers.ExperimentSerializer
    filterset_class = filters.ExperimentFilter
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    ordering_fields = ["started_at", "first_seen_at", "filename"]
    lookup_value_regex = "[0-9]{1,18}"

    def paginate_queryset(self, queryset: Any) -> Any:
        return attach_copies(super().paginate_queryset(queryset) or [])

    def get_object(self) -> Experiment:
        return attach_copies([super().get_object()])[0]


class RecordingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OurViewSet):
    """Video recordings on the disk: one row for each folder of chunks."""

    queryset = Recording.objects.select_related("device")
    serializer_class = serializers.RecordingSerializer
    filterset_class = filters.RecordingFilter
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    ordering_fields = ["folder", "newest_change_at", "size_bytes", "chunk_count"]
    lookup_value_regex = "[0-9]{1,18}"
