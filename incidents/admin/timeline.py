"""The timeline: of one device, or of the fleet; a day, a week, a month or a year."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from backups.engine.verdict import Verdict
from devices.models import Device
from incidents.engine.strips import Stretch, TimeSpan
from incidents.services.timeline import device_lanes, fleet_lanes
from incidents.services.timeline_marks import Lane

DAYS = (1, 7, 30, 365)
TICKS = 6
EVENTS_SHOWN = 100
Event = tuple[str, Stretch]  # the name of its lane
NAMED = 8  # lanes of a device; more are those of a fleet


RECT = '<rect class="on-strip {}" x="{}" width="{}" y="2" height="16"><title>{}</title></rect>'


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLane:
    """`blank`: so much of it, in per mille, is not drawn."""

    lane: Lane
    shapes: SafeString
    label: str
    blank: float


def timeline(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("devices.view_device"):
        raise PermissionDenied
    now = timezone.now()
    days = _days(request)
    span = TimeSpan(start=now - timedelta(days=days), end=now)
    device = _device(request)
    lanes = device_lanes(device, span) if device else fleet_lanes(span)
    draw = partial(_rects, span) if device else partial(_paths, cache(partial(_shape, span)))
    events = sorted(_marked(lanes), key=_when, reverse=True) if device else []
    context = {
        **admin.site.each_context(request),
        "title": f"Timeline of {device}" if device else "Timeline of the fleet",
        "device": device,
        "days": days,
        "choices": DAYS,
        "ticks": _ticks(span),
        "lanes": [_drawn(lane, draw, span) for lane in lanes],
        "cut": _cut(lanes, span),
        "events": _events(events[:EVENTS_SHOWN], device) if device else [],
        "event_count": len(events),
        "events_shown": EVENTS_SHOWN,
        "legend": [verdict.value for verdict in Verdict],
        "now": now,
    }
    return render(request, "incidents/timeline.html", context)


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", "7")
    return int(text) if text in map(str, DAYS) else 7


def _device(request: HttpRequest) -> Device | None:
    pk = request.GET.get("device", "")
    if not pk:
        return None
    device = Device.objects.filter(pk=pk).first() if pk.isdecimal() and len(pk) < 18 else None
    if device is None:
        raise Http404
    return device


def _ticks(span: TimeSpan) -> list[tuple[float, str]]:
    """Moments to read the strip by."""
    length = span.end - span.start
    form = "%H:%M" if length <= timedelta(days=1) else "%Y-%m-%d"
    moments = [span.start + length * part / (TICKS - 1) for part in range(TICKS)]
    return [(span.place(at), f"{timezone.localtime(at):{form}}") for at in moments]


def _drawn(lane: Lane, draw: Callable[[Lane], SafeString], span: TimeSpan) -> DrawnLane:
    what = dict.fromkeys(one.what for one in (*lane.stretches, *lane.marks))
    label = f"{lane.name}: {', '.join(what) or 'nothing'}"
    return DrawnLane(lane=lane, shapes=draw(lane), label=label, blank=span.place(lane.since))


def _rects(span: TimeSpan, lane: Lane) -> SafeString:
    placed = (_place(one, span) for one in (*lane.stretches, *lane.marks))
    return format_html_join("", RECT, placed)


def _shape(span: TimeSpan, begins: datetime, ends: datetime) -> str:
    left = span.place(begins)
    width = max(span.place(ends) - left, 1)
    return f"M{left:.1f} 2h{width:.1f}v16h-{width:.1f}z"


def _paths(shape: Callable[[datetime, datetime], str], lane: Lane) -> SafeString:
    """Of a fleet's lane all stretches of one kind as one shape: a tenth of the page."""
    paths: dict[str, list[str]] = defaultdict(list)
    for one in (*lane.stretches, *lane.marks):
        paths[one.what].append(shape(one.begins, one.ends))
    joined = ((what, "".join(shapes)) for what, shapes in paths.items())
    return format_html_join("", '<path class="on-strip {}" d="{}"/>', joined)


def _cut(lanes: list[Lane], span: TimeSpan) -> list[tuple[datetime, str]]:
    """Of which lanes what is older is not drawn, for there is too much of it."""
    found: dict[datetime, list[str]] = defaultdict(list)
    for lane in lanes:
        if lane.since > span.start:
            found[lane.since].append(lane.name)
    return [(since, _names(names)) for since, names in sorted(found.items())]


def _names(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= NAMED else f"the verdicts of {len(names)} devices"


def _place(one: Stretch, span: TimeSpan) -> tuple[str, float, float, str]:
    left = span.place(one.begins)
    times = _said(one.begins)
    if one.ends != one.begins:
        times = f"{times} to {_said(one.ends)}"
    width = round(span.place(one.ends) - left, 2)
    return one.what, left, width, f"{one.words or one.what}, {times}"


def _said(at: datetime) -> str:
    """In the zone of who looks, which is named."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"


def _marked(lanes: list[Lane]) -> Iterator[Event]:
    for lane in lanes:
        yield from ((lane.name, one) for one in (*lane.stretches, *lane.marks))


def _events(marked: list[Event], device: Device) -> Iterator[dict[str, Any]]:
    """The same as a list; each leads to what was known then."""
    page = reverse("admin:devices_device_change", args=[device.pk])
    for name, one in marked:
        url = f"{page}?at={_text(one.begins)}"
        yield {"at": one.begins, "lane": name, "words": one.words or one.what, "url": url}


def _when(event: Event) -> datetime:
    return event[1].begins


def _text(at: datetime) -> str:
    """A second later: what happened then is known by then."""
    return f"{at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
