"""The backup daemons of the node."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backups import tasks
from backups.api import serializers
from backups.api.deprecation import Deprecated
from backups.api.queue import queued
from backups.api.viewsets import RowViewSet, acting
from backups.models import DaemonStatus
from backups.models.daemons import DaemonName


class DaemonViewSet(RowViewSet):
    """The backup daemons, and what each last answered."""

    queryset = DaemonStatus.objects.all()
    serializer_class = serializers.DaemonSerializer
    filter_backends: list[type[Any]] = []
    ordering = "id"
    lookup_field = "daemon"
    lookup_url_kwarg = "service"
    lookup_value_regex = "[a-z]{1,10}"
    action_permission = ""

    @extend_schema(request=None, responses={202: serializers.DaemonSerializer})
    @action(**acting("backups.check_daemonstatus"))
    def check(self, request: Request, service: str) -> Response:
        """Ask the daemons now. What this one answered last is shown; look again after some
        seconds."""
        if service not in DaemonName.values:
            raise Http404
        queued(tasks.check_daemons.si())
        known = DaemonStatus.objects.filter(daemon=service).first()
        shown = self.get_serializer(known or DaemonStatus(daemon=service)).data
        return Response(shown, status=status.HTTP_202_ACCEPTED)


@extend_schema_view(
    list=extend_schema(deprecated=True),
    retrieve=extend_schema(deprecated=True),
    check=extend_schema(deprecated=True),
)
class ServiceViewSet(Deprecated, DaemonViewSet):
    """As `daemons/`, by its first name."""

    successor = "daemons"
    deprecated_since = "2026-11-27"
