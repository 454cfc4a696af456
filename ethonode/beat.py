"""Beat whose schedule goes on after this machine's clock was set back.

A last run that lies ahead would hold its task back until the clock has caught up with it.
"""

from datetime import datetime, timedelta
from typing import Any

from celery.schedules import schedstate
from celery.utils.time import maybe_make_aware
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

JITTER = timedelta(seconds=2)  # what a clock that is kept in time may be put back by
LONG_AGO = timedelta(days=3650)


class BeatEntry(ModelEntry):  # type: ignore[misc]
    last_run_at: datetime

    def is_due(self) -> schedstate:
        """Nobody knows when a task whose last run lies ahead really ran: it is due."""
        now = self._default_now()
        if maybe_make_aware(self.last_run_at) > now + JITTER:
            self.last_run_at = now - LONG_AGO
        state: schedstate = super().is_due()
        return state


class BeatScheduler(DatabaseScheduler):  # type: ignore[misc]
    Entry = BeatEntry
    _ticked_at: datetime | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._forget_the_future()
        wait: float = super().tick(*args, **kwargs)
        return wait

    def _forget_the_future(self) -> None:
        """What was planned by a clock that is no longer right is planned anew."""
        now = datetime.now(self.app.timezone)
        if self._ticked_at and now < self._ticked_at - JITTER:
            self._initial_read = True
            self._heap = None
        self._ticked_at = now
