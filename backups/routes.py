"""To which worker a task goes, and which wait for others: the one place that says it, however and
by whom it is queued.

What touches files goes to the storage on which they lie, and to no other worker. Of looks there is
one for each device: they stand between no run and its start, nor between a death and its finding.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from celery import current_app

from backups.models import Run
from devices.ids import queue_of
from devices.models import Device

AFTER_OTHERS = 6  # of the priorities that Redis keeps a list for each: 0, 3, 6, 9


def queue_for(device: Device) -> str:
    return device.storage.queue if device.storage else _everybodys()


def by_storage(
    name: str, args: Sequence[Any], kwargs: Any, options: Mapping[str, Any], **_: Any
) -> dict[str, Any] | None:
    """Celery asks it for each task that is sent. Who names a queue means it."""
    asked = FILE_TASKS.get(name)
    if asked is None:
        return None
    last = {"priority": AFTER_OTHERS} if name == "backups.tasks.take_snapshot" else {}
    return last if options.get("queue") else {"queue": asked(*args), **last}


def forget_waiting(storages: Iterable[str]) -> None:
    """Nobody takes what waits there; what is still to be done is queued anew when somebody does."""
    for name in storages:
        with current_app.connection_for_write() as connection:
            connection.SimpleQueue(queue_of(name)).clear()


def _of_device(device_id: str, *_: object) -> str:
    devices = Device.objects.filter(device_id=device_id)
    return _queue(devices.values_list("storage__name", flat=True).first())


def _of_run(run_id: int) -> str:
    run = Run.objects.select_related("storage", "device__storage").filter(pk=run_id).first()
    return run.place.queue if run and run.place else _everybodys()


def _queue(storage: str | None) -> str:
    return queue_of(storage) if storage else _everybodys()


def _everybodys() -> str:
    name: str = current_app.conf.task_default_queue
    return name


# Of each task that touches files, by its arguments. All others do not.
FILE_TASKS: Mapping[str, Callable[..., str]] = {
    "backups.tasks.take_snapshot": _of_device,
    "backups.tasks.run_backup": _of_run,
    "backups.tasks.tell_of_storage": lambda name, asked_at: queue_of(name),
}
