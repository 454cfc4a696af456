"""Why devices cannot be judged: all that have one cause in one line, with the one cure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from backups.dashboard import DeviceStatus, Fleet
from backups.engine.verdict import Step, Verdict
from backups.models import Run, RunKind, RunState
from backups.words import NOT_LOOKED_AT, worst_type
from devices.models import Device


@dataclass(frozen=True, slots=True)
class Why:
    """`cause` goes on after "… cannot be judged: "."""

    cause: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grey:
    why: Why
    devices: tuple[DeviceStatus, ...]


NEVER_LISTED = Why(
    "nobody has listed their cards yet",
    "let a plan list cards, or press “List its card” on a device's page",
)
NO_KEY = Why(
    "ethonode may not list their cards, for they do not take its ssh key",
    "“manage.py setup --keys” puts it on all of them; each device's page says it for one",
)
_SILENT = Why(
    "no ssh server answered when their cards were to be listed",
    "devices that are on and can be reached; then “Test connection” on a device's page",
)
_BY_FAILURE: Mapping[str, Why] = {
    "KeyRefused": NO_KEY,
    "KeyFailed": Why("our own ssh key cannot be used", "the reason is in the run's own words"),
    "HostKeyChanged": Why(
        "they show another ssh key than before",
        "“Forget its ssh key” on each page, if its SD card was replaced",
    ),
    "NoPython": Why("they have no python3 to list their cards with", "python3 on the device"),
    "HostUnreachable": _SILENT,
    "ConnectionLost": _SILENT,
    "Hung": _SILENT,
}
TOLD = ("pk", "state", "failure")
_FAILED = Why("the listing of their cards failed", "each device's page says why")


def greys(fleet: Fleet) -> list[Grey]:
    """The most frequent cause first. One query, and only where a listing would help."""
    unknown = [status for status in fleet.active if status.verdict is Verdict.UNKNOWN]
    listed = _listings(status.device for status in unknown if _wants_listing(status))
    found: dict[Why, list[DeviceStatus]] = {}
    for status in unknown:
        found.setdefault(_why(status, listed), []).append(status)
    groups = [Grey(why=why, devices=tuple(devices)) for why, devices in found.items()]
    return sorted(groups, key=lambda grey: (-len(grey.devices), grey.why.cause))


def _wants_listing(status: DeviceStatus) -> bool:
    kind = worst_type(status)
    return kind is not None and status.backups[kind].judgement.step is Step.LIST


def _why(status: DeviceStatus, listed: Mapping[int, tuple[str | None, str]]) -> Why:
    kind = worst_type(status)
    if kind is None:
        return Why(NOT_LOOKED_AT, "“Refresh all now”")
    judgement = status.backups[kind].judgement
    state, failure = listed.get(status.device.pk, (RunState.SUCCEEDED, ""))
    if state == RunState.SUCCEEDED:
        return Why(judgement.rule, judgement.clears)
    return NEVER_LISTED if state is None else _BY_FAILURE.get(failure, _FAILED)


def _listings(devices: Iterable[Device]) -> dict[int, tuple[str | None, str]]:
    """How the newest listing of each card ended, and the name of its error; None: there is none."""
    keys = [device.pk for device in devices]
    if not keys:
        return {}
    ended = Run.objects.filter(kind=RunKind.LIST_CARD, ended_at__isnull=False)
    newest = ended.filter(device=OuterRef("pk")).order_by("-queued_at")
    rows = Device.objects.filter(pk__in=keys).order_by()
    told = rows.annotate(
        state=Subquery(newest.values("state")[:1]), failure=Subquery(newest.values("failure")[:1])
    )
    return {key: (state, failure or "") for key, state, failure in told.values_list(*TOLD)}
