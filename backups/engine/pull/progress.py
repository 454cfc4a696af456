"""How far a pull is, as rsync tells it."""

import re
from dataclasses import dataclass

from backups.engine.progress import Phase, Progress, Tell

_UNITS = {"": 1, "k": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_PROGRESS2 = re.compile(
    r"\s*(?P<bytes>[0-9][0-9,]{0,19})\s+(?P<percent>[0-9]{1,3})%\s+"
    r"(?P<rate>[0-9.]{1,12})(?P<unit>[kMGT]?)B/s\s+[0-9:?]+"
    r"(?:\s+\(xfr#(?P<files>[0-9]{1,9}), (?:ir|to)-chk=(?P<left>[0-9]{1,9})/[0-9]+\))?\s*"
)


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
