"""What can be asked for of a device. Work is queued and answered 202; a setting is set at once."""

from typing import TYPE_CHECKING, Any

from celery import chain
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backups import dashboard, tasks
from backups.api.errors import CannotBeDone
from backups.api.filters import WipeQuery
from backups.api.parameters import checked
from backups.api.permissions import MayAskToWipe, MayStartRun
from backups.api.queue import queued
from backups.api.rows import device_row
from backups.api.runs import RunSerializer, accepted_run, start_run
from backups.api.serializers import DeviceSerializer
from backups.api.throttles import ActionThrottle
from backups.api.viewsets import FIELDS, OurViewSet, acting
from backups.api.wipes import WipeSerializer, wipe_row
from backups.models import RunKind
from backups.services.left_copies import NothingToKeep, keep_left
from backups.services.runs import KINDS, offers_for
from devices.models import Device, Lifecycle, Storage
from devices.services.by_people import LONGEST_REASON, set_by_people
from devices.tasks import refresh_devices

if TYPE_CHECKING:
    Base = OurViewSet
else:
    Base = object

STARTS = [kind for kind in KINDS if kind is not RunKind.MOVE]  # which may say where to
START = OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=STARTS)
STARTED = inline_serializer("StartedRuns", {"runs": RunSerializer(many=True)})
BACKS_UP = [kind for kind, declared in KINDS.items() if declared.copies]


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_REASON,
        default="",
        help_text="Kept in the history",
    )


class MoveSerializer(serializers.Serializer[Any]):
    to = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Storage.objects.filter(is_second=False),
        required=False,
        help_text="Name of the storage; without it, the one that is set for the device",
    )


class DeviceActs(Base):
    """Each needs a right of its own."""

    @extend_schema(request=None, responses={202: DeviceSerializer})
    @action(**acting("devices.refresh_device"))
    def refresh(self, request: Request, device_id: str) -> Response:
        """Ask the node about its devices, then look at this one's backups. The device as it is
        known now is answered; look again after some seconds."""
        device = self.get_object()
        look = tasks.take_snapshot.si(device.device_id, timezone.now().isoformat())
        queued(chain(refresh_devices.si(), look))
        return Response(_shown(device), status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: STARTED})
    @action(**acting("backups.start_run"))
    def backup(self, request: Request, device_id: str) -> Response:
        """Back up now: every kind of backup that can work for this device. 409 if none can."""
        device = self.get_object()
        offers = offers_for(device, now=timezone.now())
        fit = [kind for kind in BACKS_UP if not offers[kind].why_not]
        if not fit:
            lacking = dict.fromkeys(offers[kind].why_not for kind in BACKS_UP)
            raise CannotBeDone(f"No backup of it can be made here: {', and '.join(lacking)}.")
        runs = [start_run(device, kind, request.user) for kind in fit]
        started = {"runs": RunSerializer(runs, many=True).data}
        return Response(started, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=None, responses={202: RunSerializer}, parameters=[START], operation_id="start_run"
    )
    @action(
        detail=True,
        methods=["post"],
        url_path=f"(?P<kind>{'|'.join(STARTS)})",
        permission_classes=[MayStartRun],
        throttle_classes=[ActionThrottle],
    )
    def start(self, request: Request, device_id: str, kind: str) -> Response:
        """Queue a run of this kind for the device. One that is open already is given back."""
        return accepted_run(start_run(self.get_object(), RunKind(kind), request.user))

    @extend_schema(request=MoveSerializer, responses={202: RunSerializer})
    @action(**acting("devices.move_device"))
    def move(self, request: Request, device_id: str) -> Response:
        """Bring its data to another storage. The old one is in use until all there is proven."""
        device = self.get_object()
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if to := asked.validated_data.get("to"):
            set_by_people([device], by=request.user, goes_to=to)
        return accepted_run(start_run(device, RunKind.MOVE, request.user))

    @extend_schema(responses=WipeSerializer, parameters=[WipeQuery])
    @action(detail=True, methods=["get"], url_path="wipe", permission_classes=[MayAskToWipe])
    def may_wipe(self, request: Request, device_id: str) -> Response:
        """The last answer to whether its card may be wiped, or one experiment on it."""
        query = checked(WipeQuery, request, besides=(FIELDS,))
        experiment = query.validated_data.get("experiment", "")
        return Response(wipe_row(self.get_object(), experiment, now=timezone.now()))

    @extend_schema(request=None, responses={202: RunSerializer})
    @may_wipe.mapping.post
    def ask_to_wipe(self, request: Request, device_id: str) -> Response:
        """Ask now: the card is listed first. Nothing is deleted on the device."""
        return accepted_run(start_run(self.get_object(), RunKind.WIPE, request.user))

    @extend_schema(request=ReasonSerializer, responses={200: DeviceSerializer})
    @action(**acting("devices.change_device"))
    def park(self, request: Request, device_id: str) -> Response:
        """It is off on purpose: no alarm, and no backups by plan."""
        return self._set(request, Lifecycle.PARKED)

    @extend_schema(request=ReasonSerializer, responses={200: DeviceSerializer})
    @action(**acting("devices.change_device"))
    def retire(self, request: Request, device_id: str) -> Response:
        """It is gone for good: left out of the lists, and no alarm."""
        return self._set(request, Lifecycle.RETIRED)

    @extend_schema(request=ReasonSerializer, responses={200: DeviceSerializer})
    @action(**acting("devices.change_device"))
    def take_back(self, request: Request, device_id: str) -> Response:
        """It is watched and backed up again."""
        return self._set(request, Lifecycle.ACTIVE)

    @extend_schema(request=ReasonSerializer, responses={200: DeviceSerializer})
    @action(**acting("devices.delete_left"))
    def keep_left(self, request: Request, device_id: str) -> Response:
        """What a move has left stays there: nothing is deleted, and it can be moved again. 409
        where nothing is left, or it is being deleted."""
        said = ReasonSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        device = self.get_object()
        try:
            keep_left(device, by=request.user, why=said.validated_data["reason"])
        except NothingToKeep as nothing:
            raise CannotBeDone(str(nothing)) from nothing
        return Response(_shown(device))

    def _set(self, request: Request, lifecycle: Lifecycle) -> Response:
        said = ReasonSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        device, why = self.get_object(), said.validated_data["reason"]
        set_by_people([device], by=request.user, why=why, lifecycle=lifecycle)
        return Response(_shown(device))


def _shown(device: Device) -> dict[str, Any]:
    now = timezone.now()
    return device_row(dashboard.device_status(device, now=now), now=now)
