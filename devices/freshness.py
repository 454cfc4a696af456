"""Whether something happened lately, by our clock. A time that lies ahead is never fresh."""

from datetime import datetime, timedelta

AVAILABLE = "available"
NEW_FOR = timedelta(days=3)
FOUNDING = timedelta(days=1)  # those that the first look finds are not new among others
JITTER = timedelta(seconds=5)  # what the clocks of two hosts that keep time may differ by


def is_fresh(at: datetime | None, *, within: timedelta, now: datetime) -> bool:
    return at is not None and -JITTER <= now - at < within


def is_new(first_seen_at: datetime, *, founded_at: datetime, now: datetime) -> bool:
    """Of a device that came lately to a fleet that was there already, since `founded_at`."""
    came_later = first_seen_at - founded_at >= FOUNDING
    return came_later and is_fresh(first_seen_at, within=NEW_FOR, now=now)


def not_after(now: datetime) -> datetime:
    """The latest time that can have been: what is later was written by another clock."""
    return now + JITTER


def availability(
    asked_at: datetime | None, *, answered: bool, within: timedelta, now: datetime
) -> str:
    """What is known of whom we ask: an answer is worth nothing when it is old."""
    if asked_at is None:
        return "not asked yet"
    if not is_fresh(asked_at, within=within, now=now):
        return "not asked lately"
    return AVAILABLE if answered else "no answer"
