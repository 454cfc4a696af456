"""How far the work on a copy is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    CONNECTING = "connecting"
    COMPARING = "comparing"
    SNAPSHOT = "snapshot"  # the device copies its database
    COPYING = "copying"
    SAVING = "saving"
    VERIFYING = "verifying"
    PROVING = "proving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Rows of a table, or bytes and files, as the work counts. `*_expected` is 0 where nothing is
    known yet; of rows it is an estimate."""

    phase: Phase
    table: str = ""
    rows: int = 0
    rows_expected: int = 0
    bytes_done: int = 0
    bytes_expected: int = 0
    bytes_per_second: float = 0.0
    files_done: int = 0
    files_expected: int = 0

    @property
    def percent(self) -> int:
        if not self.bytes_expected:
            return 0
        return min(100, 100 * self.bytes_done // self.bytes_expected)

    @property
    def files_left(self) -> int:
        return max(0, self.files_expected - self.files_done)

    @property
    def seconds_left(self) -> float | None:
        if self.bytes_per_second <= 0 or not self.bytes_expected:
            return None
        return max(0, self.bytes_expected - self.bytes_done) / self.bytes_per_second


Tell = Callable[[Progress], None]
