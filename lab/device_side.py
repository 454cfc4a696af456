"""What the devices have, apart from what the node holds: their databases, and what they write."""

import os
from collections.abc import Iterable
from pathlib import Path

from lab.chunks import DAY
from lab.fleet import SimulatedDevice
from lab.results import ResultDatabase, write_past
from lab.runs import Run


class DeviceSide:
    """The devices' own result databases, below one folder; those of running runs are open."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str, ResultDatabase] = {}

    def path(self, run: Run) -> Path:
        return self.root / run.path

    def database(self, run: Run) -> ResultDatabase | None:
        """The open database of a run that is being written."""
        return self._open.get(run.filename)

    def prepare(self, runs: Iterable[Run]) -> None:
        """Make the databases that are not there yet, and open the running one."""
        for run in runs:
            if not self.path(run).exists():
                self._keep(write_past(run, self.path(run)))
                if run.stopped_at is not None:
                    os.utime(self.path(run), (run.stopped_at, run.stopped_at))
            elif run.stopped_at is None:
                self._keep(ResultDatabase(run, self.path(run)))

    def start(self, device: SimulatedDevice, run: Run) -> None:
        device.runs.append(run)
        self._keep(ResultDatabase(run, self.path(run)))

    def stop(self, run: Run, *, at: float) -> None:
        self._open.pop(run.filename).stop(at=max(at, run.last_row_at))

    def grow(self, device: SimulatedDevice, *, now: float) -> None:
        """Let a device write what is due by now: rows of its run, bytes of its recording."""
        if device.run and (database := self.database(device.run)):
            database.grow(until=now + device.clock_offset)
        if (recording := device.recording) and now + device.clock_offset > recording.ended_at:
            recording.ended_at = now + device.clock_offset

    def close(self) -> None:
        for database in self._open.values():
            database.close()
        self._open.clear()

    def _keep(self, database: ResultDatabase) -> None:
        if database.run.stopped_at is None:
            self._open[database.run.filename] = database


def rest_after_absence(device: SimulatedDevice, *, now: float) -> None:
    """A lab that was away for over a day finds its recordings ended, not a day of new chunks."""
    if (recording := device.recording) and now - recording.ended_at > DAY:
        recording.stopped = True
