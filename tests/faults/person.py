"""Was a person told? A watch follows each look, and what it told is held against the truth."""

from datetime import datetime, timedelta

from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from devices.models import Lifecycle
from incidents import services
from incidents.engine.causes import CAUSES, CauseKind
from incidents.engine.course import AFTER_ROOT
from incidents.models import Channel, Delivery, Incident
from tests.faults import oracle
from tests.faults.case import Case
from tests.faults.front import Shown, device_of, moment

GREEN = {"protected", "none"}
TOLD_AT = {"corrupt", "missing", "stale", "late", "unknown"}


def watch(at: float) -> None:
    """As the schedule does it, on an installation that is at work."""
    now = moment(at)
    PeriodicTask.objects.update(last_run_at=now)
    TaskResult.objects.get_or_create(task_id="1", defaults={"status": "SUCCESS"})
    TaskResult.objects.update(date_done=now)
    Channel.objects.get_or_create(name="person", defaults={"least_severity": "notice"})
    services.watch(now=now)


class Hearing:
    """What a person has to have heard of one backup by the second look at a loss."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}  # since when it is shown, and is a loss

    def judge(self, case: Case, backup_type: str, shown: Shown, *, is_healthy: bool) -> str:
        """What is wrong with what was told of it; "": nothing."""
        key = case.device.device_id, backup_type
        lost = oracle.losses(case, backup_type)
        if not (oracle.old(case, backup_type, lost) and shown.verdict in TOLD_AT):
            self._seen.pop(key, None)
            is_green = shown.verdict in GREEN
            is_wrong = is_healthy and is_green and _is_told(case, backup_type)
            return "told of a healthy one" if is_wrong else ""
        since = self._seen.setdefault(key, case.at)
        dwell = CAUSES[CauseKind(shown.verdict)].dwell
        waited = timedelta(seconds=case.at - since)
        is_due = waited > timedelta(0) and waited >= dwell
        return "nobody was told" if is_due and not _hears(case, backup_type) else ""


def _is_told(case: Case, backup_type: str) -> bool:
    """That something is wrong with it. What came back is over only after an hour without it."""
    mine = Incident.objects.filter(device=device_of(case), backup_type=backup_type, reopened=0)
    return mine.filter(state="open", told_count__gt=0).exists()


def _hears(case: Case, backup_type: str) -> bool:
    """Of the backup itself, or of that from which its problem follows."""
    device = device_of(case)
    if device is None or device.lifecycle != Lifecycle.ACTIVE:
        return True  # a person said that nobody is to be told of it
    mine = Incident.objects.exclude(state="closed").filter(device=device, backup_type=backup_type)
    # What was told before it followed from a root stays told.
    told_of = {one.pk for one in mine} | {one.root_id for one in mine}
    speaking = Incident.objects.filter(pk__in=told_of - {None})
    if any(_was_just_freed(one, moment(case.at)) for one in speaking):
        return True
    return Delivery.objects.filter(incident__in=speaking).exists()


def _was_just_freed(incident: Incident, now: datetime) -> bool:
    """Its root, which was told, is over: it is waited again whether it goes with it."""
    waits = max(CAUSES[CauseKind(incident.kind)].dwell, AFTER_ROOT)
    return incident.freed_at is not None and now - incident.freed_at < waits
