"""What the devices have, apart from what the node holds: their databases, and what they write."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.cards import write_chunks
from lab.chunks import DAY
from lab.fleet import SimulatedDevice
from lab.maria_store import MariaStore
from lab.results import PAST_ROWS, ResultDatabase, write_past
from lab.servers.mariadb import PrivateMariaDB
from lab.stores import SqliteStore, Store, StoreLost
from lab.tracking import ResultWriter, Tracking


class DeviceSide:
    """The devices' own files; databases of running runs are open.

    Each has a card of its own below `cards/`. Below `devices/` all cards are seen as one: there,
    links lead to what each has under its id, so that one path of a data root fits them all.
    MariaDB, if there is one, keeps the results of open devices; else files stand in for it.
    """

    def __init__(self, root: Path, *, mariadb: PrivateMariaDB | None = None) -> None:
        self.root = root / "devices"
        self.videos = self.root / "videos"
        self._cards = root / "cards"
        self._stand_ins = root / "stand-ins"
        self._mariadb = mariadb
        self._laid_out: set[int] = set()
        self._open: dict[str, ResultDatabase] = {}

    def card(self, device: SimulatedDevice) -> Path:
        return self._cards / f"{device.number:03d}"

    def path(self, run: Tracking) -> Path:
        if run.writer is ResultWriter.MYSQL:
            return self._stand_ins / run.path
        return self.root / "results" / run.path

    def insert_card(self, device: SimulatedDevice) -> None:
        """A card with the folders that its software makes at once."""
        for tree in ("results", "videos"):
            folder = self.card(device) / tree
            folder.mkdir(parents=True, exist_ok=True)
            self.show(folder / device.device_id)

    def show(self, folder: Path) -> None:
        """Of a card: make it, and let it be found below the data root that all have."""
        folder.mkdir(exist_ok=True)
        place = self.root / folder.parent.name / folder.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() and not place.is_symlink():
            place.replace(folder)  # of a lab that was begun when cards were one
        if not place.is_symlink():
            place.symlink_to(os.path.relpath(folder, place.parent))

    def lay_out(self, device: SimulatedDevice) -> None:
        """Write what a device filmed: of most, nobody ever looks at the card."""
        if device.number not in self._laid_out:
            self._laid_out.add(device.number)
            for recording in device.recordings:
                write_chunks(self.videos, recording)

    def database(self, run: Tracking) -> ResultDatabase | None:
        """The open database of a run that is being written, or was and is not folded yet."""
        return self._open.get(run.filename)

    @contextmanager
    def reading(self, run: Tracking) -> Iterator[Store]:
        """Raises FileNotFoundError or StoreLost where it is no more."""
        if database := self.database(run):
            yield database.store
            return
        if not run.served and not self.path(run).exists():
            raise FileNotFoundError(self.path(run))
        store = self._stored(run)
        try:
            yield store
        finally:
            store.close()

    def tell(self, run: Tracking) -> None:
        """Note what the device says of a database: live while it tracks, frozen afterwards."""
        if run.stopped_at is not None:
            return
        try:
            if database := self.database(run):
                database.tell()
                return
        except StoreLost:
            pass
        run.told_counts, run.told_bytes = {}, 0

    def prepare(self, runs: Iterable[Tracking]) -> None:
        """Make the files that are not there yet, and open the running one."""
        for run in runs:
            if not self.path(run).exists():
                self.write_past(run)
            elif run.stopped_at is None:
                self._keep(ResultDatabase(run, self._stored(run)))

    def write_past(self, run: Tracking, *, rows: int = PAST_ROWS) -> None:
        """Make the file of a run that is under way or over."""
        self._keep(write_past(run, SqliteStore(run, self.path(run)), rows=rows))
        if run.stopped_at is not None:
            os.utime(self.path(run), (run.stopped_at, run.stopped_at))

    def drop(self, run: Tracking) -> None:
        """What MariaDB does with the run before, and a purge with an old one."""
        if database := self._open.pop(run.filename, None):
            database.close()
        self.path(run).unlink(missing_ok=True)

    def own(self, device: SimulatedDevice) -> None:
        """A device that one can log in to names its files as others find them."""
        device.data_root = str(self.root)
        for run in device.runs:
            run.data_root = device.data_root

    def reopen(self, device: SimulatedDevice, *, rows: int = PAST_ROWS) -> None:
        """Go on with the run of a served device, or make its database. Raises StoreLost."""
        run = device.run
        if run is None or self._mariadb is None:
            return
        run.served = True
        store = self._stored(run)
        if store.is_new:
            self._keep(write_past(run, store, rows=rows))
        else:
            self._keep(ResultDatabase(run, store))

    def start(self, device: SimulatedDevice, run: Tracking) -> None:
        self.fold(device)
        device.runs.append(run)
        run.served = device.served
        run.data_root = device.data_root
        if not run.served or self._mariadb:
            self._keep(ResultDatabase(run, self._stored(run)))

    def stop(self, run: Tracking, *, at: float, gracefully: bool = True) -> None:
        """The database stays open: see `fold`."""
        run.stopped_at, run.crashed = max(at, run.last_row_at), not gracefully
        if gracefully and (database := self.database(run)):
            with suppress(StoreLost):
                database.stop(at=run.stopped_at)

    def go_on(self, run: Tracking, *, at: float) -> None:
        """Append to a run that was stopped, as the device's software offers to."""
        if database := self._open.pop(run.filename, None):
            database.close()
        run.stopped_at = None
        database = ResultDatabase(run, self._stored(run))
        database.append(at=at)
        self._keep(database)

    def fold(self, device: SimulatedDevice) -> None:
        """Close what its software held open since a run was stopped: its -wal is folded."""
        for run in device.runs:
            if run.stopped_at is None or run.crashed:
                continue
            if database := self._open.pop(run.filename, None):
                database.close()

    def grow(self, device: SimulatedDevice, *, now: float) -> None:
        """Let a device write what is due by now: rows of its run, bytes of its recording."""
        if device.run and (database := self.database(device.run)):
            self._grow(database, until=now + device.clock_offset)
        if (recording := device.recording) and now + recording.clock_offset > recording.ended_at:
            newest, recording.ended_at = recording.chunk_count, now + recording.clock_offset
            if device.number in self._laid_out:
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

    def _stored(self, run: Tracking) -> Store:
        if not run.served:
            return SqliteStore(run, self.path(run))
        if self._mariadb is None:
            raise StoreLost("the lab has no MariaDB this time")
        return MariaStore(run, self._mariadb)

    def _keep(self, database: ResultDatabase) -> None:
        if database.run.stopped_at is None:
            self._open[database.run.filename] = database
        else:
            database.close()


def rest_after_absence(device: SimulatedDevice, *, now: float) -> None:
    """A lab that was away for over a day finds its recordings ended, not a day of new chunks."""
    if not (recording := device.recording):
        return
    if now + recording.clock_offset - recording.ended_at > DAY:
        recording.stopped = True
