"""What a person can ask for of all devices that are selected in the list; each says how many."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from backups.admin import queue
from backups.engine.grammar import counted
from backups.models import RunKind, RunTrigger
from backups.services.runs import KINDS, KindOfRun, RunRefused, request_run
from devices.models import Device, DeviceGroup, Lifecycle
from devices.services.by_people import set_by_people

PER_REQUEST = "ethonode_bulk_acts"
NAMED = 5
BACK_UP = [declared for declared in KINDS.values() if declared.copies]
Act = tuple[Callable[..., None], str, str]
LIFECYCLES: Mapping[Lifecycle, tuple[str, str]] = {
    Lifecycle.PARKED: ("Park (off on purpose)", "parked: no alarm, and no backups by plan"),
    Lifecycle.RETIRED: ("Retire (gone for good)", "retired: left out of the lists, no alarm"),
    Lifecycle.ACTIVE: ("Take back", "watched and backed up again"),
}


def bulk_acts(request: HttpRequest) -> dict[str, Act]:
    """By name: those that this person may do. A list asks for them thrice."""
    if not hasattr(request, PER_REQUEST):
        acts = dict(_of_runs(request)) | dict(_of_settings(request))
        setattr(request, PER_REQUEST, acts)
    found: dict[str, Act] = getattr(request, PER_REQUEST)
    return found


def _of_runs(request: HttpRequest) -> Iterable[tuple[str, Act]]:
    usual = [one for one in KINDS.values() if not one.seldom]
    may = [one for one in usual if request.user.has_perm(one.permission)]
    if backups := [declared for declared in BACK_UP if declared in may]:
        yield _act("back_up_selected", "Back up now: all that can be", partial(_start, backups))
    for declared in may:
        name = f"{declared.kind}_selected"
        yield _act(name, f"{declared.button} now", partial(_start, [declared]))


def _of_settings(request: HttpRequest) -> Iterable[tuple[str, Act]]:
    if not request.user.has_perm("devices.change_device"):
        return
    for lifecycle, (title, _) in LIFECYCLES.items():
        yield _act(f"{lifecycle}_selected", title, partial(_set_lifecycle, lifecycle))
    for group in DeviceGroup.objects.all():
        yield _act(f"group_{group.pk}", f"Put into group {group}", partial(_put, group))
    yield _act("no_group", "Take out of their group", partial(_put, None))


def _act(name: str, title: str, do: Callable[..., None]) -> tuple[str, Act]:
    return name, (do, name, title)


def _start(
    kinds: Iterable[KindOfRun], _: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Device]
) -> None:
    """Of each device what can work for it; the others are named, with what they lack."""
    devices = {device.pk: device for device in chosen.order_by("name")}
    started: set[int] = set()
    runs, lacking = 0, []
    for declared in kinds:
        fit = declared.suits(Device.objects.filter(pk__in=devices)).values_list("pk", flat=True)
        for pk in fit:
            runs += _asked(devices[pk], declared.kind, request)
            started.add(pk)
        lacking.append(declared.lacks)
    if runs:
        said = f"Asked for: {counted(runs, 'run')} of {counted(len(started), 'device')}."
        queue.start_runs_and_say(request, said)
    if left := [device for pk, device in devices.items() if pk not in started]:
        messages.warning(request, f"Not for {_named(left)}: {', and '.join(lacking)}.")


def _asked(device: Device, kind: RunKind, request: HttpRequest) -> bool:
    now = timezone.now()
    try:
        request_run(device, kind, trigger=RunTrigger.PERSON, user=request.user, now=now)
    except RunRefused as refused:
        messages.error(request, str(refused))
        return False
    return True


def _set_lifecycle(
    lifecycle: Lifecycle, _: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Device]
) -> None:
    _set(request, chosen, LIFECYCLES[lifecycle][1], lifecycle=lifecycle)


def _put(
    group: DeviceGroup | None,
    _: admin.ModelAdmin,
    request: HttpRequest,
    chosen: QuerySet[Device],
) -> None:
    _set(request, chosen, f"put into {group}" if group else "in no group now", group=group)


def _set(request: HttpRequest, chosen: QuerySet[Device], what: str, **values: Any) -> None:
    devices = list(chosen)
    changed = set_by_people(devices, by=request.user, **values)
    left = len(devices) - changed
    before = f" {left} had been so before." if left else ""
    messages.success(request, f"{counted(changed, 'device')} {what}.{before}")


def _named(devices: list[Device]) -> str:
    names = ", ".join(str(device) for device in devices[:NAMED])
    more = len(devices) - NAMED
    return f"{names} and {more} more" if more > 0 else names
