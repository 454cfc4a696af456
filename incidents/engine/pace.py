"""How often is watched, how often a channel is tried, and how much it is sent at most."""

from datetime import datetime, timedelta

WATCH = "watch for problems"  # the name of its lease
A_WATCH = timedelta(minutes=5)  # at most
WATCH_IS_LATE = timedelta(minutes=3)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=1)
FAILS_LONG = timedelta(hours=1)  # from then on the channel itself is a problem
SUMMED_UP_FROM = 6  # so many at once are one message
HOUR = timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """1, 2, 4 … minutes after the first, second, third attempt, and an hour at most."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10)))


def is_given_up(*, first_tried_at: datetime | None, now: datetime) -> bool:
    """A day after the first attempt: what was held back by quiet hours has its day, too."""
    return first_tried_at is not None and now - first_tried_at >= GIVEN_UP_AFTER


def is_flood(*, sent_lately: int, limit: int) -> bool:
    """Whether a channel has had as much as it may have in an hour: the rest is summed up."""
    return sent_lately >= limit


def reminder_number(*, told_at: datetime, every: timedelta | None, now: datetime) -> int:
    """Which reminder is due, counted from the telling; 0: none yet."""
    if not every or now < told_at:
        return 0
    return (now - told_at) // every
