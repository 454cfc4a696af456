"""The incidents app by the clock."""

from celery import shared_task
from django.utils import timezone

from backups.services.leases import LeaseHeld
from incidents import services

SEND_EXPIRES = 55  # what no worker took until then is queued anew


@shared_task
def watch() -> str:
    try:
        report = services.watch(now=timezone.now())
    except LeaseHeld as held:
        return str(held)
    send_waiting()
    return f"{report.opened} opened, {report.closed} over, {report.messages} messages"


@shared_task
def stand_by() -> str:
    """Each worker queues it by its own clock: a beat that is dead queues no watch."""
    return watch() if services.is_watch_late(now=timezone.now()) else "not needed"


@shared_task
def send_waiting() -> str:
    """A task for each channel: one that hangs holds up no other."""
    due = services.channels_due(now=timezone.now())
    for channel_id in due:
        send_to_channel.apply_async((channel_id,), expires=SEND_EXPIRES)
    return f"{len(due)} channels"


@shared_task
def send_to_channel(channel_id: int) -> str:
    try:
        return f"{services.send_due(channel_id, clock=timezone.now)} accepted"
    except LeaseHeld as held:
        return str(held)
