"""Bring one moment of a device's database into a folder here, by whichever way it allows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from backups.engine.copies.errors import CopyUnusable
from backups.engine.copies.opening import memory_errors
from backups.engine.progress import Phase, Progress
from backups.engine.pull.errors import (
    KeepsChanging,
    RemoteFailed,
    RemoteFull,
    SourceVanished,
    TransferIncomplete,
)
from backups.engine.pull.heard import Heard
from backups.engine.pull.names import checked_remote
from backups.engine.pull.on_device import DatabaseFiles, look_at, snapshot
from backups.engine.pull.outcome import Method
from backups.engine.pull.rsync import Route, copy_whole

ATTEMPTS = 4  # at copying a database with its -wal between two checkpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What lies in the folder now: one file, whole by itself."""

    path: Path
    method: Method
    heard: Heard
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One database, the folder for what arrives, and the folder of the copy to build upon."""

    route: Route
    remote: PurePosixPath
    folder: Path
    present: Path  # of the same name as the database on the device
    methods: tuple[Method, ...]

    def bring(self, look: DatabaseFiles) -> Fetched:
        if look.is_idle:
            heard = self._copy(look.size_bytes, [self.remote])
            if look == self.look():
                return self._fetched(Method.AS_IS, heard)
        return self._bring_live(look)

    def look(self) -> DatabaseFiles:
        return look_at(self.route.account, self.remote, leash=self.route.leash)

    def _bring_live(self, look: DatabaseFiles) -> Fetched:
        """Try each way; what kept the ones before from working is told with the result."""
        ways: dict[Method, Callable[[DatabaseFiles], Fetched]] = {
            Method.SNAPSHOT: self._bring_snapshot,
            Method.WITH_WAL: self._bring_with_wal,
        }
        chosen = [ways[method] for method in self.methods if method in ways]
        remarks: list[str] = []
        for way in chosen[:-1]:
            try:
                return way(look)
            except (RemoteFailed, RemoteFull, KeepsChanging) as error:
                remarks.append(str(error))
        last = chosen[-1](look)
        return Fetched(path=last.path, method=last.method, heard=last.heard, remarks=tuple(remarks))

    def _bring_snapshot(self, look: DatabaseFiles) -> Fetched:
        target, leash = self.route.account, self.route.leash
        self.route.tell(Progress(phase=Phase.SNAPSHOT, bytes_expected=look.size_bytes))
        name, size = self.remote.name, look.size_bytes
        with snapshot(target, self.remote, name=name, size_bytes=size, leash=leash) as (path, told):
            # The account's own words come back as a path: they are checked like any other.
            heard = self._copy(told, [checked_remote(path)])
        return self._fetched(Method.SNAPSHOT, heard)

    def _bring_with_wal(self, look: DatabaseFiles) -> Fetched:
        wal = self.remote.with_name(f"{self.remote.name}-wal")
        before = look
        for _ in range(ATTEMPTS):
            if before.journal and before.journal.size:
                raise KeepsChanging("a rollback journal lies beside it: being written, or crashed")
            sources = [self.remote, wal] if before.wal else [self.remote]
            heard = self._copy(before.size_bytes, sources)
            after = self.look()
            if before.is_continued_by(after):
                self._fold()
                return self._fetched(Method.WITH_WAL, heard)
            before = after
        raise KeepsChanging(f"its database was rewritten during {ATTEMPTS} attempts to copy it")

    def _copy(self, size_bytes: int, sources: list[PurePosixPath]) -> Heard:
        """Only what differs from the present copy goes over the wire, and never in place."""
        self._clear()
        options = ["--ignore-times", f"--copy-dest={self.present.parent.absolute()}"]
        options += [f"--partial-dir={self.folder.absolute() / 'partial'}"]
        heard = copy_whole(self.route, sources, self.folder, options=options, size_bytes=size_bytes)
        if heard.problem:
            raise TransferIncomplete(heard.problem)
        if not self._path.is_file() or self._path.is_symlink():
            raise SourceVanished(f"{self.remote}: nothing arrived")
        return heard

    def _fold(self) -> None:
        """Play the -wal into its database, as the writer's next start would."""
        try:
            with (
                memory_errors(),
                closing(sqlite3.connect(self._path, isolation_level=None)) as connection,
            ):
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.Error as error:
            raise CopyUnusable(f"its -wal cannot be played: {error}") from error

    def _clear(self) -> None:
        for tail in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + tail).unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.folder / self.remote.name

    def _fetched(self, method: Method, heard: Heard) -> Fetched:
        return Fetched(path=self._path, method=method, heard=heard)
