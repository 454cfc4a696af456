"""When an incident opens, comes back and ends, by a clock that the tests move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.engine.causes import CAUSES, CauseKind
from incidents.engine.course import AFTER_ROOT, JOINS_WITHIN, State, advance, is_new
from incidents.engine.symptoms import Symptom

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def symptom(kind=CauseKind.UNKNOWN, since=None):
    return Symptom(kind=kind, subject="1", sentence="", since=since)


def run(steps, kind=CauseKind.UNKNOWN):
    """Let one course go through what is seen each minute: "." nothing, "x" it, "h" it, hidden."""
    course, states = None, ""
    for number, step in enumerate(steps):
        now = START + number * MINUTE
        seen = None if step == "." else symptom(kind)
        course = advance(course, seen, hidden=step == "h", now=now)
        states += "-" if course is None else course.state.value[0]
    return course, states


@pytest.mark.parametrize("kind", CauseKind)
def test_it_opens_when_its_dwell_is_over_and_not_before(kind):
    minutes = CAUSES[kind].dwell // MINUTE
    _, states = run("x" * (minutes + 1), kind)
    assert states == "p" * minutes + "o"


def test_the_dwell_counts_from_when_a_watch_saw_it():
    """What a first look finds may be over with the next, however long it held before."""
    before = START - timedelta(hours=9)
    course = advance(None, symptom(since=before), hidden=False, now=START)
    assert (course.state, course.first_seen_at) == (State.PENDING, before)


def test_what_is_gone_is_over_at_once_and_told_once():
    _, states = run("x.x", CauseKind.CORRUPT)
    assert states == "oco"


def test_what_came_back_is_over_only_after_an_hour_without_it():
    course, states = run("x.x" + "." * 59, CauseKind.CORRUPT)
    assert states == "oco" + "o" * 59
    course, states = run("x.x" + "." * 61, CauseKind.CORRUPT)
    assert states.endswith("oc")
    assert course.reopened == 1


def test_after_an_hour_it_is_another_incident():
    course, _ = run("x.", CauseKind.CORRUPT)
    assert not is_new(course, hidden=False, now=course.closed_at + JOINS_WITHIN - MINUTE)
    assert is_new(course, hidden=False, now=course.closed_at + JOINS_WITHIN)


def test_one_that_comes_and_goes_under_its_dwell_opens_in_the_end():
    _, states = run(("x" * 10 + "." * 10) * 3)
    assert "o" in states


def test_a_follower_opens_only_when_its_root_is_long_gone():
    grace = max(AFTER_ROOT, CAUSES[CauseKind.STALE].dwell) // MINUTE
    _, states = run("h" * 100 + "x" * (grace + 1), CauseKind.STALE)
    assert states == "p" * (100 + grace) + "o"


def test_a_follower_that_goes_with_its_root_never_opens():
    _, states = run("h" * 100 + "x" * 5 + "." * 70, CauseKind.STALE)
    assert set(states) == {"p", "-"}


def test_an_open_one_stays_open_while_a_root_hides_it():
    _, states = run("x" + "h" * 50 + "x", CauseKind.CORRUPT)
    assert set(states) == {"o"}


@pytest.mark.parametrize(
    "name", ["first_seen_at", "noticed_at", "gone_at", "closed_at", "freed_at"]
)
def test_a_time_that_lies_ahead_holds_nothing_up(name):
    """The clock was set back by a year."""
    course, _ = run("x.", CauseKind.CORRUPT)
    ahead = replace(course, **{name: START + timedelta(days=365)})
    now = START
    for _ in range(200):
        ahead = advance(ahead, None, hidden=False, now=now)
        now += MINUTE
    assert ahead.state is State.CLOSED
    assert is_new(ahead, hidden=False, now=now)


@given(st.text(alphabet=".xh", max_size=300), st.sampled_from(list(CauseKind)))
def test_between_two_ends_there_is_a_beginning(steps, kind):
    _, states = run(steps, kind)
    changes = "".join(a for a, b in zip(states, " " + states, strict=False) if a != b and a in "oc")
    assert "cc" not in changes
    assert "oo" not in changes
    assert not changes or changes[0] == "o"


@given(st.text(alphabet=".x", max_size=600))
def test_however_it_flaps_few_are_told(steps):
    """An hour of flapping is at most three tellings."""
    _, states = run(steps, CauseKind.CORRUPT)
    changes = sum(a != b for a, b in zip(states, "-" + states, strict=False))
    assert changes <= 3 + len(steps) // 60 * 2
