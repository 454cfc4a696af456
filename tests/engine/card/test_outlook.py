"""What a card told, and what is made of it: never a fine one of what was not told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.card.outlook import (
    FURTHEST,
    LEAST_SPAN,
    OLD,
    Backlog,
    CardLook,
    Level,
    concerns,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
GIB = 2**30
WELL = CardLook(
    read_at=NOW,
    size_bytes=100 * GIB,
    free_bytes=50 * GIB,
    read_only=False,
    errors=0,
    kernel_errors=0,
    too_weak=False,
)


def filling(a_day, *, days=2, free=50):
    base = int((free + a_day * days) * GIB)
    return replace(WELL, free_bytes=free * GIB, base_at=NOW - days * DAY, base_free_bytes=base)


def labels(look, **others):
    return [concern.label for concern in concerns(look, now=NOW, **others)]


def test_a_card_that_told_all_and_is_well_is_no_concern():
    assert concerns(WELL, now=NOW) == ()


@pytest.mark.parametrize(
    ("told", "level", "says"),
    [
        ({"read_only": True}, Level.BAD, "mounted read-only"),
        ({"errors": 1}, Level.BAD, "its file system has counted 1 error"),
        (
            {"errors": 1200, "errors_since": NOW - DAY},
            Level.BAD,
            "1,200 errors since 2026-11-21 12:00 UTC",
        ),
        ({"kernel_errors": 3}, Level.BAD, "log has 3 errors of it"),
        ({"free_bytes": 0}, Level.BAD, "it is full: 0.0 B free"),
        ({"free_bytes": GIB}, Level.BAD, "it is full"),
        ({"free_bytes": 15 * GIB}, Level.WARN, "85 % full: from 85 % on the device deletes"),
        ({"life_time": "0x01 0x08"}, Level.WARN, "80 % of its life"),
        ({"life_time": "0x0b 0x01"}, Level.WARN, "100 % of its life"),
        ({"too_weak": True}, Level.WARN, "power supply"),
        ({"errors": None}, Level.UNTOLD, "does not tell: errors of its file system"),
        ({"read_only": None}, Level.UNTOLD, "whether it can be written"),
        ({"size_bytes": 0, "free_bytes": 0}, Level.UNTOLD, "how full it is"),
        ({"read_at": NOW - OLD}, Level.UNTOLD, "what is known of it is 2 days old"),
        ({"read_at": NOW + SECOND}, Level.UNTOLD, "a time that has not come yet"),
    ],
)
def test_each_concern_is_said_with_what_to_do(told, level, says):
    [concern] = concerns(replace(WELL, **told), now=NOW)
    assert concern.level is level
    assert says in concern.says
    assert concern.do


@pytest.mark.parametrize(
    "told",
    [
        {"free_bytes": 16 * GIB}, {"life_time": "0x07 0x01"}, {"life_time": "new"},
        {"read_at": NOW - OLD + SECOND}, {"kernel_errors": None}, {"too_weak": None},
    ],
)  # fmt: skip
def test_what_is_just_not_one(told):
    assert concerns(replace(WELL, **told), now=NOW) == ()


def test_a_card_that_was_never_listed_is_not_told():
    [concern] = concerns(None, now=NOW)
    assert (concern.level, concern.do) == (Level.UNTOLD, "let ethonode list the card")


def test_old_bad_news_is_bad_news_and_says_its_age():
    found = concerns(replace(WELL, errors=3, read_at=NOW - 9 * DAY), now=NOW)
    assert [concern.level for concern in found] == [Level.BAD, Level.UNTOLD]


def test_the_worst_comes_first():
    look = replace(WELL, too_weak=True, errors=None, read_only=True)
    levels = [concern.level for concern in concerns(look, now=NOW)]
    assert levels == [Level.BAD, Level.WARN, Level.UNTOLD]


@pytest.mark.parametrize(
    ("look", "days"),
    [
        pytest.param(filling(5), 10, id="fills by 5 a day"),
        pytest.param(filling(0), None, id="as full as it was"),
        pytest.param(filling(-5), None, id="was emptied"),
        pytest.param(filling(50 / (FURTHEST / DAY) * 0.99), None, id="not in years"),
        pytest.param(WELL, None, id="listed once"),
        pytest.param(
            replace(filling(5), base_at=NOW - LEAST_SPAN + SECOND), None, id="seen too shortly"
        ),
    ],
)
def test_a_card_is_full_at_the_rate_of_the_last_days(look, days):
    at = look.full_at
    assert (at and round((at - NOW) / DAY, 3)) == days


def test_a_card_that_is_full_within_a_week_is_said_so_with_its_date():
    assert labels(filling(7.2)) == ["full by 29 Nov"]
    assert labels(filling(7.1)) == []
    [concern] = concerns(filling(50), now=NOW)
    assert "full in 24 h" in concern.says


def test_a_date_that_has_passed_since_the_reading_is_no_time_to_come():
    late = replace(filling(50), read_at=NOW - 1.5 * DAY, base_at=NOW - 3.5 * DAY)
    assert late.full_at < NOW
    assert labels(late) == ["full by 22 Nov"]


def backlog(now, before, *, span=DAY):
    return Backlog(bytes=now, at=NOW, before_bytes=before, before_at=NOW - span)


@pytest.mark.parametrize(
    ("rest", "days"),
    [
        (backlog(10, 12), 5),
        (backlog(0, 12), 0),
        (backlog(12, 12), None),
        (backlog(14, 12), None),
        (backlog(None, 12), None),
        (backlog(10, None), None),
        (backlog(10, 12, span=LEAST_SPAN - SECOND), None),
        (backlog(10**9, 10**9 + 1), None),
        (Backlog(bytes=10, at=NOW), None),
    ],
)
def test_a_backlog_is_saved_at_the_rate_at_which_it_shrinks(rest, days):
    at = rest.drained_at
    assert (at and (at - NOW) / DAY) == days


def test_a_card_that_is_full_before_its_backlog_is_saved():
    assert labels(filling(5), backlog=backlog(110, 120)) == ["backlog"]
    assert labels(filling(5), backlog=backlog(10, 20)) == []
    assert labels(filling(5), backlog=backlog(110, 110)) == []
