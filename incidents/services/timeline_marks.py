"""What a timeline is marked with: backups, the device, people; each lane the newest of its kind.

A lane that is not whole says from when on it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet

from backups.models import BackupPlan, CardChange, Policy, Run, RunState
from devices.models import Device, Experiment
from incidents.engine.strips import Stretch, TimeSpan
from incidents.models import IncidentAct

MOST = 1000  # of each kind, the newest
NAME = ("device__name", "device__device_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """`since`: from when on it is whole. `url`: where its name leads. `marks`: moments."""

    name: str
    since: datetime
    stretches: tuple[Stretch, ...] = ()
    marks: tuple[Stretch, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened in a span, in its order, and from when on that is all of it."""

    rows: list[Any]
    since: datetime


def newest(
    rows: QuerySet, field: str, span: TimeSpan, *, when: Any = None, most: int = MOST
) -> Happened:
    """Later than the span's beginning; where that is too much, later than the oldest of these."""
    inside = rows.filter(**{f"{field}__gt": span.start, f"{field}__lte": span.end})
    found = list(inside.order_by(f"-{field}", "-pk")[:most])
    since, at = span.start, when or attrgetter(field)
    if len(found) == most:
        since = at(found[-1])
        found = [row for row in found if at(row) > since]
    return Happened(found[::-1], since)


def _marks(
    found: Happened, field: str, words: Callable[[Any], str], what: str = "person"
) -> list[Stretch]:
    moments = [(getattr(row, field), row) for row in found.rows]
    return [
        Stretch(begins=at, ends=at, what=what.format(row), words=words(row)) for at, row in moments
    ]


def _in_order(name: str, found: Iterable[Happened], marks: list[Stretch]) -> Lane:
    since = max(one.since for one in found)
    whole = [mark for mark in sorted(marks, key=attrgetter("begins")) if mark.begins > since]
    return Lane(name=name, since=since, marks=tuple(whole))


def runs_here(device: Device, span: TimeSpan) -> Lane:
    runs = Run.objects.filter(device=device).only("kind", "state", "error", "queued_at")
    found = newest(runs, "queued_at", span)
    return _in_order("Backups here", [found], _marks(found, "queued_at", _run, "run-{0.state}"))


def failed_runs(span: TimeSpan) -> Lane:
    """By when they were due: the index that finds those of one state begins so."""
    failed = Run.objects.filter(state=RunState.FAILED).select_related("device")
    found = newest(failed.only("kind", "state", "error", "not_before", *NAME), "not_before", span)
    words = _marks(found, "not_before", lambda run: f"{run.device}: {_run(run)}", "run-failed")
    return _in_order("Backups that failed", [found], words)


def _run(run: Run) -> str:
    return f"{run.get_kind_display()}: {run.state} {run.error}".strip()


def of_the_device(device: Device, span: TimeSpan) -> Lane:
    experiments = Experiment.objects.filter(device=device)
    changes = CardChange.objects.filter(device=device).only("listed_at")
    came = newest(experiments.only("filename", "first_seen_at"), "first_seen_at", span)
    went = newest(experiments.only("filename", "gone_at", "gone_reason"), "gone_at", span)
    cards = newest(changes, "listed_at", span)
    marks = _marks(came, "first_seen_at", lambda one: f"experiment {one} was first seen", "came")
    marks += _marks(went, "gone_at", lambda one: f"experiment {one}: {_gone(one)}", "went")
    marks += _marks(cards, "listed_at", lambda _: "its card was listed, and had changed", "card")
    return _in_order("The device", [came, went, cards], marks)


def _gone(one: Experiment) -> str:
    return one.gone_reason or "gone"


def people(device: Device, span: TimeSpan) -> Lane:
    acts = _acts(Q(incident__device=device), span)
    changes = _changes_of(device.history, span)
    marks = _marks(acts, "at", _act) + _marks(changes, "history_date", _set_to)
    return _in_order("People", [acts, changes], marks)


def people_of_all(span: TimeSpan) -> Lane:
    acts = _acts(Q(), span)
    histories = [_changes_of(model.history, span) for model in (Device, Policy, BackupPlan)]
    marks = _marks(acts, "at", lambda act: f"{_act(act)} ({act.incident})")
    for changes in histories:
        marks += _marks(changes, "history_date", _changed)
    return _in_order("People", [acts, *histories], marks)


def _acts(whose: Q, span: TimeSpan) -> Happened:
    acts = IncidentAct.objects.filter(whose, by__isnull=False)
    return newest(acts.select_related("by", "incident__device"), "at", span)


def _changes_of(history: Any, span: TimeSpan) -> Happened:
    """What a person changed: a device that is first seen is made by nobody."""
    rows = history.filter(history_user__isnull=False).select_related("history_user", "group")
    return newest(rows, "history_date", span)


def _act(act: IncidentAct) -> str:
    return f"{act.by} {act.what} a problem: {act.text}".rstrip(": ")


def _set_to(row: Any) -> str:
    return f"{row.history_user} changed it: {row.lifecycle}, group {row.group or 'none'}{_why(row)}"


def _changed(row: Any) -> str:
    verb = {"+": "made", "~": "changed", "-": "deleted"}[row.history_type]
    name = getattr(row, "name", "") or f"of {row.group or 'all devices'}"
    return f"{row.history_user} {verb} {row.instance_type._meta.verbose_name} {name}{_why(row)}"


def _why(row: Any) -> str:
    return f": {row.history_change_reason}" if row.history_change_reason else ""
