"""A device's page: its verdict and the one thing to do about it, and below it one tab at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from backups.admin import device_tabs
from backups.admin.moments import asked_moment
from backups.dashboard import DeviceStatus, device_status
from backups.engine.card.outlook import concerns
from backups.models import Run, RunState, RunTrigger
from backups.next_step import next_step
from backups.services.card_readings import newest_reading
from backups.services.runs import Offer, offers_for
from backups.time_machine import device_at
from devices.models import Device

SETTLES = timedelta(minutes=1)  # in which a worker looks at the disk after a run

AT_WORK, WAITING = "3s", "30s"  # how often the head renews itself

Shown = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One part of the page, at `?tab=<name>`. `context`: what it shows beside the head."""

    name: str
    title: str
    context: Callable[[device_tabs.Asked], Shown]

    @property
    def template(self) -> str:
        return f"backups/device_{self.name}.html"


TABS = {
    tab.name: tab
    for tab in (
        Tab(name="backups", title="Backups", context=device_tabs.backups),
        Tab(name="experiments", title="Experiments", context=device_tabs.experiments),
        Tab(name="recordings", title="Recordings", context=device_tabs.recordings),
        Tab(name="files", title="Files", context=device_tabs.files),
        Tab(name="runs", title="Runs", context=device_tabs.runs),
        Tab(name="timeline", title="Timeline", context=device_tabs.timeline),
        Tab(name="card", title="Card", context=device_tabs.card),
        Tab(name="settings", title="Settings", context=device_tabs.settings),
    )
}
FIRST = TABS["backups"]
SETTINGS = TABS["settings"]


def chosen_tab(request: HttpRequest) -> Tab:
    """A form that is sent belongs to the settings; the number of a page to the tab of its name."""
    if request.method == "POST":
        return SETTINGS
    paged = next((name for name in TABS if name in request.GET), "")
    return TABS.get(request.GET.get("tab", paged), FIRST)


def page_context(request: HttpRequest, device: Device) -> Shown:
    now = timezone.now()
    if at := asked_moment(request, now=now):
        return _then(device, at, now=now)
    tab = chosen_tab(request)
    head = head_context(request, device, now=now)
    asked = device_tabs.Asked(
        request=request,
        device=device,
        status=head["status"],
        offers=head["offers"],
        reading=head["reading"],
        now=now,
    )
    return {**head, "tabs": TABS.values(), "tab": tab, **tab.context(asked)}


def head_context(request: HttpRequest, device: Device, *, now: datetime) -> Shown:
    """What stands above every tab."""
    status = device_status(device, now=now)
    offers = offers_for(device, now=now)
    open_runs = [offer.open_run for offer in offers.values() if offer.open_run]
    settling = _settling(status, offers.values(), now=now)
    awaited = [*open_runs, *([settling] if settling else [])]
    reading = newest_reading(device)
    of_its_card = concerns(reading.look if reading else None, now=now)
    return {
        "now": now,
        "device": device,
        "status": status,
        "silent_as": device.get_lifecycle_display() if status.silent else "",
        "offers": offers,
        "step": next_step(status, offers),
        "reading": reading,
        "ailing": [concern for concern in of_its_card if concern.ails],
        "at_work": [run for run in open_runs if _is_at_work(run)],
        "waiting": [run for run in open_runs if not _is_at_work(run)],
        "settling": settling,
        "awaited": ",".join(str(run.pk) for run in awaited),
        "every": AT_WORK if settling or any(map(_is_at_work, open_runs)) else WAITING,
        "may": _may(request, offers.values()),
    }


def _settling(status: DeviceStatus, offers: Iterable[Offer], *, now: datetime) -> Run | None:
    """A run that has just ended, and the verdict does not know of it yet."""
    ended = [offer.last for offer in offers if offer.last and offer.last.ended_at]
    newest = max(ended, key=_ended_at, default=None)
    if newest is None or not now - SETTLES < _ended_at(newest) <= now:
        return None
    looks = [backup.taken_at for backup in status.backups.values()]
    seen = all(taken_at and taken_at > _ended_at(newest) for taken_at in looks)
    return None if seen else newest


def _is_at_work(run: Run) -> bool:
    """What a plan asked for may wait for hours until its device is idle."""
    return run.state == RunState.RUNNING or run.trigger != RunTrigger.SCHEDULE


def _ended_at(run: Run) -> datetime:
    return run.ended_at or run.queued_at


def _may(request: HttpRequest, offers: Iterable[Offer]) -> dict[str, bool]:
    """What this person may ask for: by the kind of a run, and by the word of an act."""
    user = request.user
    kinds = {
        offer.declared.kind.value: user.has_perm(offer.declared.permission) for offer in offers
    }
    return kinds | {
        "look": user.has_perm("devices.refresh_device"),
        "change": user.has_perm("devices.change_device"),
        "delete": bool(user.is_superuser),
    }


def _then(device: Device, at: datetime, *, now: datetime) -> Shown:
    """Only what was judged then: all else on the page is of now."""
    status = device_at(device, at, now=now)
    return {
        "now": at,
        "at": at,
        "device": device,
        "status": status,
        "silent_as": status.device.get_lifecycle_display() if status.silent else "",
        "tab": FIRST,
        **device_tabs.judged(status),
    }
