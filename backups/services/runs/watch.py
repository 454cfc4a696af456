"""While a run works: heartbeat and progress go to the database, wishes to stop come back."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from backups.models import Run, RunState
from backups.services.runs.disks import NoRoom, check_room
from backups.services.runs.jobs import RunProgress

BEAT = timedelta(seconds=5)
LISTEN = timedelta(seconds=1)
LONGEST_RUN = timedelta(hours=12)
LONGEST_LOG = 20_000  # characters; the newest lines stay


class WhyStopped(StrEnum):
    """Why a run has to stop before its end."""

    CANCELLED = "cancelled"
    LOST = "another process has taken over this run"
    NO_ROOM = "no room"
    TOO_LONG = "it took longer than twelve hours"


class RunWatch:
    """The engine calls it every moment; it asks and writes only now and then."""

    def __init__(
        self,
        run: Run,
        *,
        fills: Path | None,
        clock: Callable[[], datetime],
        renew: Callable[[datetime], bool],
        show: Callable[[RunProgress], None],
    ) -> None:
        self.stop: WhyStopped | None = None
        self.reason = ""
        self._run = run
        self._fills = fills
        self._clock = clock
        self._renew = renew
        self._show = show
        self._progress = RunProgress(phase="")
        self._started_at = self._listened_at = self._beat_at = clock()
        self._lines: list[str] = run.log.splitlines()

    @property
    def log(self) -> str:
        return "\n".join(self._lines)[-LONGEST_LOG:]

    def note(self, line: str) -> None:
        self._lines.append(f"{self._clock():%Y-%m-%d %H:%M:%S} {line}")

    def progress(self, progress: RunProgress) -> None:
        is_new_phase = progress.phase != self._progress.phase
        self._progress = progress
        self._show(progress)
        if is_new_phase:
            self.note(progress.phase)
        self._listen()

    def cancelled(self) -> bool:
        self._listen()
        return self.stop is not None

    def _listen(self) -> None:
        now = self._clock()
        if self.stop is None and abs(now - self._beat_at) >= BEAT:
            self._beat_at = now
            self._beat(now)
        if self.stop is None and abs(now - self._listened_at) >= LISTEN:
            self._listened_at = now
            self._hear(now)

    def _hear(self, now: datetime) -> None:
        mine = Run.objects.filter(pk=self._run.pk, state=RunState.RUNNING)
        asked = mine.values_list("cancel_requested_at", flat=True)
        if not asked:
            self._end(WhyStopped.LOST)
        elif asked[0] is not None:
            self._end(WhyStopped.CANCELLED)
        elif now - self._started_at >= LONGEST_RUN:
            self._end(WhyStopped.TOO_LONG)

    def _beat(self, now: datetime) -> None:
        how_far = asdict(self._progress) | {"phase": self._progress.phase[:100]}
        mine = Run.objects.filter(pk=self._run.pk, state=RunState.RUNNING)
        if not (mine.update(heartbeat_at=now, log=self.log, **how_far) and self._renew(now)):
            self._end(WhyStopped.LOST)
            return
        try:
            check_room(self._fills)
        except NoRoom as full:
            self._end(WhyStopped.NO_ROOM, str(full))

    def _end(self, stop: WhyStopped, reason: str = "") -> None:
        self.stop, self.reason = stop, reason or stop.value
