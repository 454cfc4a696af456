"""The buttons of a device's page: each is a POST that asks for a permission, and leads back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from backups.admin import queue
from backups.admin.device_actions import forget_key_and_say
from backups.admin.device_page import SETTINGS, TABS, chosen_tab, head_context
from backups.admin.run_actions import ask_for_run
from backups.models import RunKind
from backups.services.left_copies import NothingToKeep, keep_left
from backups.services.runs import KINDS
from devices.models import Device, Lifecycle
from devices.services.by_people import set_by_people

SAID = {
    Lifecycle.ACTIVE: "It is watched again, and raises alarms.",
    Lifecycle.PARKED: "It is parked: it raises no alarm, and no plan makes backups of it.",
    Lifecycle.RETIRED: "It is retired: it left the lists. All that is known of it stays.",
}


def page_of(device: Device, request: HttpRequest) -> HttpResponse:
    """The tab on which the button was."""
    url = reverse("admin:devices_device_change", args=[device.pk])
    tab = request.POST.get("tab", "")
    return redirect(f"{url}?{urlencode({'tab': tab})}" if tab in TABS else url)


@require_POST
def start(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Ask for a run of this kind."""
    if kind not in KINDS:
        raise Http404
    _need(request, KINDS[RunKind(kind)].permission)
    device = get_object_or_404(Device, pk=pk)
    run = ask_for_run(request, device, RunKind(kind))
    if run and kind == RunKind.WIPE:  # it leads to a page of its own: the answer
        return redirect("admin:backups_run_change", run.pk)
    return page_of(device, request)


@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the device, and look at the disk."""
    _need(request, "devices.refresh_device")
    device = get_object_or_404(Device, pk=pk)
    queue.queue_and_say(
        request,
        lambda: queue.queue_looks([device.device_id], due_at=timezone.now()),
        "Queued: the device is asked, and a worker looks at the disk. Reload in some seconds.",
    )
    return page_of(device, request)


@require_POST
def set_lifecycle(request: HttpRequest, pk: int, lifecycle: str) -> HttpResponse:
    """Park it, retire it, or take it back."""
    if lifecycle not in Lifecycle.values:
        raise Http404
    _need(request, "devices.change_device")
    device = get_object_or_404(Device, pk=pk)
    why = request.POST.get("why", "")
    if set_by_people([device], by=request.user, why=why, lifecycle=lifecycle):
        messages.success(request, SAID[Lifecycle(lifecycle)])
    return page_of(device, request)


@require_POST
def forget_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it show another ssh key at its next contact."""
    _need(request, "devices.change_device")
    device = get_object_or_404(Device, pk=pk)
    forget_key_and_say(request, device)
    return page_of(device, request)


@require_POST
def leave_there(request: HttpRequest, pk: int) -> HttpResponse:
    """What a move has left stays, and is nobody's business here any more."""
    _need(request, "devices.delete_left")
    device = get_object_or_404(Device, pk=pk)
    try:
        place = keep_left(device, by=request.user)
    except NothingToKeep as nothing:
        messages.error(request, str(nothing))
    else:
        messages.success(request, f"Its old files stay on {place}; ethonode never deletes them.")
    return page_of(device, request)


def head(request: HttpRequest, pk: int) -> HttpResponse:
    """The head of the page, which renews itself while something is under way for the device.

    When a run that it awaits has ended, and the disk was looked at, the whole page comes anew; but
    not a form that somebody may be filling in.
    """
    _need(request, "devices.view_device")
    device = get_object_or_404(Device, pk=pk)
    context = head_context(request, device, now=timezone.now())
    context["tab"] = chosen_tab(request)
    answer = render(request, "backups/device_head.html", context)
    over = _numbers(request.GET.get("awaited", "")) - _numbers(context["awaited"])
    if over and context["tab"] is not SETTINGS:
        answer["HX-Refresh"] = "true"
    return answer


def _numbers(text: str) -> set[str]:
    return set(filter(None, text.split(",")))


def _need(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def urls(view: object) -> list[URLPattern]:
    """`view`: what lets only the staff in."""
    wrapped = {
        "start/<kind>/": (start, "device-start"),
        "look/": (look, "device-look"),
        "lifecycle/<lifecycle>/": (set_lifecycle, "device-lifecycle"),
        "forget-key/": (forget_key, "device-forget-key"),
        "keep-left/": (leave_there, "device-keep-left"),
        "head/": (head, "device-head"),
    }
    return [
        path(f"<int:pk>/{route}", view(handler), name=name)  # type: ignore[operator]
        for route, (handler, name) in wrapped.items()
    ]
