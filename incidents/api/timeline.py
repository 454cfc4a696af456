"""What happened, of one device or of the fleet: the same as the page “Timeline” draws."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponseBase
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backups.api.csv_lists import is_csv
from backups.api.parameters import checked
from backups.api.permissions import MayAct
from backups.api.viewsets import FIELDS, OurViewSet
from devices.models import Device
from incidents.engine.strips import TimeSpan
from incidents.models import VerdictChange
from incidents.services.timeline import device_lanes, fleet_lanes
from incidents.services.timeline_marks import Lane

MOST_DAYS = 366


class TimelineQuery(serializers.Serializer[Any]):
    device = serializers.CharField(
        required=False, max_length=64, help_text="Its machine id; without it: the fleet"
    )
    days = serializers.IntegerField(
        required=False, default=7, min_value=1, max_value=MOST_DAYS, help_text="So far back"
    )


class HappenedSerializer(serializers.Serializer[Any]):
    lane = serializers.CharField(help_text="A type of backup, a device, people, problems")
    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField(help_text="As `begins`: it was one moment")
    what = serializers.CharField(help_text="A verdict, or what kind of thing happened")
    words = serializers.CharField()


class LaneSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    whole_since = serializers.DateTimeField(
        help_text="What is older is not told: there is too much of it"
    )


class TimelineSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    lanes = LaneSerializer(many=True)
    results = HappenedSerializer(many=True)


class TimelineViewSet(OurViewSet):
    """One answer, lane by lane, in the order of time. Each lane says from when on it is whole."""

    queryset = VerdictChange.objects.none()
    serializer_class = HappenedSerializer
    permission_classes = [MayAct]
    action_permission = "devices.view_device"
    filter_backends: list[type[Any]] = []
    pagination_class: Any = None

    @extend_schema(
        parameters=[TimelineQuery],
        responses=forced_singular_serializer(TimelineSerializer),  # type: ignore[no-untyped-call]
        operation_id="timeline_list",
    )
    def list(self, request: Request) -> HttpResponseBase:
        asked = checked(TimelineQuery, request, besides={FIELDS}).validated_data
        # To the minute: who asks twice in it has the answer already.
        until = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
        span = TimeSpan(start=until - timedelta(days=asked["days"]), end=until)
        device = asked.get("device")
        lanes = device_lanes(_found(device), span) if device else fleet_lanes(span)
        if is_csv(request):
            return self.as_csv(list(_happened(lane)) for lane in lanes)
        return Response(_body(lanes, span))

    def known_parameters(self) -> set[str]:
        return {FIELDS, *TimelineQuery().fields}


def _found(device_id: str) -> Device:
    device = Device.objects.filter(device_id=device_id).first()
    if device is None:
        raise Http404
    return device


def _body(lanes: list[Lane], span: TimeSpan) -> dict[str, Any]:
    return {
        "since": span.start,
        "until": span.end,
        "lanes": [{"name": lane.name, "whole_since": lane.since} for lane in lanes],
        "results": [one for lane in lanes for one in _happened(lane)],
    }


def _happened(lane: Lane) -> Iterator[dict[str, str | datetime]]:
    for one in sorted((*lane.stretches, *lane.marks), key=lambda one: one.begins):
        yield {
            "lane": lane.name,
            "begins": one.begins,
            "ends": one.ends,
            "what": one.what,
            "words": one.words or one.what,
        }
