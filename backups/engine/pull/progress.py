"""How far a pull is, as rsync tells it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_UNITS = {"": 1, "k": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_PROGRESS2 = re.compile(
    r"\s*(?P<bytes>[0-9,]{1,20})\s+(?P<percent>[0-9]{1,3})%\s+"
    r"(?P<rate>[0-9.]{1,12})(?P<unit>[kMGT]?)B/s\s+[0-9:?]+"
    r"(?:\s+\(xfr#(?P<files>[0-9]{1,9}), (?:ir|to)-chk=(?P<left>[0-9]{1,9})/[0-9]+\))?\s*"
)


class Phase(StrEnum):
    CONNECTING = "connecting"
    COMPARING = "comparing"
    SNAPSHOT = "snapshot"  # the device copies its database
    COPYING = "copying"
    VERIFYING = "verifying"
    PROVING = "proving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`*_expected` is 0 where nothing is known yet."""

    phase: Phase
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


@dataclass(slots=True)
class Meter:
    """Turns rsync's lines into progress; a line that is none of its is left alone."""

    tell: Tell
    bytes_expected: int
    files_expected: int
    _files: int = 0

    def hear(self, line: str) -> bool:
        found = _PROGRESS2.fullmatch(line)
        if found is None:
            return False
        self._files = int(found["files"] or self._files)
        self.tell(
            Progress(
                phase=Phase.COPYING,
                bytes_done=int(found["bytes"].replace(",", "")),
                bytes_expected=self.bytes_expected,
                bytes_per_second=_rate(found["rate"], found["unit"]),
                files_done=self._files,
                files_expected=self.files_expected,
            )
        )
        return True


def _rate(number: str, unit: str) -> float:
    try:
        return float(number) * _UNITS[unit]
    except ValueError:
        return 0.0
