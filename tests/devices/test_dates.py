"""Dates as people type them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.dates import Period, span_of, split_date

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 19, 40, tzinfo=BERLIN)  # a Thursday


def day(number, month=11, year=2026):
    begins = datetime(year, month, number, tzinfo=BERLIN)
    return Period(begins, begins + timedelta(days=1))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("2026-11-05", day(5)),
        ("yesterday", day(25)),
        (" Today ", day(26)),
        ("last Tuesday", day(24)),
        ("tue", day(24)),
        ("3 days ago", day(23)),
        ("3d", day(23)),
        ("20 Nov", day(20)),
        ("Nov 5 2025", day(5, year=2025)),
        ("5.11.2026", day(5)),
    ],
)
def test_a_day_is_the_whole_day_in_the_zone_of_who_asks(words, meant):
    assert span_of(words, now=NOW) == meant


@pytest.mark.parametrize(
    ("words", "begins", "lasts"),
    [
        ("last week", datetime(2026, 11, 16, tzinfo=BERLIN), timedelta(days=7)),
        ("november", datetime(2026, 11, 1, tzinfo=BERLIN), timedelta(days=30)),
        ("2 h ago", datetime(2026, 11, 26, 17, 40, tzinfo=BERLIN), timedelta(minutes=1)),
        ("2026-11-20 14:30", datetime(2026, 11, 20, 14, 30, tzinfo=BERLIN), timedelta(minutes=1)),
        ("last night", datetime(2026, 11, 25, 18, tzinfo=BERLIN), timedelta(hours=16)),
    ],
)
def test_what_is_no_day_is_as_long_as_its_words(words, begins, lasts):
    found = span_of(words, now=NOW)
    assert (found.start, found.end) == (begins, begins + lasts)


@pytest.mark.parametrize(
    "words", ["", "jdoe", "1", "2026", "11/05/2026", "2026-13-40", "ETHOSCOPE_019", "x" * 99]
)
def test_what_is_no_date_or_two_is_none(words):
    assert span_of(words, now=NOW) is None


@pytest.mark.parametrize(
    ("search", "words", "meant"),
    [
        ("jdoe last Tuesday", "jdoe", day(24)),
        ("2026-11-20 jdoe", "jdoe", day(20)),
        ("yesterday", "", day(25)),
        ("May", "May", None),
        ("June Smith", "June Smith", None),
        ("pilot 3", "pilot 3", None),
        ("ETHOSCOPE_019", "ETHOSCOPE_019", None),
    ],
)
def test_a_search_may_begin_or_end_with_a_date_and_names_stay_names(search, words, meant):
    assert split_date(search, now=NOW) == (words, meant)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_span_or_none(words):
    found = span_of(words, now=NOW)
    assert found is None or found.start < found.end
