"""Send what waits: each channel by one worker at a time, each message at least once, with its key.

A worker that is killed while it sends leaves the message waiting: it is sent again under the same
key, by which whoever gets it twice knows it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from backups.services.leases import hold
from devices.freshness import not_after
from incidents.engine.jobs import Receipt
from incidents.engine.messages import Message, summary
from incidents.engine.pace import HOUR, SUMMED_UP_FROM, is_flood, is_given_up, pause_after
from incidents.models import Channel, Delivery, DeliveryState
from incidents.services.child import Parcel, send
from incidents.services.telling import link_to

LEASE = timedelta(minutes=5)
BATCH = 100
A_TURN = timedelta(minutes=2)  # for one channel; what is left waits for the next
AT_ONCE = 500  # messages that one summary may stand for
LOG_PAGE = "/admin/incidents/delivery/"

Clock = Callable[[], datetime]


def channels_due(*, now: datetime) -> list[int]:
    due = _due(now).filter(channel__enabled=True)
    return list(due.order_by().values_list("channel_id", flat=True).distinct())


def send_due(channel_id: int, *, clock: Clock) -> int:
    """Returns how many were accepted. Raises LeaseHeld while another worker sends there."""
    with hold(f"channel {channel_id}", duration=LEASE, now=clock()):
        until, accepted = clock() + A_TURN, 0
        while clock() < until:
            step = _send_next(channel_id, clock)
            if not step:
                break
            accepted += step
        return accepted


def _due(now: datetime) -> QuerySet[Delivery]:
    """A message that was written later than now was written by a clock that was set back since."""
    written_ahead = Q(created_at__gt=not_after(now))
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    return waiting.filter(Q(not_before__lte=now) | written_ahead)


def _send_next(channel_id: int, clock: Clock) -> int:
    """The oldest that waits, or all that wait as one summary. 0: nothing, or it was refused."""
    now = clock()
    channel = Channel.objects.filter(pk=channel_id, enabled=True).first()
    if channel is None or _pauses(channel, now):
        return 0
    together = _together(channel, now)
    return _attempt(channel, together, clock) if together else 0


def _pauses(channel: Channel, now: datetime) -> bool:
    """Nothing overtakes what was tried and refused: no end comes before its beginning."""
    waiting = Delivery.objects.filter(channel=channel, state=DeliveryState.WAITING)
    tried = waiting.filter(attempts__gt=0, not_before__gt=now)
    return tried.exclude(created_at__gt=not_after(now)).exists()


def _together(channel: Channel, now: datetime) -> list[Delivery]:
    """What is sent as one. What was once tried together stays together, under its key."""
    due = _due(now).filter(channel=channel).order_by("-attempts", "pk")
    waiting = list(due[:AT_ONCE])
    if waiting and waiting[0].sent_as:
        return [one for one in waiting if one.sent_as == waiting[0].sent_as]
    flood = is_flood(sent_lately=_sent_lately(channel, now), limit=channel.hourly_limit)
    if flood and not _may_sum_up(channel, now):
        return []
    return waiting if flood or len(waiting) >= SUMMED_UP_FROM else waiting[:1]


def _sent_lately(channel: Channel, now: datetime) -> int:
    sent = Delivery.objects.filter(channel=channel, sent_at__range=(now - HOUR, not_after(now)))
    return sent.order_by().values("sent_as").distinct().count()


def _may_sum_up(channel: Channel, now: datetime) -> bool:
    """Above its limit a channel gets one summary in a quarter of an hour."""
    last = channel.last_sent_at
    return last is None or not timedelta(0) <= now - last < HOUR / 4


def _attempt(channel: Channel, together: list[Delivery], clock: Clock) -> int:
    key = together[0].sent_as or _key_of(together)
    now = clock()
    for one in together:
        one.attempts += 1
        one.tried_at, one.first_tried_at = now, one.first_tried_at or now
        one.sent_as = key
    fields = ["attempts", "tried_at", "first_tried_at", "sent_as"]
    Delivery.objects.bulk_update(together, fields, batch_size=BATCH)
    answer = send(channel, _parcel(together, key), now=now)
    _note(channel, together, answer, now=clock())
    return len(together) if answer.accepted else 0


def _key_of(together: list[Delivery]) -> str:
    first, last = together[0].key, together[-1].key
    return first if len(together) == 1 else f"{first}-to-{last}"[:80]


def _parcel(together: list[Delivery], key: str) -> Parcel:
    first = together[0]
    said = Message(title=first.title, body=first.body)
    if len(together) > 1:
        said = summary([one.title for one in together], link=link_to(LOG_PAGE))
    facts = [{"event": one.event, "title": one.title, **one.facts} for one in together]
    return Parcel(key=key, title=said.title, body=said.body, facts=facts)


def _note(channel: Channel, together: list[Delivery], answer: Receipt, *, now: datetime) -> None:
    with transaction.atomic():
        for one in together:
            one.answer = answer.text
            if answer.accepted:
                one.state, one.sent_at = DeliveryState.SENT, now
            elif is_given_up(first_tried_at=one.first_tried_at, now=now):
                one.state = DeliveryState.GIVEN_UP
            else:
                one.not_before = now + pause_after(one.attempts)
        fields = ["answer", "state", "sent_at", "not_before"]
        Delivery.objects.bulk_update(together, fields, batch_size=BATCH)
        _note_channel(channel, answer, now=now)


def _note_channel(channel: Channel, answer: Receipt, *, now: datetime) -> None:
    if answer.accepted:
        values = {"failing_since": None, "last_sent_at": now}
    else:
        values = {"failing_since": channel.failing_since or now}
    Channel.objects.filter(pk=channel.pk).update(**values, last_answer=answer.text)
