"""The addresses that the node's own pages ask. They show what is stored; nobody is asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from backups import dashboard
from backups.api import freshness, legacy, legacy_device, start_backup
from backups.api.copies import safe_recordings
from backups.api.newest_chunks import newest_chunks
from backups.api.old_databases import old_databases
from backups.api.permissions import MayReadStatus, MayStartBackup
from backups.models import DaemonStatus
from devices.models import Device


class OldRoute(APIView):
    """Answers in JSON whatever is asked for, and looks at a login only where one is needed."""

    permission_classes: list[type[BasePermission]] = [MayReadStatus]
    renderer_classes = [JSONRenderer]

    def perform_authentication(self, request: Request) -> None:
        """Left to the permission: a poll from a named network costs no session and no user."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002 - DRF's own signature
        return self.get_renderers()[0], JSONRenderer.media_type


@extend_schema(exclude=True)
class StatusView(OldRoute):
    def get(self, request: Request) -> HttpResponseBase:
        now = timezone.now()
        daemons = freshness.daemons_with_news()
        etag = freshness.etag(daemons, now=now)
        unchanged = get_conditional_response(request._request, etag=etag or None)
        if unchanged is not None:
            return _never_kept(unchanged)
        body = cache.get(etag) if etag else None
        if body is None:
            body = _status(daemons, now)
            if etag:  # else nothing tells when it has changed
                cache.set(etag, body, freshness.BUCKET_SECONDS)
        return _never_kept(_json(body), etag=etag)


def _status(daemons: Sequence[DaemonStatus], now: datetime) -> bytes:
    payload = legacy.status_payload(
        dashboard.fleet(now=now, daemons=daemons),
        videos_dir=settings.VIDEOS_DIR,
        now=now,
        ttl=settings.STATUS_TTL,
    )
    return msgspec.json.encode(payload)


@extend_schema(exclude=True)
class DeviceBackupView(OldRoute):
    def get_permissions(self) -> Sequence[Any]:
        if self.request.method == "POST":
            return [MayStartBackup()]
        return super().get_permissions()

    def get(self, request: Request, device_id: str) -> HttpResponseBase:
        device = _device(device_id)
        if device is None:
            return _json(_unknown(device_id))
        return _never_kept(_json(_device_answer(device, now=timezone.now())))

    def post(self, request: Request, device_id: str) -> HttpResponse:
        device = _device(device_id)
        if device is None:
            return _json(_unknown(device_id))
        return _json(start_backup.start(device, request))


def _device_answer(device: Device, *, now: datetime) -> dict[str, Any]:
    status = dashboard.device_status(device, now=now)
    known = {kind for kind, backup in status.backups.items() if backup.is_disk_known(now=now)}
    chunks = newest_chunks(device)
    recordings = {legacy_device.recording_of_chunk(chunk) for chunk in chunks}
    return legacy_device.device_payload(
        status,
        databases=old_databases(device, known=known),
        chunks=chunks,
        known=known,
        safe=safe_recordings(device, recordings),
        damaged=set(device.damaged_files.values_list("path", flat=True)),
        videos_dir=settings.VIDEOS_DIR,
    )


def _device(device_id: str) -> Device | None:
    if len(device_id) > 64 or not device_id.isprintable():
        return None
    return Device.objects.select_related("group").filter(device_id=device_id).first()


def _unknown(device_id: str) -> dict[str, str]:
    """What the old node says of a device that it does not know, word for word."""
    lines = [
        "Traceback (most recent call last):",
        "  (lines left out)",
        f"bottle.HTTPError: (404, 'Device {device_id} not found')",
    ]
    return {"error": "\n".join([*lines, ""])}


def _json(answer: dict[str, Any] | bytes) -> HttpResponse:
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    return HttpResponse(body, content_type="application/json")


def _never_kept(response: HttpResponseBase, *, etag: str = "") -> HttpResponseBase:
    """A browser may keep the answer, but must ask whether it still holds."""
    response["Cache-Control"] = "no-cache"
    if etag:
        response["ETag"] = etag
    return response
