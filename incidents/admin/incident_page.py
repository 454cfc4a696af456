"""What the page of a problem shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from backups.badges import size
from backups.engine.facts import BackupType
from backups.models import Run
from backups.next_step import BRINGS
from backups.services.runs import KINDS
from incidents.badges import severity_badge
from incidents.engine.causes import OF_A_BACKUP, CauseKind
from incidents.models import Incident, IncidentState, VerdictChange

SHOWN = 50
TIMES = {"taken at", "inventory read", "disk read", "saved until"}  # these always differ
SHOWN_AS = {
    "taken at": "looked at", "inventory read": "the device's list was read",
    "disk read": "our disk was read", "on the device": "items on the device",
    "on the disk": "items here", "bytes": "size here", "problems": "what was wrong",
    "errors": "what could not be read",
}  # fmt: skip
PAGES = {
    CauseKind.OWN_WORK: ("Open the schedule", "django_celery_beat", "periodictask"),
    CauseKind.DAEMON: ("See the services", "backups", "daemonstatus"),
    CauseKind.TWO_NODES: ("See the nodes", "devices", "nodestatus"),
    CauseKind.CHANNEL: ("Open the channel", "incidents", "channel"),
    CauseKind.PULLS: ("See the key for the devices", "backups", "backupplan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """A button. `dialog`: it opens one that asks first; else a page."""

    label: str
    url: str
    dialog: bool = False


def incident_context(incident: Incident, request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    change = _change(incident)
    return {
        "incident": incident,
        "now": now,
        "severity": severity_badge(incident.severity, over=incident.state == IncidentState.CLOSED),
        "step": next_step(incident, request),
        "verdict_change": change,
        "compared": _side_by_side(change.before, change.after) if change else [],
        "followers": incident.followers.select_related("device")[:SHOWN],
        "follower_count": incident.followers.count(),
        "acts": incident.acts.select_related("by"),
        "deliveries": incident.deliveries.select_related("channel").order_by("pk")[:SHOWN],
    }


def _change(incident: Incident) -> VerdictChange | None:
    """The change of the verdict by which it began."""
    if incident.device is None or CauseKind(incident.kind) not in OF_A_BACKUP:
        return None
    changes = VerdictChange.objects.filter(
        device=incident.device, backup_type=incident.backup_type, new__in=_verdicts(incident)
    )
    return changes.filter(at__lte=incident.opened_at or incident.first_seen_at).first()


def _verdicts(incident: Incident) -> list[str]:
    return ["missing"] if incident.kind == CauseKind.LOST else [incident.kind]


def _side_by_side(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str, bool]]:
    """Of each fact: its name, what it was, what it became, and whether that differs."""
    names = [name for name in after if name != "evidence"]
    rows = [(name, _text(name, before.get(name)), _text(name, after[name])) for name in names]
    return [
        (SHOWN_AS.get(name, name), old, new, old != new and name not in TIMES)
        for name, old, new in rows
    ]


def _text(name: str, value: Any) -> str:
    if name == "bytes" and value is not None:
        return size(value)
    if isinstance(value, dict):
        return ", ".join(f"{count} {kind}" for kind, count in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return "not known" if value is None else str(value)


def next_step(incident: Incident, request: HttpRequest) -> NextStep | None:
    kind = CauseKind(incident.kind)
    if kind in {CauseKind.BEAT, CauseKind.WORKER}:
        return NextStep(label="See what has stopped", url=reverse("integration"))
    if kind in PAGES:
        label, app, model = PAGES[kind]
        pk = incident.subject if kind is CauseKind.CHANNEL else ""
        return _page(label, request, app, model, pk)
    if incident.device is None:
        return _dialog("Ask everybody again", request, "devices.refresh_device", "refresh_all")
    return _of_device(incident, kind, request)


def _of_device(incident: Incident, kind: CauseKind, request: HttpRequest) -> NextStep | None:
    pk = incident.device_id
    saves = BRINGS.get(BackupType(incident.backup_type)) if incident.backup_type else None
    step = None
    if kind is CauseKind.RUN:
        step = _last_run(incident, request)
    elif kind in OF_A_BACKUP and kind is not CauseKind.LOST and saves:
        declared = KINDS[saves]
        step = _dialog(declared.button, request, declared.permission, f"{saves}_now", pk)
    elif kind is CauseKind.DEVICE:
        step = _dialog("Ask it again", request, "devices.refresh_device", "refresh", pk)
    elif kind is CauseKind.HOST_KEY:
        may = "devices.change_device"
        step = _dialog("Forget its ssh key", request, may, "forget_ssh_key", pk)
    return step or _page("Open the device", request, "devices", "device", str(pk))


def _last_run(incident: Incident, request: HttpRequest) -> NextStep | None:
    kind = incident.subject.partition(" ")[2]
    last = Run.objects.filter(device=incident.device, kind=kind, ended_at__isnull=False).first()
    return _page("Read the last run", request, "backups", "run", str(last.pk)) if last else None


def _dialog(
    label: str, request: HttpRequest, permission: str, action: str, *args: Any
) -> NextStep | None:
    needed = permission if "." in permission else f"backups.{permission}_run"
    if not request.user.has_perm(needed):
        return None
    url = reverse(f"admin:devices_device_{action}", args=args)
    return NextStep(label=label, url=url, dialog=True)


def _page(label: str, request: HttpRequest, app: str, model: str, pk: str = "") -> NextStep | None:
    if not request.user.has_perm(f"{app}.view_{model}"):
        return None
    name = f"admin:{app}_{model}_{'change' if pk else 'changelist'}"
    return NextStep(label=label, url=reverse(name, args=[pk] if pk else []))
