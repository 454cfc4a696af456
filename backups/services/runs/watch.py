"""While a run works: heartbeat and progress go to the database, wishes to stop come back."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from backups.models import Run, RunState
from backups.services.runs.jobs import Told
from backups.services.runs.room import NoRoom, check_room

BEAT = timedelta(seconds=5)
LISTEN = timedelta(seconds=1)
LONGEST_RUN = timedelta(hours=12)
LONGEST_LOG = 20_000  # characters; the newest lines stay


class Stop(StrEnum):
    """Why a run has to stop before its end."""

    CANCELLED = "cancelled"
    LOST = "another process has taken over this run"
    NO_ROOM = "no room"
    TOO_LONG = "it took longer than twelve hours"


class Watch:
    """The engine calls it every moment; it asks and writes only now and then."""

    def __init__(
        self,
        run: Run,
        *,
        fills: Path | None,
        clock: Callable[[], datetime],
        renew: Callable[[datetime], bool],
        show: Callable[[Told], None],
    ) -> None:
        self.stop: Stop | None = None
        self.reason = ""
        self._run = run
        self._fills = fills
        self._clock = clock
        self._renew = renew
        self._show = show
        self._told = Told(phase="")
        self._started_at = self._listened_at = self._beat_at = clock()
        self._lines: list[str] = run.log.splitlines()

    @property
    def log(self) -> str:
        return "\n".join(self._lines)[-LONGEST_LOG:]

    def note(self, line: str) -> None:
        self._lines.append(f"{self._clock():%Y-%m-%d %H:%M:%S} {line}")

    def progress(self, told: Told) -> None:
        is_new_phase = told.phase != self._told.phase
        self._told = told
        self._show(told)
        if is_new_phase:
            self.note(told.phase)
        self._listen()

    def cancelled(self) -> bool:
        self._listen()
        return self.stop is not None

    def _listen(self) -> None:
        now = self._clock()
        if self.stop is None and now - self._beat_at >= BEAT:
            self._beat_at = now
            self._beat(now)
        if self.stop is None and now - self._listened_at >= LISTEN:
            self._listened_at = now
            self._hear(now)

    def _hear(self, now: datetime) -> None:
        mine = Run.objects.filter(pk=self._run.pk, state=RunState.RUNNING)
        asked = mine.values_list("cancel_requested_at", flat=True)
        if not asked:
            self._end(Stop.LOST)
        elif asked[0] is not None:
            self._end(Stop.CANCELLED)
        elif now - self._started_at >= LONGEST_RUN:
            self._end(Stop.TOO_LONG)

    def _beat(self, now: datetime) -> None:
        told = asdict(self._told) | {"phase": self._told.phase[:100]}
        mine = Run.objects.filter(pk=self._run.pk, state=RunState.RUNNING)
        if not (mine.update(heartbeat_at=now, log=self.log, **told) and self._renew(now)):
            self._end(Stop.LOST)
            return
        try:
            check_room(self._fills)
        except NoRoom as full:
            self._end(Stop.NO_ROOM, str(full))

    def _end(self, stop: Stop, reason: str = "") -> None:
        self.stop, self.reason = stop, reason or stop.value
