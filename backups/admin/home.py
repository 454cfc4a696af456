"""The first page: the fleet, worst first, judged now from stored facts. It asks nobody outside."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_celery_results.models import TaskResult

from backups import dashboard as read_model
from backups.admin.run_page import open_runs
from backups.badges import availability
from backups.models.daemons import DaemonName
from devices.models import NodeStatus

RUNS_SHOWN = 4
NODE_TASK = "devices.tasks.refresh_devices"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold's index page shows; a person who may not see devices sees none here either."""
    context["title"] = "Fleet"
    if not request.user.has_perm("devices.view_device"):
        return context
    may_refresh = request.user.has_perm("devices.refresh_device")
    return context | fleet_context(request, now=timezone.now()) | {"may_refresh": may_refresh}


def fleet_part(request: HttpRequest) -> HttpResponse:
    """The part of the first page that renews itself. After a logout it reloads the whole page."""
    if not (admin.site.has_permission(request) and request.user.has_perm("devices.view_device")):
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    return render(request, "backups/fleet.html", fleet_context(request, now=timezone.now()))


def fleet_context(request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    fleet = read_model.fleet(now=now)
    context: dict[str, Any] = {"fleet": fleet, "now": now, "daemons": _daemons(fleet, now)}
    if request.user.has_perm("devices.view_nodestatus"):
        context["node"] = NodeStatus.objects.first()
    if request.user.has_perm("backups.view_run"):
        context |= open_runs(now=now, shown=RUNS_SHOWN)
    if fleet.devices:
        return context
    return context | _why_no_devices()


def _daemons(fleet: read_model.Fleet, now: datetime) -> list[dict[str, Any]]:
    """Both daemons, also one that was never asked."""
    return [
        {
            "name": name,
            "status": fleet.daemons.get(key),
            "availability": availability(fleet.daemons.get(key), now),
            "url": settings.SERVICE_URLS[key],
        }
        for key, name in DaemonName.choices
    ]


def _why_no_devices() -> dict[str, Any]:
    asked = TaskResult.objects.filter(task_name=NODE_TASK).order_by("-date_done").first()
    return {
        "node_url": settings.NODE_URL,
        "device_addresses": settings.DEVICE_ADDRESSES,
        "last_asking": asked,
        "last_words": _last_words(asked.result) if asked else "",
    }


def _last_words(result: str | None) -> str:
    """Of a task: the error that it returned or ended with."""
    try:
        said = json.loads(result or "null")
    except ValueError:
        return result or ""
    if not isinstance(said, dict):
        return ""
    return str(said.get("error") or " ".join(map(str, said.get("exc_message", []))))
