"""Problems over the API: to look at, and to acknowledge."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backups.api.errors import CannotBeDone
from backups.api.filters import OurFilter, Searched, one_of, since
from backups.api.viewsets import RowViewSet, acting
from incidents.api.serializers import (
    AcknowledgeSerializer,
    IncidentDetailSerializer,
    IncidentSerializer,
)
from incidents.engine.causes import CauseKind, Severity
from incidents.models import Incident, IncidentState
from incidents.services.acts import ActRefused, acknowledge


class IncidentFilter(OurFilter):
    state = one_of("state", IncidentState.choices)
    severity = one_of("severity", [(s.value, s.value) for s in Severity])
    cause = one_of("kind", [(k.value, k.value) for k in CauseKind])
    search = Searched("sentence", "subject", "device__name", says="the sentence or the device")
    opened_after = since("opened_at")


class IncidentViewSet(RowViewSet):
    """What a person should know of, newest first. Also those that nobody is told of yet."""

    queryset = Incident.objects.select_related("device", "acknowledged_by")
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter
    ordering_fields = ("id", "opened_at")
    lookup_value_regex = "[0-9]{1,18}"
    action_permission = ""

    def get_serializer_class(self) -> type[Any]:
        return IncidentDetailSerializer if self.action == "retrieve" else IncidentSerializer

    @extend_schema(request=AcknowledgeSerializer, responses={200: IncidentSerializer})
    @action(**acting("incidents.acknowledge_incident"))
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that you know of it: nobody is reminded any more."""
        incident: Incident = self.get_object()
        said = AcknowledgeSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            acknowledge(incident, by=request.user, now=timezone.now(), **said.validated_data)
        except ActRefused as refused:
            raise CannotBeDone(str(refused)) from refused
        incident.refresh_from_db()
        return Response(IncidentSerializer(incident).data)
