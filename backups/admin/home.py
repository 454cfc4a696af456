"""The first page: the fleet, worst first, judged now from stored facts. It asks nobody outside."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_celery_results.models import TaskResult

from backups import dashboard as read_model
from backups.admin.moments import asked_moment
from backups.admin.run_page import open_runs
from backups.fleet_words import fleet_in_words
from backups.greys import greys
from backups.models import DaemonStatus
from backups.models.daemons import DaemonName
from backups.services.card_readings import worst_concerns
from backups.services.room import gain_by_type, rooms, total_gain
from backups.time_machine import fleet_at
from devices.models import NodeStatus
from devices.nodes import called

RUNS_SHOWN = 4
ROWS_SHOWN = 30
NODE_TASK = "devices.tasks.refresh_devices"
SEE_DEVICES, SEE_RUNS, SEE_NODE = (
    "devices.view_device", "backups.view_run", "devices.view_nodestatus",
)  # fmt: skip


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold's index page shows; a person who may not see devices sees none here either."""
    context["title"] = "Fleet"
    if not request.user.has_perm(SEE_DEVICES):
        return context
    now = timezone.now()
    if at := asked_moment(request, now=now):
        fleet = fleet_at(at, now=now)
        return context | {"at": at} | fleet_in_words(fleet, {}, most=ROWS_SHOWN, now=at)
    return {
        **context,
        **_fleet(now),
        **_outside(request, now),
        **_work(request, now),
        "may_refresh": request.user.has_perm("devices.refresh_device"),
    }


def fleet_part(request: HttpRequest) -> HttpResponse:
    return _part(request, "backups/fleet.html", _fleet)


def work_part(request: HttpRequest) -> HttpResponse:
    return _part(request, "backups/home_runs.html", lambda now: _work(request, now))


def outside_part(request: HttpRequest) -> HttpResponse:
    return _part(request, "backups/outside.html", lambda now: _outside(request, now))


def _part(
    request: HttpRequest, template: str, context: Callable[[datetime], dict[str, Any]]
) -> HttpResponse:
    """A part of the first page that renews itself. After a logout it reloads the whole page."""
    if not (admin.site.has_permission(request) and request.user.has_perm(SEE_DEVICES)):
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    return render(request, template, context(timezone.now()))


def _fleet(now: datetime) -> dict[str, Any]:
    fleet = read_model.fleet(now=now)
    if not fleet.devices:
        return {"fleet": fleet, "now": now, **_why_no_devices()}
    ailing = worst_concerns((status.device for status in fleet.active), now=now)
    words = fleet_in_words(fleet, ailing, most=ROWS_SHOWN, now=now)
    return {**words, "greys": greys(fleet)}


def _outside(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The node, the services, and our own disks."""
    grown = gain_by_type(now=now)
    daemons = {(status.node, status.daemon): status for status in DaemonStatus.objects.all()}
    return {
        "now": now,
        "daemons": _daemons(daemons),
        "nodes": _nodes() if request.user.has_perm(SEE_NODE) else [],
        "rooms": rooms(grown),
        "gain": total_gain(grown),
    }


def _work(request: HttpRequest, now: datetime) -> dict[str, Any]:
    if not request.user.has_perm(SEE_RUNS):
        return {}
    return {"may_see_runs": True, **open_runs(now=now, shown=RUNS_SHOWN)}


def _nodes() -> list[dict[str, Any]]:
    return [
        {"title": called("The node", status.name, settings.NODES, of=" "), "status": status}
        for status in NodeStatus.objects.all()
    ]


def _daemons(known: dict[tuple[str, str], DaemonStatus]) -> list[dict[str, Any]]:
    """Both daemons of each node, also one that was never asked."""
    return [
        {
            "name": called(f"{label} service", node.name, settings.NODES, of=" of "),
            "status": known.get((node.name, daemon)),
            "url": node.daemons[daemon],
        }
        for node in settings.NODES
        for daemon, label in DaemonName.choices
    ]


def _why_no_devices() -> dict[str, Any]:
    asked = TaskResult.objects.filter(task_name=NODE_TASK).order_by("-date_done").first()
    return {
        "node_urls": [node.url for node in settings.NODES if node.url],
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
