"""The backup daemons of each node."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from backups import tasks
from backups.api import serializers
from backups.api.deprecation import Deprecated
from backups.api.queue import queued
from backups.api.viewsets import RowViewSet, acting
from backups.models import DaemonStatus
from backups.models.daemons import DaemonName
from devices.nodes import Node


class DaemonViewSet(RowViewSet):
    """The backup daemons, and what each last answered. Where there are several nodes, `service`
    is the daemon and its node: `mysql@NODE`."""

    queryset = DaemonStatus.objects.all()
    serializer_class = serializers.DaemonSerializer
    filter_backends: list[type[Any]] = []
    ordering = "id"
    lookup_field = "daemon"
    lookup_url_kwarg = "service"
    lookup_value_regex = "[a-z]{1,10}(?:@[a-z0-9-]{1,20})?"
    action_permission = ""

    def get_object(self) -> DaemonStatus:
        known = self._known(self.kwargs["service"])
        if known.pk is None:
            raise Http404
        return known

    def _known(self, service: str) -> DaemonStatus:
        """As it is stored; one that was never asked has no key."""
        daemon, _, name = service.partition("@")
        nodes = [node for node in settings.NODES if not name or node.name == name]
        if daemon not in DaemonName.values or not nodes:
            raise Http404
        if len(nodes) > 1:
            raise NotFound(f"There are several nodes: ask for {_names(daemon, nodes)}.")
        known = self.get_queryset().filter(daemon=daemon, node=nodes[0].name).first()
        return known or DaemonStatus(daemon=daemon, node=nodes[0].name)

    @extend_schema(request=None, responses={202: serializers.DaemonSerializer})
    @action(**acting("backups.check_daemonstatus"))
    def check(self, request: Request, service: str) -> Response:
        """Ask the daemons now. What this one answered last is shown; look again after some
        seconds."""
        known = self._known(service)
        queued(tasks.check_daemons.si())
        shown = self.get_serializer(known).data
        return Response(shown, status=status.HTTP_202_ACCEPTED)


def _names(daemon: str, nodes: Sequence[Node]) -> str:
    return ", ".join(f"{daemon}@{node.name}" for node in nodes)


@extend_schema_view(
    list=extend_schema(deprecated=True),
    retrieve=extend_schema(deprecated=True),
    check=extend_schema(deprecated=True),
)
class ServiceViewSet(Deprecated, DaemonViewSet):
    """As `daemons/`, by its first name."""

    successor = "daemons"
    deprecated_since = "2026-11-27"
