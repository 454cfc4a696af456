"""Write a delivery for each channel of all that is to be told. Who sends it comes later.

A message has one key in each channel: to write it a second time changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q

from incidents.engine.causes import RANK, CauseKind, Severity
from incidents.engine.course import State
from incidents.engine.messages import Event, Saying, message
from incidents.engine.pace import reminder_number
from incidents.engine.quiet import QuietWindow, is_silent, quiet_until
from incidents.models import Channel, Delivery, Incident, Silence

BATCH = 200
PAGE = "/admin/incidents/incident/{}/change/"  # a worker loads no pages of the admin to know it


def tell(*, now: datetime) -> int:
    """Returns how many messages were written."""
    channels = list(Channel.objects.filter(enabled=True).prefetch_related("groups"))
    windows = [silence.window for silence in Silence.objects.filter(_may_hold(now))]
    told = _tell_news(channels, windows, now)
    told += _tell_ends(channels, now)
    return told + _remind(channels, windows, now)


def _may_hold(now: datetime) -> Q:
    return Q(starts_at__lte=now) & (Q(weekly=True) | Q(ends_at__gt=now))


def _tell_news(channels: list[Channel], windows: list[QuietWindow], now: datetime) -> int:
    """What is open, and was not told of, or not that it is so bad."""
    is_news = ~Q(told_severity=F("severity"))
    rows = Incident.objects.filter(is_news, state=State.OPEN.value).select_related("device")
    due = [(row, _news(row)) for row in rows.annotate(follower_count=Count("followers"))]
    heard = [(row, event) for row, event in due if event and not _is_silent(row, windows, now)]
    told = 0
    for start in range(0, len(heard), BATCH):
        told += _tell_batch(heard[start : start + BATCH], channels, now)
    return told


def _news(row: Incident) -> Event | None:
    if not row.told_severity:
        return Event.BACK if row.told_count else Event.OPENED
    is_worse = RANK[Severity(row.severity)] < RANK[Severity(row.told_severity)]
    return Event.WORSE if is_worse else None


def _is_silent(row: Incident, windows: list[QuietWindow], now: datetime) -> bool:
    group = row.device.group_id if row.device else None
    return is_silent(windows, device=row.device_id, group=group, now=now)


def _tell_batch(
    due: Sequence[tuple[Incident, Event]], channels: list[Channel], now: datetime
) -> int:
    messages: list[Delivery] = []
    with transaction.atomic():
        for row, event in due:
            unchanged = Incident.objects.filter(pk=row.pk, told_count=row.told_count)
            told = {"told_severity": row.severity, "told_count": row.told_count + 1}
            if unchanged.update(**told, told_at=now):
                key = f"{row.pk}-{row.told_count + 1}"
                messages += _for_channels(row, event, key, _hearing(row, channels), now)
        return _store(messages)


def _hearing(row: Incident, channels: Iterable[Channel]) -> Iterator[Channel]:
    for channel in channels:
        itself = row.kind == CauseKind.CHANNEL and row.subject == str(channel.pk)
        bad_enough = RANK[Severity(row.severity)] <= RANK[Severity(channel.least_severity)]
        if bad_enough and not itself and _is_of_its_groups(row, channel):
            yield channel


def _is_of_its_groups(row: Incident, channel: Channel) -> bool:
    groups = {group.pk for group in channel.groups.all()}
    return not groups or row.device is None or row.device.group_id in groups


def _tell_ends(channels: list[Channel], now: datetime) -> int:
    """To those channels that were told of the beginning."""
    over = Incident.objects.filter(state=State.CLOSED.value, told_count__gt=0, end_told=False)
    rows = list(over.select_related("device"))
    told = 0
    for start in range(0, len(rows), BATCH):
        told += _end_batch(rows[start : start + BATCH], channels, now)
    return told


def _end_batch(rows: list[Incident], channels: list[Channel], now: datetime) -> int:
    known = set(Delivery.objects.filter(incident__in=rows).values_list("incident_id", "channel_id"))
    messages: list[Delivery] = []
    with transaction.atomic():
        for row in rows:
            hearing = [c for c in channels if c.tell_ends and (row.pk, c.pk) in known]
            if Incident.objects.filter(pk=row.pk, end_told=False).update(end_told=True):
                key = f"{row.pk}-{row.told_count}-end"
                messages += _for_channels(row, Event.ENDED, key, hearing, now)
        return _store(messages)


def _remind(channels: list[Channel], windows: list[QuietWindow], now: datetime) -> int:
    """Of what nobody has acknowledged; of several reminders that are due the newest."""
    known = Q(acknowledged_at__isnull=False)
    still = Q(acknowledged_until__isnull=True) | Q(acknowledged_until__gt=now)
    open_rows = Incident.objects.filter(state=State.OPEN.value, told_at__isnull=False)
    reminding = [channel for channel in channels if channel.remind_every]
    messages: list[Delivery] = []
    for row in open_rows.exclude(known & still).select_related("device") if reminding else ():
        if row.told_at is None or _is_silent(row, windows, now):
            continue
        for channel in _hearing(row, reminding):
            every = channel.remind_every
            if number := reminder_number(told_at=row.told_at, every=every, now=now):
                key = f"{row.pk}-{row.told_count}-r{number}"
                messages += _for_channels(row, Event.REMINDER, key, [channel], now)
    return _store(_unwritten(messages))


def _unwritten(messages: list[Delivery]) -> list[Delivery]:
    keys = [one.key for one in messages]
    known = set(Delivery.objects.filter(key__in=keys).values_list("channel_id", "key"))
    return [one for one in messages if (one.channel_id, one.key) not in known]


def _for_channels(
    row: Incident, event: Event, key: str, channels: Iterable[Channel], now: datetime
) -> Iterator[Delivery]:
    told = told_of(row)
    said = message(event, told)
    for channel in channels:
        yield Delivery(
            channel=channel,
            key=key,
            incident=row,
            event=event.value,
            severity=row.severity,
            title=said.title,
            body=said.body,
            facts=asdict(told) | {"incident": row.pk, "cause": row.kind, "key": row.key},
            created_at=now,
            not_before=_not_before(channel, row, now),
        )


def _not_before(channel: Channel, row: Incident, now: datetime) -> datetime:
    if row.severity == Severity.CRITICAL:
        return now
    until = quiet_until(now, begins=channel.quiet_from, ends=channel.quiet_to, zone=channel.zone)
    return until or now


def told_of(row: Incident) -> Saying:
    return Saying(
        title=row.title,
        about=row.about if row.device else "",
        severity=row.severity,
        since=f"{row.first_seen_at:%Y-%m-%d %H:%M} UTC",
        sentence=row.sentence,
        at_risk=row.at_risk,
        to_do=row.to_do,
        reason=row.close_reason,
        followers=getattr(row, "follower_count", 0),
        link=link_to(PAGE.format(row.pk)),
    )


def link_to(path: str) -> str:
    """Empty where nobody said by which address people reach this site."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""


def _store(messages: list[Delivery]) -> int:
    Delivery.objects.bulk_create(messages, batch_size=BATCH, ignore_conflicts=True)
    return len(messages)


def store_message(**values: Any) -> bool:
    """One message that is of no incident. False: it was written before."""
    channel, key = values.pop("channel"), values.pop("key")
    _, is_new = Delivery.objects.get_or_create(channel=channel, key=key, defaults=values)
    return is_new
