"""Backups made here: to look at, to ask for, and to cancel."""

from contextlib import suppress
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backups import tasks
from backups.api.errors import CannotBeDone
from backups.api.filters import RunFilter
from backups.api.viewsets import RowViewSet, acting
from backups.models import Run, RunKind, RunTrigger
from backups.services import runs
from devices.models import Device


class RunSerializer(serializers.ModelSerializer[Run]):
    device = serializers.CharField(source="device.device_id")
    requested_by = serializers.CharField(
        source="requested_by.username", default=None, allow_null=True
    )
    percent = serializers.IntegerField(allow_null=True, help_text="Null: no total is known")

    class Meta:
        model = Run
        fields = [
            "id", "device", "kind", "trigger", "requested_by", "attempt", "state", "queued_at",
            "not_before", "started_at", "heartbeat_at", "ended_at", "cancel_requested_at", "phase",
            "percent", "rows_done", "rows_total", "bytes_done", "bytes_total", "files_done",
            "files_total", "path", "error", "log", "numbers",
        ]  # fmt: skip


class RunViewSet(RowViewSet):
    """Backups that were made here, newest first: how far each came, and how it ended."""

    queryset = Run.objects.select_related("device", "requested_by")
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering_fields = ("id", "queued_at")
    lookup_value_regex = "[0-9]{1,18}"
    action_permission = ""

    @extend_schema(request=None, responses={202: RunSerializer})
    @action(**acting("backups.cancel_run"))
    def cancel(self, request: Request, pk: str) -> Response:
        """Ask it to stop: what waits is cancelled at once, what runs within seconds."""
        run: Run = self.get_object()
        if not runs.cancel_run(run, now=timezone.now()):
            raise CannotBeDone("This run has ended already.")
        run.refresh_from_db()
        return accepted_run(run)


def start_run(device: Device, kind: RunKind, user: Any) -> Run:
    """Queue it; while the queue is down it is stored, and starts later."""
    by = user if user.is_authenticated else None  # the old page, where that is allowed
    try:
        run = runs.request_run(device, kind, trigger=RunTrigger.API, user=by, now=timezone.now())
    except runs.RunRefused as refused:
        raise CannotBeDone(str(refused)) from refused
    with suppress(OperationalError):
        tasks.start_due_runs.delay()
    return run


def accepted_run(run: Run) -> Response:
    return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
