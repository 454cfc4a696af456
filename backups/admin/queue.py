"""Ask a worker to do something. The admin waits for nothing and does no work itself."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from backups import tasks
from devices.tasks import refresh_devices

QUEUE_DOWN = "Not queued: the queue (Redis) cannot be reached. Is the whole stack running?"
RUN_LATER = "It starts when the queue (Redis) can be reached again."


def queue_refresh_all() -> None:
    tasks.refresh_all.delay()


def queue_daemon_check() -> None:
    tasks.check_daemons.delay()


def queue_looks(device_ids: Iterable[str], *, due_at: datetime) -> None:
    """Ask the node who there is, and look at the disk for each of these devices."""
    refresh_devices.delay()
    for device_id in device_ids:
        tasks.take_snapshot.apply_async(
            (device_id, due_at.isoformat()), expires=tasks.SNAPSHOT_EXPIRES
        )


def start_runs_and_say(request: HttpRequest, said: str) -> None:
    """A run that was asked for is stored: without the queue it only starts later."""
    try:
        tasks.start_due_runs.delay()
    except OperationalError:
        messages.warning(request, f"{said} {RUN_LATER}")
    else:
        messages.success(request, said)


def say_how_many(request: HttpRequest, stopped: int, *, of: int) -> None:
    if stopped:
        messages.success(request, f"{stopped} asked to stop.")
    if stopped < of:
        messages.warning(request, f"{of - stopped} had ended before.")


def queue_and_say(request: HttpRequest, ask: Callable[[], None], said: str) -> None:
    """Tell the person that it is queued, or why it is not."""
    try:
        ask()
    except OperationalError:
        messages.error(request, QUEUE_DOWN)
    else:
        messages.success(request, said)
