"""How a card fares, and how long it will do, by what it told of itself. Pure rules.

What was not told is said to be so, and is never fine; an old reading says its age.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backups.engine.byte_sizes import human_size
from backups.engine.evidence import words
from backups.engine.grammar import counted

DAY = timedelta(days=1)
OLD = 2 * DAY  # a reading that says nothing of now
LEAST_SPAN = timedelta(hours=3)  # between two readings that give a rate
SOON = 7 * DAY
FURTHEST = 1000 * DAY  # beyond it no date is told
PURGES_AT = 85  # per cent: from here on the device deletes old videos by itself
FULL = 99
WORN = 8  # tenths of its life
RESCUE = "back up what it holds now, then replace the card"


class Level(StrEnum):
    """Worst first."""

    BAD = "bad"
    WARN = "warning"
    UNTOLD = "not told"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something about a card that a person should know, and what to do."""

    level: Level
    label: str  # in a word or two
    says: str
    do: str

    @property
    def ails(self) -> bool:
        """A person has to do something about it; that nothing was told is no such thing."""
        return self.level in {Level.BAD, Level.WARN}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLook:
    """What one listing told. Times are on our clock; None, or "": not told.

    `base_*` is the oldest reading of the same card within the week before.
    """

    read_at: datetime
    size_bytes: int
    free_bytes: int
    read_only: bool | None = None
    errors: int | None = None
    errors_since: datetime | None = None
    kernel_errors: int | None = None
    kernel_errors_since: datetime | None = None
    too_weak: bool | None = None  # its power supply, at any time since it started
    life_time: str = ""
    base_at: datetime | None = None
    base_free_bytes: int | None = None

    @property
    def used_percent(self) -> int | None:
        """Rounded down, so that only a full one is 100."""
        used = self.size_bytes - self.free_bytes
        return 100 * used // self.size_bytes if self.size_bytes else None

    @property
    def bytes_a_day(self) -> float | None:
        """How fast it filled in the last days; below 0: it was emptied. None: not known."""
        if self.base_at is None or self.base_free_bytes is None:
            return None
        span = self.read_at - self.base_at
        if span < LEAST_SPAN:
            return None
        return (self.base_free_bytes - self.free_bytes) / (span / DAY)

    @property
    def full_at(self) -> datetime | None:
        """When it will be full at that rate; None: not known, or not in years."""
        rate = self.bytes_a_day
        if rate is None or rate <= 0 or self.free_bytes > rate * (FURTHEST / DAY):
            return None
        return self.read_at + DAY * (self.free_bytes / rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is only on the card, now and a while ago. None: nobody told how much that is."""

    bytes: int | None
    at: datetime
    before_bytes: int | None = None
    before_at: datetime | None = None

    @property
    def drained_at(self) -> datetime | None:
        """When it will be saved, if it goes on to shrink as it did; None: not known, or never."""
        if self.bytes == 0:
            return self.at
        if self.bytes is None or self.before_bytes is None or self.before_at is None:
            return None
        shrunk, span = self.before_bytes - self.bytes, self.at - self.before_at
        if shrunk <= 0 or span < LEAST_SPAN:
            return None
        days = self.bytes / (shrunk / (span / DAY))
        return self.at + DAY * days if days <= FURTHEST / DAY else None


def concerns(
    look: CardLook | None, *, now: datetime, backlog: Backlog | None = None
) -> tuple[Concern, ...]:
    """Worst first. None at all: it told enough, lately, and nothing of it is bad."""
    if look is None:
        says = "the card was never listed: its errors and how full it is are not told"
        return (Concern(Level.UNTOLD, "not told", says, "let ethonode list the card"),)
    order = list(Level)
    found = (*_broken(look), *_filling(look, backlog, now=now), *_untold(look, now=now))
    return tuple(sorted(found, key=lambda concern: order.index(concern.level)))


def _broken(look: CardLook) -> Iterator[Concern]:
    if look.read_only:
        says = "it is mounted read-only: nothing can be recorded"
        yield Concern(Level.BAD, "read-only", says, RESCUE)
    if look.errors:
        says = f"its file system has counted {_errors(look.errors, look.errors_since)}"
        yield Concern(Level.BAD, "errors", says, RESCUE)
    if look.kernel_errors:
        errors = _errors(look.kernel_errors, look.kernel_errors_since)
        says = f"the kernel's log has {errors} of it"
        yield Concern(Level.BAD, "errors", says, RESCUE)
    if (tenths := _tenths(look.life_time)) and tenths >= WORN:
        says = f"{min(tenths, 10)}0 % of its life is used up"
        yield Concern(Level.WARN, "worn", says, "replace the card before the next experiment")
    if look.too_weak:
        says = "the power supply was too weak since the device started: that ruins cards"
        yield Concern(Level.WARN, "weak power", says, "give the device a better power supply")


def _filling(look: CardLook, backlog: Backlog | None, *, now: datetime) -> Iterator[Concern]:
    used, full_at = look.used_percent, look.full_at
    if used is not None and used >= FULL:
        says = f"it is full: {human_size(look.free_bytes)} free"
        yield Concern(Level.BAD, "full", says, "back up what it holds, then make room on it")
        return
    drained_at = backlog.drained_at if backlog else None
    if full_at and full_at - now <= SOON:
        says = f"it is full in {words(max(full_at - now, timedelta(0)))}, if it fills on as it did"
        yield Concern(Level.WARN, f"full by {full_at:%d %b}", says, "back up what it holds in time")
    elif used is not None and used >= PURGES_AT:
        says = f"it is {used} % full: from {PURGES_AT} % on the device deletes old videos by itself"
        yield Concern(Level.WARN, f"{used} % full", says, "back up what it holds")
    if full_at and drained_at and full_at < drained_at:
        says = f"it is full before its backlog is saved, which is about {drained_at:%Y-%m-%d}"
        yield Concern(Level.WARN, "backlog", says, "back it up more often, or first")


def _untold(look: CardLook, *, now: datetime) -> Iterator[Concern]:
    again = "let ethonode list the card again"
    if look.read_at > now:
        says = "it was last listed at a time that has not come yet"
        yield Concern(Level.UNTOLD, "not told", says, again)
    elif now - look.read_at >= OLD:
        says = f"what is known of it is {words(now - look.read_at)} old"
        yield Concern(Level.UNTOLD, "told long ago", says, again)
    missing = [
        name
        for name, value in (
            ("errors of its file system", look.errors),
            ("whether it can be written", look.read_only),
            ("how full it is", look.used_percent),
        )
        if value is None
    ]
    if missing:
        says = f"the device does not tell: {', '.join(missing)}"
        yield Concern(Level.UNTOLD, "not told", says, "look at the device itself")


def _errors(count: int, since: datetime | None) -> str:
    first = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    return counted(count, "error") + first


def _tenths(life_time: str) -> int:
    """The worse of two kinds of cells: "0x03 0x02"."""
    try:
        return max((int(word, 16) for word in life_time.split()), default=0)
    except ValueError:
        return 0
