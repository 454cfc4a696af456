"""Hold what is wrong now against the incidents that are known: open, go on, come back, end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from devices.models import Device, Lifecycle
from incidents.engine.causes import RANK, Severity
from incidents.engine.course import JOINS_WITHIN, Course, State, advance, is_new
from incidents.engine.symptoms import Symptom, roots_of
from incidents.models import Incident, IncidentAct

BATCH = 200  # rows a transaction: nobody waits long for the only write lock


@dataclass(slots=True, kw_only=True)
class _Settled:
    """What is to be written."""

    new: list[Incident] = field(default_factory=list)
    changed: list[tuple[Incident, dict[str, Any]]] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    acts: list[tuple[Incident, str]] = field(default_factory=list)


def settle(symptoms: list[Symptom], *, now: datetime) -> tuple[int, int]:
    """Returns how many opened, and how many ended."""
    known = _known(now)
    seen = {symptom.key: symptom for symptom in symptoms}
    roots = roots_of(seen.values())
    settled = _Settled()
    for key in sorted(seen.keys() | known.keys(), key=lambda key: (key in roots, key)):
        _settle_one(settled, known.get(key), seen.get(key), hidden=key in roots, now=now)
    _explain_ends(settled)
    _write(settled, now=now)
    _follow(roots)
    counts = [what for _, what in settled.acts]
    return counts.count("opened") + counts.count("came back"), counts.count("over")


def _known(now: datetime) -> dict[str, Incident]:
    """Of each key the living one, else the one that was closed last, if it is not long ago."""
    joinable = Q(state=State.CLOSED.value, closed_at__gt=now - JOINS_WITHIN)
    rows = Incident.objects.filter(~Q(state=State.CLOSED.value) | joinable)
    in_order = sorted(rows, key=lambda row: (row.state != State.CLOSED.value, row.pk))
    return {row.key: row for row in in_order}


def _course(row: Incident | None) -> Course | None:
    if row is None:
        return None
    return Course(
        state=State(row.state),
        first_seen_at=row.first_seen_at,
        noticed_at=row.noticed_at or row.first_seen_at,
        opened_at=row.opened_at,
        gone_at=row.gone_at,
        closed_at=row.closed_at,
        reopened=row.reopened,
        hidden=row.root_id is not None,
        freed_at=row.freed_at,
    )


def _settle_one(
    settled: _Settled, row: Incident | None, symptom: Symptom | None, *, hidden: bool, now: datetime
) -> None:
    before = _course(row)
    if symptom is not None and is_new(before, hidden=hidden, now=now):
        row, before = None, None
    after = advance(before, symptom, hidden=hidden, now=now)
    if after is None:
        if row is not None:
            settled.forgotten.append(row.pk)
        return
    if row is None:
        if symptom is not None:
            _begin(settled, symptom, after)
        return
    _go_on(settled, row, symptom, before, after)


def _begin(settled: _Settled, symptom: Symptom, course: Course) -> None:
    row = Incident(key=symptom.key, **_told_of(symptom), **_times(course))
    settled.new.append(row)
    if course.state is State.OPEN:
        settled.acts.append((row, "opened"))


def _go_on(
    settled: _Settled, row: Incident, symptom: Symptom | None, before: Course | None, after: Course
) -> None:
    values = _times(after)
    if symptom is not None and not after.hidden:
        values |= _told_of(symptom)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    what = _what_happened(row, before, after, changed)
    if what == "came back":
        changed |= {"told_severity": "", "end_told": False, "close_reason": ""}
    if changed:
        settled.changed.append((row, changed))
    if what:
        settled.acts.append((row, what))


def _what_happened(
    row: Incident, before: Course | None, after: Course, changed: Mapping[str, Any]
) -> str:
    old = before.state if before else None
    if old is not after.state:
        names = {State.CLOSED: "over", State.OPEN: "opened", State.PENDING: ""}
        return "came back" if old is State.CLOSED else names[after.state]
    if after.state is State.OPEN and "severity" in changed:
        worse = RANK[changed["severity"]] < RANK[Severity(row.severity)]
        return "got worse" if worse else "got better"
    return ""


def _told_of(symptom: Symptom) -> dict[str, Any]:
    return {
        "kind": symptom.kind.value,
        "severity": symptom.is_as_bad_as,
        "device_id": symptom.device,
        "backup_type": symptom.backup_type,
        "subject": symptom.subject[:100],
        "sentence": symptom.sentence[:500],
        "at_risk": symptom.at_risk,
        "clears": symptom.clears[:300],
        "evidence": list(symptom.evidence),
    }


def _times(course: Course) -> dict[str, Any]:
    return {
        "state": course.state.value,
        "first_seen_at": course.first_seen_at,
        "noticed_at": course.noticed_at,
        "opened_at": course.opened_at,
        "gone_at": course.gone_at,
        "closed_at": course.closed_at,
        "reopened": course.reopened,
        "freed_at": course.freed_at,
    }


def _explain_ends(settled: _Settled) -> None:
    """Of a device that a person switched off its incidents end for that reason, and no other."""
    silent = Device.objects.exclude(lifecycle=Lifecycle.ACTIVE)
    names = dict(silent.values_list("pk", "lifecycle"))
    for row, changed in settled.changed:
        if changed.get("state") == State.CLOSED.value and row.device_id in names:
            changed["close_reason"] = f"the device was {names[row.device_id]} by a person"


def _write(settled: _Settled, *, now: datetime) -> None:
    for start in range(0, len(settled.new), BATCH):
        Incident.objects.bulk_create(settled.new[start : start + BATCH], ignore_conflicts=True)
    for start in range(0, len(settled.changed), BATCH):
        with transaction.atomic():
            for row, changed in settled.changed[start : start + BATCH]:
                _change(row, changed)
    Incident.objects.filter(pk__in=settled.forgotten, state=State.PENDING.value).delete()
    _write_acts(settled.acts, now)


def _change(row: Incident, changed: dict[str, Any]) -> None:
    """Only as we read it: whoever was quicker has written it already."""
    mine = Incident.objects.filter(pk=row.pk, version=row.version)
    mine.update(**changed, version=row.version + 1)


def _write_acts(acts: Iterable[tuple[Incident, str]], now: datetime) -> None:
    some = list(acts)
    lacking = [row.key for row, _ in some if row.pk is None]
    keys = dict(
        Incident.objects.exclude(state=State.CLOSED.value)
        .filter(key__in=lacking)
        .values_list("key", "pk")
    )
    IncidentAct.objects.bulk_create(
        [
            IncidentAct(incident_id=row.pk or keys[row.key], at=now, what=what)
            for row, what in some
            if row.pk or row.key in keys
        ],
        batch_size=BATCH,
    )


def _follow(roots: Mapping[str, str]) -> None:
    """Say of each which root it follows from, now that all have rows."""
    living = Incident.objects.exclude(state=State.CLOSED.value)
    rows = {row.key: row for row in living.only("key", "root_id")}
    by_root: dict[int | None, list[int]] = {}
    for key, row in rows.items():
        root = rows.get(roots[key]) if key in roots else None
        if row.root_id != (root.pk if root else None):
            by_root.setdefault(root.pk if root else None, []).append(row.pk)
    for root_pk, followers in by_root.items():
        for start in range(0, len(followers), BATCH):
            Incident.objects.filter(pk__in=followers[start : start + BATCH]).update(root=root_pk)
