"""Ask a worker to do something. The admin waits for nothing and does no work itself."""

from collections.abc import Callable, Iterable
from datetime import datetime

from celery import current_app
from django.contrib import messages
from django.http import HttpRequest
from kombu.exceptions import OperationalError

QUEUE_DOWN = "Not queued: the queue (Redis) cannot be reached. Is the whole stack running?"


class QueueDown(Exception):
    """Redis, which holds the queue, cannot be reached: nothing more was queued."""


def queue_refresh_all() -> None:
    _queue("backups.tasks.refresh_all")


def queue_service_check() -> None:
    _queue("backups.tasks.check_services")


def queue_snapshots(device_ids: Iterable[str], *, due_at: datetime) -> None:
    """One a device."""
    for device_id in device_ids:
        _queue("backups.tasks.take_snapshot", device_id, due_at.isoformat())


def queue_and_say(request: HttpRequest, ask: Callable[[], None], said: str) -> None:
    """Tell the person that it is queued, or why it is not."""
    try:
        ask()
    except QueueDown as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)


def _queue(name: str, *arguments: str) -> None:
    try:
        current_app.send_task(name, arguments)
    except OperationalError as error:
        raise QueueDown(QUEUE_DOWN) from error
