"""Tell how far it is, and hear whether to stop: often enough for people, not for every row."""

import time
from collections.abc import Callable, Iterable

from backups.engine.errors import Cancelled
from backups.engine.mirror.windows import Window
from backups.engine.progress import Phase, Progress

EVERY_SECONDS = 0.2


class Reporter:
    def __init__(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._phase = Phase.CONNECTING
        self._rows = 0
        self._expected = 0
        self._told_at = self._asked_at = float("-inf")
        self._stop = False

    def phase(self, phase: Phase) -> None:
        self._phase = phase
        self._tell("")

    def expect(self, windows: Iterable[Window]) -> None:
        """Start copying; keys stand for rows, but a table with gaps is not taken at its word."""
        keys: dict[str, int] = {}
        estimates: dict[str, int] = {}
        for window in windows:
            name = window.table.name
            keys[name] = keys.get(name, 0) + window.span.high - window.span.low
            if window.table.is_sparse(keys[name]):
                estimates[name] = window.table.rows_estimate
        self._expected = sum((keys | estimates).values())
        self.phase(Phase.COPYING)

    def tick(self, table: str, rows: int) -> None:
        """More rows are here. Raises Cancelled if somebody wants an end."""
        self._rows += rows
        if time.monotonic() - self._told_at >= EVERY_SECONDS:
            self._tell(table)
        if self.is_cancelled():
            raise Cancelled("cancelled")

    def is_cancelled(self) -> bool:
        if not self._stop and time.monotonic() - self._asked_at >= EVERY_SECONDS:
            self._asked_at = time.monotonic()
            self._stop = self._cancelled()
        return self._stop

    def _tell(self, table: str) -> None:
        self._told_at = time.monotonic()
        told = Progress(
            phase=self._phase, table=table, rows=self._rows, rows_expected=self._expected
        )
        self._progress(told)
