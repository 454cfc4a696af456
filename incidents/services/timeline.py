"""What happened, along one strip: verdicts, backups, the device, people, problems.

Each lane is one query by an index that begins with the device or the time, and takes the newest:
what a page costs grows with what happened in its span, and never with what happened before.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from operator import attrgetter, itemgetter

from django.db.models import OuterRef, Q, QuerySet, Subquery

from backups.engine.facts import BackupType
from backups.engine.verdict import SEVERITY
from backups.models import Backup
from backups.words import TYPE_NAMES
from devices.models import Device
from incidents.engine.strips import Stretch, TimeSpan, stretches, worst_stretches
from incidents.models import Incident, IncidentState, VerdictChange
from incidents.services.timeline_marks import (
    MOST,
    Happened,
    Lane,
    failed_runs,
    newest,
    of_the_device,
    people,
    people_of_all,
    runs_here,
)

MOST_OF_ALL = 10_000  # changes of a whole fleet
NEVER = datetime.max.replace(tzinfo=UTC)  # the clock that ended it may be ahead
PARTS = 120  # of a fleet's strips
WORDS = {verdict.value: place for verdict, place in SEVERITY.items()}

Change = tuple[datetime, str, str]  # when, of which backup, to which verdict


def device_lanes(device: Device, span: TimeSpan) -> list[Lane]:
    """Seven queries, and four more for its changes."""
    changes = VerdictChange.objects.filter(device=device).values_list("at", "backup_type", "new")
    found = newest(changes, "at", span, when=itemgetter(0), most=MOST)
    before = _held_at(found.since, Backup.objects.filter(device=device))[device.pk]
    return [
        *(_of_type(kind, found, before, span) for kind in BackupType),
        runs_here(device, span),
        of_the_device(device, span),
        people(device, span),
        _problems(Q(device=device), span),
    ]


def fleet_lanes(span: TimeSpan) -> list[Lane]:
    """One lane a device, by its worst verdict; ten queries, however many devices."""
    changes = VerdictChange.objects.values_list("at", "backup_type", "new", "device_id")
    found = newest(changes, "at", span, when=itemgetter(0), most=MOST_OF_ALL)
    of_device: dict[int, list[Change]] = defaultdict(list)
    for at, kind, new, device_id in found.rows:
        of_device[device_id].append((at, kind, new))
    before = _held_at(found.since, Backup.objects.all())
    lanes = [
        Lane(
            name=str(device),
            since=found.since,
            url=f"?device={device.pk}",
            stretches=tuple(_worst(of_device[device.pk], before[device.pk], found.since, span)),
        )
        for device in Device.objects.exclude(lifecycle="retired").only("name", "device_id")
    ]
    return [_problems(Q(), span), failed_runs(span), people_of_all(span), *lanes]


def _worst(
    changes: list[Change], before: dict[str, str], since: datetime, span: TimeSpan
) -> Iterator[Stretch]:
    return worst_stretches(
        changes, before=before, since=since, severity=WORDS, span=span, parts=PARTS
    )


def _of_type(kind: BackupType, found: Happened, before: dict[str, str], span: TimeSpan) -> Lane:
    mine = [(at, new) for at, backup_type, new in found.rows if backup_type == kind]
    whole = TimeSpan(start=found.since, end=span.end)
    held = stretches(mine, before=before.get(kind.value, ""), span=whole)
    return Lane(name=TYPE_NAMES[kind], since=found.since, stretches=tuple(held))


def _held_at(moment: datetime, backups: QuerySet[Backup]) -> dict[int, dict[str, str]]:
    """device -> type -> its verdict at that moment."""
    earlier = VerdictChange.objects.filter(
        device=OuterRef("device"), backup_type=OuterRef("backup_type"), at__lte=moment
    )
    held = Subquery(earlier.order_by("-at", "-pk").values("new")[:1])
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = backups.annotate(held=held).values_list("device_id", "backup_type", "held")
    for device_id, kind, verdict in rows:
        if verdict:
            found[device_id][kind] = verdict
    return found


def _problems(whose: Q, span: TimeSpan) -> Lane:
    """Those that were open at any moment of the span: of each cause one at most is not over."""
    opened = Incident.objects.filter(whose, opened_at__isnull=False, opened_at__lte=span.end)
    opened = opened.select_related("device")
    over = newest(opened, "closed_at", TimeSpan(start=span.start, end=NEVER))
    held = sorted([*opened.filter(closed_at=None), *over.rows], key=attrgetter("opened_at"))
    stretches = tuple(_problem(one, span) for one in held)
    return Lane(name="Problems", since=over.since, stretches=stretches)


def _problem(one: Incident, span: TimeSpan) -> Stretch:
    ends = one.closed_at if one.state == IncidentState.CLOSED else None
    return Stretch(
        begins=one.opened_at or span.start,
        ends=ends or span.end,
        what=f"severity-{one.severity}",
        words=f"{one}: {one.sentence}",
    )
