"""The course of one incident: when it opens, goes on, comes back and ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.engine.causes import CAUSES, HIDEABLE
from incidents.engine.symptoms import Symptom

JOINS_WITHIN = timedelta(hours=1)  # what comes back sooner continues the old incident
AFTER_ROOT = timedelta(minutes=10)  # two cycles, in which what followed from a root may go with it


class State(StrEnum):
    PENDING = "pending"  # seen, and not for long enough, or following from another
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where one incident stands. `first_seen_at`: since when it holds, by what it rests on;
    `noticed_at`: when a watch first saw it; `gone_at`: since when none does any more.

    `hidden`: it follows from a root. `freed_at`: when it last ceased to.
    """

    state: State
    first_seen_at: datetime
    noticed_at: datetime
    opened_at: datetime | None = None
    gone_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    hidden: bool = False
    freed_at: datetime | None = None


def advance(
    course: Course | None, symptom: Symptom | None, *, hidden: bool, now: datetime
) -> Course | None:
    """How it goes on. None: there is nothing to remember."""
    if course is not None:
        course = _not_ahead(course, now)
    if symptom is None:
        return _not_seen(course, now)
    if course is None or _is_over(course, hidden=hidden, now=now):
        course = Course(
            state=State.PENDING, first_seen_at=min(symptom.since or now, now), noticed_at=now
        )
    return _seen(course, symptom, hidden=hidden, now=now)


def is_new(course: Course | None, *, hidden: bool, now: datetime) -> bool:
    """Whether what is seen now begins another incident than this one."""
    return course is None or _is_over(_not_ahead(course, now), hidden=hidden, now=now)


def _is_over(course: Course, *, hidden: bool, now: datetime) -> bool:
    """What follows from a root brings no old incident back: it waits for the end of the root."""
    if course.state is not State.CLOSED or course.closed_at is None:
        return False
    return hidden or now - course.closed_at >= JOINS_WITHIN


def _seen(course: Course, symptom: Symptom, *, hidden: bool, now: datetime) -> Course:
    if course.state is State.CLOSED:
        return _back(course)
    freed_at = now if course.hidden and not hidden else course.freed_at
    course = replace(course, gone_at=None, hidden=hidden, freed_at=freed_at)
    if course.state is State.PENDING and _waited(course, symptom, now):
        return replace(course, state=State.OPEN, opened_at=now)
    return course


def _back(course: Course) -> Course:
    back = course.reopened + 1
    return replace(course, state=State.OPEN, closed_at=None, gone_at=None, reopened=back)


def _waited(course: Course, symptom: Symptom, now: datetime) -> bool:
    dwell = CAUSES[symptom.kind].dwell
    if course.hidden or now - course.noticed_at < dwell:
        return False
    if course.freed_at is None or symptom.kind not in HIDEABLE:
        return True
    return now - course.freed_at >= max(dwell, AFTER_ROOT)


def _not_seen(course: Course | None, now: datetime) -> Course | None:
    if course is None or course.state is State.CLOSED:
        return course
    gone_at = course.gone_at or now
    gone_for = now - gone_at
    course = replace(course, gone_at=gone_at)
    if course.state is State.PENDING:  # one that comes and goes is remembered, and opens in the end
        return course if gone_for < JOINS_WITHIN else None
    # What came back before is believed to be over only after an hour without it.
    if course.reopened and gone_for < JOINS_WITHIN:
        return course
    return replace(course, state=State.CLOSED, closed_at=now)


def _not_ahead(course: Course, now: datetime) -> Course:
    """Times that lie ahead were written by a clock that has been set back since."""
    times = {
        name: min(at, now)
        for name in ("first_seen_at", "noticed_at", "gone_at", "closed_at", "freed_at")
        if (at := getattr(course, name))
    }
    return replace(course, **times)
