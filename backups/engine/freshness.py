"""Whether something happened lately, by our clock. A time that lies ahead is never fresh."""

from datetime import datetime, timedelta

JITTER = timedelta(seconds=5)  # what the clocks of two hosts that keep time may differ by


def is_fresh(at: datetime | None, *, within: timedelta, now: datetime) -> bool:
    return at is not None and -JITTER <= now - at < within


def not_after(now: datetime) -> datetime:
    """The latest time that can have been: what is later was written by another clock."""
    return now + JITTER
