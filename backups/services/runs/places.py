"""Which worker does a run, and how many it does at once: each storage has slots of its own."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from backups.engine.silence import silent_since
from backups.models import Run, RunKind, RunState
from backups.services.runs.jobs import RunFailed
from backups.services.runs.kinds import KINDS, kind_of
from backups.services.storages import OtherStorage, check_here
from devices.models import Storage

PARTS = ("device__storage", "storage")  # what the place of a run is told by


def check_place(run: Run) -> None:
    """Raises RunFailed: its next attempt goes to the right worker."""
    try:
        check_here(run.device, run.place)
    except OtherStorage as error:
        raise RunFailed(str(error), failure=type(error).__name__) from error


def done_at(place: Storage | None) -> Q:
    """Runs that the worker of this storage does; None: that of the one host."""
    own = Q(storage=None, on_main=False, device__storage=place)
    return own | (Q(storage=place) if place else Q(on_main=True))


def may_begin(run: Run, running: QuerySet[Run]) -> bool:
    """Beside what runs for the same device. What takes all of it away runs alone."""
    if kind_of(run).alone:
        return not running.exists()
    return not any(KINDS[RunKind(kind)].alone for kind in running.values_list("kind", flat=True))


class FreeSlots:
    """How many more each may begin."""

    def __init__(self, free: dict[int | None, int]) -> None:
        self._free = free

    def take(self, place: Storage | None) -> bool:
        key = place.pk if place else None
        self._free[key] = self._free.get(key, 0) - 1
        return self._free[key] >= 0


def free_slots(due: Iterable[Run], *, here: int, now: datetime) -> FreeSlots:
    """One that is silent has none: what is sent there nobody takes."""
    storages = {run.place.pk: run.place for run in due if run.place}
    lives = {key: silent_since(one.heard_at, now=now) is None for key, one in storages.items()}
    slots = {None: here} | {key: one.parallel_runs * lives[key] for key, one in storages.items()}
    running = Run.objects.filter(state=RunState.RUNNING).select_related(*PARTS)
    used = Counter(run.place.pk if run.place else None for run in running.defer("log"))
    return FreeSlots({key: count - used[key] for key, count in slots.items()})
