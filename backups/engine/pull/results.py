"""Pull one run's database: a proven copy of one moment, or the old copy as it was."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from backups.engine.copies import Inspection
from backups.engine.copies.arrival import (
    Extent,
    extent_of,
    make_readable_alone,
    prove,
    refuse_fewer_rows,
)
from backups.engine.copies.errors import CopyUnusable, FewerRows, LocalFull, file_errors
from backups.engine.copies.identity import fingerprint
from backups.engine.copies.place import Place, held, put_in_place, set_aside
from backups.engine.progress import Phase, Progress
from backups.engine.pull.errors import BadName
from backups.engine.pull.fetch import Fetch, Fetched
from backups.engine.pull.heard import Heard
from backups.engine.pull.names import checked_remote
from backups.engine.pull.on_device import DatabaseFiles
from backups.engine.pull.outcome import Method, PulledDatabase
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Route
from backups.engine.pull.ssh import SshTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """`known_mark` is that of an earlier result, and `known_fingerprint` that of the file which it
    left: where both hold still, nothing is copied. `is_doubted`: somebody found the copy here
    damaged; it is made anew, and the old one kept aside, whatever it holds. `gives_way`: a person
    lets the device's take its place though that holds less; the old one is kept aside then, too.

    A snapshot writes the whole database once to the device's card; Method.WITH_WAL writes nothing
    there, but needs a moment without a checkpoint as long as the copy takes.
    """

    methods: tuple[Method, ...] = (Method.SNAPSHOT, Method.WITH_WAL)
    known_mark: str = ""
    known_fingerprint: str = ""
    is_doubted: bool = False
    gives_way: bool = False
    integrity_check: bool = False
    bandwidth_kib: int = 0
    silent_seconds: int = 60
    keep_free_bytes: int = 64 * 1024 * 1024


DEFAULTS = DatabaseOptions()


def pull_database(
    target: SshTarget,
    *,
    remote_path: PurePosixPath,
    destination: Path,
    now: datetime,
    latest: datetime,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    options: DatabaseOptions = DEFAULTS,
) -> PulledDatabase:
    """Make the copy at `destination` hold what the database on the device holds at some moment.

    Readers see the old copy or the new one. `latest` is the last moment, on the device's clock,
    that a row can be of. Raises PullError; then the old copy is as it was.
    """
    checked_remote(remote_path)
    if destination.name != remote_path.name:
        raise BadName(f"{destination.name}: the copy has the name that the device gave")
    began = time.monotonic()
    # The same right as a mirror's: at most one of them writes a copy.
    with file_errors(destination), held(destination) as place:
        leash = Leash(cancelled=cancelled, silent_seconds=options.silent_seconds)
        route = Route(
            target=target,
            leash=leash,
            tell=progress,
            bandwidth_kib=options.bandwidth_kib,
            silent_seconds=options.silent_seconds,
        )
        pull = _DatabasePull(place=place, route=route, options=options, now=now, latest=latest)
        done = pull.run(remote_path)
    return replace(done, seconds=time.monotonic() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatabasePull:
    place: Place
    route: Route
    options: DatabaseOptions
    now: datetime
    latest: datetime

    def run(self, remote_path: PurePosixPath) -> PulledDatabase:
        self._tell(Phase.CONNECTING)
        with _workshop(self.place.destination) as folder:
            fetch = Fetch(
                route=self.route,
                remote=remote_path,
                folder=folder,
                present=self.place.destination,
                methods=self.options.methods,
            )
            look = fetch.look()
            is_doubted = self.options.is_doubted
            if look.mark == self.options.known_mark and self._is_as_proven():
                try:
                    return self._unchanged(look)
                except CopyUnusable:  # ours is, though nobody wrote it
                    is_doubted = True
            self._refuse_if_full(look)
            return self._install(fetch.bring(look), look, is_doubted=is_doubted)

    def _is_as_proven(self) -> bool:
        """Nobody has written the copy since. Looked at here: what is stored of it may be old."""
        if self.place.is_empty or self.options.is_doubted:
            return False
        return fingerprint(self.place.destination) == self.options.known_fingerprint

    def _install(
        self, fetched: Fetched, look: DatabaseFiles, *, is_doubted: bool
    ) -> PulledDatabase:
        self._tell(Phase.VERIFYING)
        make_readable_alone(fetched.path)
        inspection = self._prove(fetched.path)
        why = self._why_aside(fetched.path, is_doubted=is_doubted)
        fetched.path.chmod(0o644)
        fetched.path.replace(self.place.fresh)
        kept = (set_aside(self.place, why, now=self.now),) if why else ()
        left = put_in_place(self.place)
        done = self._result(look, inspection, fetched.method, fetched.heard, left=left)
        return replace(done, changed=True, kept=kept, remarks=fetched.remarks)

    def _unchanged(self, look: DatabaseFiles) -> PulledDatabase:
        """Nothing to copy; that the copy here is still whole is looked at all the same."""
        self._tell(Phase.VERIFYING)
        inspection = self._prove(self.place.destination)
        left = self.options.known_fingerprint
        return self._result(look, inspection, Method.AS_IS, Heard(), left=left)

    def _prove(self, path: Path) -> Inspection:
        return prove(path, latest=self.latest, deeply=self.options.integrity_check)

    def _why_aside(self, fresh: Path, *, is_doubted: bool) -> str:
        """Why the present copy must be kept beside the new one; empty: the new one holds it all."""
        if self.place.is_empty:
            return ""
        if is_doubted:
            return "corrupt"
        present = extent_of(self.place.destination)
        arrived = extent_of(fresh, within=present)
        if present is None or arrived is None:
            return "corrupt"
        if present.run != arrived.run:
            # A torn copy of the old engine has no tables at all: nothing in it is worth keeping.
            return "restarted" if present.highest else ""
        return self._why_of_more_rows(arrived, present)

    def _why_of_more_rows(self, arrived: Extent, present: Extent) -> str:
        try:
            refuse_fewer_rows(arrived, present)
        except FewerRows:
            if self.options.gives_way:
                return "more-rows"
            raise
        return ""

    def _refuse_if_full(self, look: DatabaseFiles) -> None:
        free = shutil.disk_usage(self.place.destination.parent).free
        # A -wal is played into its database here, which can grow it by as much again.
        needed = look.size_bytes + (look.wal.size if look.wal else 0)
        if free - needed < self.options.keep_free_bytes:
            raise LocalFull(f"{needed:,} bytes are needed, {free:,} are free")

    def _result(
        self,
        look: DatabaseFiles,
        inspection: Inspection,
        method: Method,
        heard: Heard,
        *,
        left: str,
    ) -> PulledDatabase:
        return PulledDatabase(
            destination=self.place.destination,
            method=method,
            changed=False,
            inspection=inspection,
            size_bytes=self.place.destination.stat().st_size,
            wire_bytes=heard.wire_bytes,
            literal_bytes=heard.literal_bytes,
            mark=look.mark,
            fingerprint=left,
            kept=(),
            remarks=(),
            seconds=0.0,
        )

    def _tell(self, phase: Phase) -> None:
        self.route.tell(Progress(phase=phase))


@contextmanager
def _workshop(destination: Path) -> Iterator[Path]:
    """A hidden folder beside the copy, where what arrives is proven.

    What a broken transfer left is built upon by the next one; all else goes.
    """
    folder = destination.with_name(f".{destination.name}.pull")
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        yield folder
    finally:
        for path in folder.iterdir():
            if path.is_dir() and path.name == "partial":
                continue
            path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
