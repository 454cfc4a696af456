"""Each person's digest: made when it is due, once, and sent like any message."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min

from backups import words
from backups.badges import size
from backups.dashboard import Fleet, fleet
from backups.engine.card.outlook import Level, concerns
from backups.engine.facts import BackupType
from backups.models import DiskFolder, DiskLook, ResultCopy
from backups.services.card_readings import newest_looks
from backups.services.room import HELD_IN
from backups.time_machine import fleet_at
from devices.freshness import not_after
from devices.models import Device
from incidents.engine.causes import RANK, Severity
from incidents.engine.course import State
from incidents.engine.digest import DAY, DigestFacts, digest, full_on, in_zone, last_due
from incidents.engine.messages import Event
from incidents.models import Incident, Subscription
from incidents.services.telling import link_to, store_message

GROWTH_OVER = timedelta(days=7)


def write_digests(*, now: datetime) -> int:
    """Returns how many were written by us."""
    written = 0
    for one in Subscription.objects.filter(channel__enabled=True).select_related("channel"):
        due = last_due(now, at=one.at, weekday=one.weekday, zone=one.zone)
        if one.last_at is not None and due <= one.last_at <= not_after(now):
            continue
        mine = Subscription.objects.filter(pk=one.pk, last_at=one.last_at)
        if mine.update(last_at=due) and one.last_at is not None:
            written += _write(one, due, now=now)
    return written


def _write(one: Subscription, due: datetime, *, now: datetime) -> bool:
    """The first one comes when it is next due: who asks for it now knows how all stands."""
    since = min(one.last_at or due - DAY, now)
    said = digest(digest_facts(since=since, zone=one.zone, now=now))
    return store_message(
        channel=one.channel,
        key=f"digest-{one.pk}-{due:%Y%m%d%H%M}",
        event=Event.DIGEST.value,
        title=said.title,
        body=said.body,
        created_at=now,
        not_before=now,
    )


def digest_facts(*, since: datetime, zone: ZoneInfo, now: datetime) -> DigestFacts:
    watched = fleet(now=now)
    ended = Incident.objects.filter(state=State.CLOSED.value, told_count__gt=0, closed_at__gt=since)
    new = Device.objects.filter(first_seen_at__gt=since)
    return DigestFacts(
        since=since,
        zone=zone,
        verdicts={verdict.value: count for verdict, count in watched.counts.items()},
        at_risk=words.at_risk_now(watched.risk, now=now),
        open=tuple(_open(zone)),
        began=Incident.objects.filter(opened_at__gt=since).count(),
        ended=tuple(str(row) for row in ended.select_related("device")),
        new_devices=tuple(str(device) for device in new),
        disks=tuple(_disks(watched, now)),
        cards=tuple(_cards(watched, now)),
        oldest_proof=_oldest_proof(),
        link=link_to("/admin/"),
    )


def _open(zone: ZoneInfo) -> Iterator[str]:
    rows = Incident.objects.filter(state=State.OPEN.value).select_related("device")
    for row in sorted(rows, key=_worst_first):
        yield f"{row.severity}: {row}, since {in_zone(row.first_seen_at, zone)}"


def _worst_first(row: Incident) -> tuple[int, datetime]:
    return RANK[Severity(row.severity)], row.first_seen_at


def _disks(watched: Fleet, now: datetime) -> Iterator[str]:
    then = fleet_at(now - GROWTH_OVER, now=now)
    for look in DiskLook.objects.select_related("storage"):
        if look.error or look.free_bytes is None:
            yield f"{look.name}: cannot be read"
            continue
        kinds = HELD_IN[DiskFolder(look.folder)]
        grown = _size(watched, kinds, look) - _size(then, kinds, look)
        full = full_on(look.free_bytes, bytes_a_day=grown / (GROWTH_OVER / DAY), now=now)
        date = f", full about {full:%Y-%m-%d}" if full and _size(then, kinds, look) else ""
        yield f"{look.name}: {size(look.free_bytes)} free{date}"


def _size(watched: Fleet, kinds: Collection[BackupType], look: DiskLook) -> int:
    there = (one for one in watched.devices if one.device.storage_id == look.storage_id)
    backups = (b for status in there for b in status.backups.items())
    return sum(backup.facts.size_bytes for kind, backup in backups if kind in kinds)


def _cards(watched: Fleet, now: datetime) -> Iterator[str]:
    looks = newest_looks()
    for status in watched.active:
        look = looks.get(status.device.pk)
        for concern in concerns(look, now=now) if look else ():
            if concern.level in {Level.BAD, Level.WARN}:
                yield f"{status.device}: {concern.says}"


def _oldest_proof() -> str:
    at = ResultCopy.objects.aggregate(oldest=Min("verified_at"))["oldest"]
    if at is None:
        return "No copy of results was read to its end yet."
    return f"The copy of results that was not read for longest was read {at:%Y-%m-%d}."
