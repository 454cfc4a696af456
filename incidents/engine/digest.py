"""The digest: when one is due, and what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from backups.engine.grammar import counted
from incidents.engine.messages import Message, plain

LISTED = 10
DAY = timedelta(days=1)
FURTHEST = 1000  # days, beyond which no date is told
SAFE = {"protected", "none"}
NEUTRAL = {"waiting"}


def last_due(now: datetime, *, at: time, weekday: int | None, zone: ZoneInfo) -> datetime:
    """The newest moment that has come at which one was due, by the clock on the person's wall."""
    local = now.astimezone(zone)
    for back in range(9):
        day = local.date() - timedelta(days=back)
        due = datetime.combine(day, at, tzinfo=zone)
        if due <= now and weekday in {None, day.weekday()}:
            return due
    raise AssertionError("each weekday comes within nine days")


def full_on(free_bytes: int, *, bytes_a_day: float, now: datetime) -> datetime | None:
    """When a disk is full that fills on as it did; None: not in years, or it does not fill."""
    if bytes_a_day <= 0 or free_bytes > bytes_a_day * FURTHEST:
        return None
    return now + DAY * (free_bytes / bytes_a_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """What one is made of; lists are whole, and cut when they are said. `zone`: of the person."""

    since: datetime
    zone: ZoneInfo
    verdicts: Mapping[str, int]  # of active devices
    at_risk: str
    open: tuple[str, ...]
    began: int
    ended: tuple[str, ...]
    new_devices: tuple[str, ...]
    disks: tuple[str, ...]
    cards: tuple[str, ...]
    oldest_proof: str
    link: str

    @property
    def devices(self) -> int:
        return sum(self.verdicts.values())

    @property
    def safe(self) -> int:
        return sum(count for verdict, count in self.verdicts.items() if verdict in SAFE)

    @property
    def is_quiet(self) -> bool:
        """Everything is safe, and nothing happened."""
        waits = sum(self.verdicts.get(verdict, 0) for verdict in NEUTRAL)
        happened = self.open or self.began or self.ended or self.new_devices or self.cards
        return not happened and self.safe + waits == self.devices


def digest(facts: DigestFacts) -> Message:
    if facts.is_quiet:
        return Message(title=f"All {facts.devices} devices are safe", body=_quiet(facts))
    problems = counted(len(facts.open), "open problem")
    title = f"{facts.safe} of {facts.devices} devices are safe, {problems}"
    return Message(title=title, body="\n".join(_lines(facts)))


def in_zone(at: datetime, zone: ZoneInfo) -> str:
    """By the clock on the person's wall, and by whose."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def _quiet(facts: DigestFacts) -> str:
    parts = [f"A quiet time: nothing began or ended since {in_zone(facts.since, facts.zone)}."]
    return " ".join([*parts, *(f"{disk}." for disk in facts.disks), facts.oldest_proof]).strip()


def _lines(facts: DigestFacts) -> Iterator[str]:
    yield ", ".join(f"{count} {verdict}" for verdict, count in facts.verdicts.items() if count)
    yield f"At risk now: {facts.at_risk}."
    yield from _list("Open problems", facts.open)
    since = in_zone(facts.since, facts.zone)
    yield f"Since {since}: {facts.began} began, {len(facts.ended)} ended."
    yield from _list("Ended", facts.ended)
    yield from _list("New devices", facts.new_devices)
    yield from _list("Disks", facts.disks)
    yield from _list("Cards", facts.cards)
    if facts.oldest_proof:
        yield facts.oldest_proof
    if facts.link:
        yield facts.link


def _list(title: str, items: tuple[str, ...]) -> Iterator[str]:
    if not items:
        return
    yield f"{title} ({len(items)}):"
    yield from (f"- {plain(item)}" for item in items[:LISTED])
    if len(items) > LISTED:
        yield f"- … and {len(items) - LISTED} more"
