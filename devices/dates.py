"""Dates as people type them: 2026-11-20, “20 Nov”, “yesterday”, “last Tuesday”, “3 days ago”."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dateparser.date import DateDataParser

LONGEST = 40
NIGHT_BEGINS, NIGHT_ENDS = time(18), time(10)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")
_WORDS = re.compile(  # a bare number is no date, and 11/12 is two
    r"[a-z]{2}|\d ?[dhmw]\b|^\d{1,2}\.\d{1,2}\.\d{4}\b", re.IGNORECASE
)
_MEANT = re.compile(r"\d|\b(today|yesterday)\b|^last ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment up to, and without, another one."""

    start: datetime
    end: datetime


def span_of(text: str, *, now: datetime) -> Period | None:
    """What is meant by these words, in the zone of `now`; None: they are no date."""
    words = " ".join(text.split())
    if not words or len(words) > LONGEST:
        return None
    if words.casefold() == "last night":
        return last_night(now)
    try:
        return _iso(words, now) if _ISO.fullmatch(words) else _spoken(words, now)
    except (ValueError, OverflowError):
        return None


def last_night(now: datetime) -> Period:
    """The evening before until this morning; as far as it has come, in the morning itself."""
    ends = datetime.combine(now.date(), NIGHT_ENDS, now.tzinfo)
    begins = datetime.combine(now.date() - timedelta(days=1), NIGHT_BEGINS, now.tzinfo)
    return Period(begins, max(ends, begins))


def split_date(text: str, *, now: datetime) -> tuple[str, Period | None]:
    """What is searched, and the date at its beginning or end: “jdoe last Tuesday”.

    Only what can hardly be a name: a person may be called May.
    """
    words = text.split()
    for length in range(len(words), 0, -1):
        for date, rest in (
            (words[-length:], words[:-length]),
            (words[:length], words[length:]),
        ):
            said = " ".join(date)
            if _MEANT.search(said) and (span := span_of(said, now=now)):
                return " ".join(rest), span
    return text, None


def _iso(words: str, now: datetime) -> Period:
    begins = datetime.fromisoformat(words).replace(tzinfo=now.tzinfo)
    if len(words) > len("2026-11-20"):
        return Period(begins, begins + timedelta(minutes=1))
    return Period(begins, _midnight(begins + timedelta(days=1)))


def _spoken(words: str, now: datetime) -> Period | None:
    if not _WORDS.search(words):
        return None
    settings = {
        "RELATIVE_BASE": now.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "DATE_ORDER": "DMY",
        "RETURN_TIME_AS_PERIOD": True,
    }
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    if found.date_obj is None:
        return None
    return _span(found.date_obj.replace(tzinfo=now.tzinfo), found.period)


def _span(moment: datetime, period: str) -> Period:
    if period in ("time", "part_of_day"):
        return Period(moment, moment + timedelta(minutes=1))
    day = _midnight(moment)
    if period == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, _midnight(monday + timedelta(days=7)))
    if period == "month":
        first = day.replace(day=1)
        return Period(first, _midnight(first + timedelta(days=31)).replace(day=1))
    if period == "year":
        first = day.replace(month=1, day=1)
        return Period(first, first.replace(year=first.year + 1))
    return Period(day, _midnight(day + timedelta(days=1)))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
