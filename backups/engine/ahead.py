"""Times that have not come: a clock that was wrong wrote them, and nobody knows when."""

from collections.abc import Iterable
from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(minutes=5)  # what clocks of a lab may differ by


def is_ahead(at: datetime, *, now: datetime) -> bool:
    return at > now + CLOCK_SLACK


def in_time(at: datetime | None, *, now: datetime) -> datetime | None:
    """None also for a time that has not come."""
    return None if at is None or is_ahead(at, now=now) else at


def newest_reading(times: Iterable[datetime | None], *, now: datetime) -> datetime | None:
    """One that has not come yet only where there is no other."""
    known = [at for at in times if at]
    return max((at for at in known if in_time(at, now=now)), default=max(known, default=None))
