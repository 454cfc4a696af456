"""What changed in the last day, for the first page."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from backups.engine.facts import BackupType
from backups.words import TYPE_NAMES
from incidents.models import VerdictChange

DAY = timedelta(days=1)
SHOWN = 8


def day_part(request: HttpRequest) -> HttpResponse:
    """Two queries. After a logout it reloads the whole page."""
    if not (admin.site.has_permission(request) and request.user.has_perm("devices.view_device")):
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    now = timezone.now()
    lately = VerdictChange.objects.filter(at__gt=now - DAY)
    newest = lately.exclude(old="").select_related("device").defer("before", "after")
    context: dict[str, Any] = {
        "now": now,
        "changes": [(change, _type_name(change)) for change in newest[:SHOWN]],
        "total": lately.exclude(old="").aggregate(count=Count("pk"))["count"],
    }
    return render(request, "incidents/day.html", context)


def _type_name(change: VerdictChange) -> str:
    return TYPE_NAMES[BackupType(change.backup_type)]
