"""What the devices have, apart from what the node holds: their databases, and what they write."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lab.cards import write_chunks
from lab.chunks import DAY
from lab.fleet import SimulatedDevice
from lab.results import PAST_ROWS, ResultDatabase, write_past
from lab.servers.mariadb import PrivateMariaDB
from lab.stores import MariaStore, SqliteStore, Store, StoreLost
from lab.tracking import ResultWriter, Tracking


class DeviceSide:
    """The devices' own files below one folder, as on a device; databases of running runs are open.

    Open devices keep their videos there too, and MariaDB, if there is one, their results.
    """

    def __init__(self, root: Path, *, mariadb: PrivateMariaDB | None = None) -> None:
        self.root = root
        self.videos = root / "videos"
        self._mariadb = mariadb
        self._open: dict[str, ResultDatabase] = {}

    def path(self, run: Tracking) -> Path:
        return self.root / "results" / run.path

    def database(self, run: Tracking) -> ResultDatabase | None:
        """The open database of a run that is being written."""
        return self._open.get(run.filename)

    def size_bytes(self, run: Tracking) -> int:
        """Of its database; 0 where it is no more."""
        try:
            database = self.database(run)
            return database.store.size_bytes() if database else self.path(run).stat().st_size
        except (FileNotFoundError, StoreLost):
            return 0

    def prepare(self, runs: Iterable[Tracking]) -> None:
        """Make the databases that are not there yet, and open the running one."""
        for run in runs:
            if not self.path(run).exists():
                self.write_past(run)
            elif run.stopped_at is None:
                self._keep(ResultDatabase(run, self._file(run)))

    def write_past(self, run: Tracking, *, rows: int = PAST_ROWS) -> None:
        """Make the file of a run that is under way or over."""
        self._keep(write_past(run, self._file(run), rows=rows))
        if run.stopped_at is not None:
            os.utime(self.path(run), (run.stopped_at, run.stopped_at))

    def own(self, device: SimulatedDevice) -> None:
        """An open device names its files as others find them."""
        device.data_root = str(self.root)
        for run in device.runs:
            run.data_root = device.data_root

    def reopen(self, device: SimulatedDevice, *, rows: int = PAST_ROWS) -> None:
        """Go on with the run of an open device, or make its database. Raises StoreLost."""
        run = device.run
        if run is None or (store := self._store(device, run)) is None:
            return
        if store.is_new:
            self._keep(write_past(run, store, rows=rows))
        else:
            self._keep(ResultDatabase(run, store))

    def start(self, device: SimulatedDevice, run: Tracking) -> None:
        device.runs.append(run)
        if device.opened:
            self.own(device)
        if store := self._store(device, run):
            self._keep(ResultDatabase(run, store))

    def stop(self, run: Tracking, *, at: float) -> None:
        run.stopped_at = max(at, run.last_row_at)
        if database := self._open.pop(run.filename, None):
            with suppress(StoreLost):
                database.stop(at=run.stopped_at)

    def grow(self, device: SimulatedDevice, *, now: float) -> None:
        """Let a device write what is due by now: rows of its run, bytes of its recording."""
        if device.run and (database := self.database(device.run)):
            self._grow(database, until=now + device.clock_offset)
        if (recording := device.recording) and now + device.clock_offset > recording.ended_at:
            newest, recording.ended_at = recording.chunk_count, now + device.clock_offset
            if device.opened:
                write_chunks(self.videos, recording, first=newest)

    def close(self) -> None:
        for database in self._open.values():
            database.close()
        self._open.clear()

    def _grow(self, database: ResultDatabase, *, until: float) -> None:
        try:
            database.grow(until=until)
        except StoreLost:  # it grows no more; a new start of the lab goes on with it
            del self._open[database.run.filename]

    def _store(self, device: SimulatedDevice, run: Tracking) -> Store | None:
        """None: its server is not there."""
        if run.writer is ResultWriter.SQLITE or not device.opened:
            return self._file(run)
        return MariaStore(run, self._mariadb) if self._mariadb else None

    def _file(self, run: Tracking) -> Store:
        return SqliteStore(run, self.path(run))

    def _keep(self, database: ResultDatabase) -> None:
        if database.run.stopped_at is None:
            self._open[database.run.filename] = database


def rest_after_absence(device: SimulatedDevice, *, now: float) -> None:
    """A lab that was away for over a day finds its recordings ended, not a day of new chunks."""
    if (recording := device.recording) and now - recording.ended_at > DAY:
        recording.stopped = True
