"""Open a copy of a run's database and say what state it is in. The file is never trusted."""

import errno
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from backups.engine.copies.contents import NOTHING, Contents, contents_of
from backups.engine.copies.digests import forget
from backups.engine.copies.identity import beside, fingerprint
from backups.engine.copies.integrity import damage
from backups.engine.copies.opening import GaveUp, NotADatabase, never, reading, wal_is_read
from backups.engine.items import CopyState
from devices.texts import one_line

LARGEST_PRIVATE_COPY = 256 * 1024 * 1024
LONGEST_PROBLEM = 500

# What SQLite says when it was kept from looking; everything else is the file's own fault.
_KEPT_FROM_LOOKING = {
    sqlite3.SQLITE_BUSY: "locked by another program",
    sqlite3.SQLITE_LOCKED: "locked by another program",
    sqlite3.SQLITE_PROTOCOL: "locked by another program",
    sqlite3.SQLITE_INTERRUPT: "gave up: reading it took too long",
    sqlite3.SQLITE_PERM: "may not be read",
    sqlite3.SQLITE_CANTOPEN: "could not be opened",
    sqlite3.SQLITE_READONLY: "left half-written by a program that died, or being written",
    sqlite3.SQLITE_NOMEM: "it asks for more memory than there is",
    sqlite3.SQLITE_FULL: "no room for a private copy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What opening a copy showed; `contents` are of a usable one."""

    state: CopyState
    problem: str = ""
    contents: Contents = NOTHING


def inspect(
    path: Path,
    *,
    latest: datetime,
    give_up_after: float = 5.0,
    private_bytes: int = LARGEST_PRIVATE_COPY,
    deeply: bool = False,
    stop: Callable[[], bool] = never,
) -> Inspection:
    """Look into a database, changing nothing in its folder. Never raises for a bad file.

    `deeply` reads it from the disk, from its first page to its last, every index beside its table,
    and counts every row; where its -wal is too large to be read along, that cannot be done.

    `latest` is the last moment, on the device's clock, that a row can be of. BUSY says that
    nothing was learnt: being written, locked, not allowed, or not done in `give_up_after` seconds.
    """
    try:
        before = _mark(path)
        reading = _Reading(
            path=path,
            latest=latest,
            deadline=time.monotonic() + give_up_after,
            private_bytes=private_bytes,
            deeply=deeply,
            stop=stop,
        )
        found = reading.look()
        if _mark(path) != before:
            return _busy("was being written while it was read")
    except OSError as error:
        reason = error.strerror or str(error)
        return _corrupt(reason) if error.errno == errno.EIO else _busy(f"not readable: {reason}")
    return found


def _mark(path: Path) -> tuple[str, bool]:
    journal = beside(path, "-journal")
    return fingerprint(path), bool(journal and journal.st_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    path: Path
    latest: datetime
    deadline: float
    private_bytes: int
    deeply: bool
    stop: Callable[[], bool]

    def look(self) -> Inspection:
        if at_first_sight := _without_opening(self.path):
            return at_first_sight
        if self.deeply and _has_unread_wal(self.path, self.private_bytes):
            return _busy("its -wal is too large to be read along")
        return self._look_inside()

    def _look_inside(self) -> Inspection:
        if self.deeply:
            _forget(self.path)
        try:
            found = self._open()
        except NotADatabase as error:
            return _corrupt(str(error))
        except GaveUp as error:
            return _busy(f"gave up: {error}")
        except UnicodeDecodeError:  # SQLite quotes a damaged schema in the text of its error
            return _corrupt("malformed database schema")
        except sqlite3.Error as error:
            return _failed(error)
        return _with_unread_wal(self.path, found, self.private_bytes, deeply=self.deeply)

    def _open(self) -> Inspection:
        with reading(
            self.path, deadline=self.deadline, private_bytes=self.private_bytes, stop=self.stop
        ) as connection:
            if self.deeply and (wrong := damage(connection)):
                return _corrupt(wrong)
            return _contents(connection, self.latest, counting=self.deeply)


def _forget(path: Path) -> None:
    """What memory still has of it may be better than what the disk has."""
    forget(path)
    with suppress(FileNotFoundError):
        forget(path.with_name(f"{path.name}-wal"))


def _without_opening(path: Path) -> Inspection | None:
    seen = path.lstat()
    journal = beside(path, "-journal")
    if not stat.S_ISREG(seen.st_mode):
        return _corrupt("not a regular file")
    if seen.st_size == 0:
        return Inspection(state=CopyState.EMPTY, problem="0 bytes")
    if journal and journal.st_size:
        return _busy("a rollback journal lies beside it: being written, or left by a crash")
    return None


def _contents(connection: sqlite3.Connection, latest: datetime, *, counting: bool) -> Inspection:
    found = contents_of(connection, latest=latest, counting=counting)
    state = CopyState.EMPTY if found.lacking else CopyState.USABLE
    return Inspection(state=state, problem=found.lacking, contents=found)


def _with_unread_wal(
    path: Path, found: Inspection, private_bytes: int, *, deeply: bool
) -> Inspection:
    """Say so where a WAL was too large to be read: what it holds is not known."""
    if not _has_unread_wal(path, private_bytes):
        return found
    if deeply or found.state is CopyState.EMPTY:
        said = found.problem or "read"
        return _busy(f"{said} without its -wal, which is too large to be read along")
    problem = "read without its -wal, which is too large: newer rows may be in there"
    return replace(found, problem=problem)


def _has_unread_wal(path: Path, private_bytes: int) -> bool:
    wal = beside(path, "-wal")
    return bool(wal and wal.st_size and not wal_is_read(path, wal, private_bytes=private_bytes))


def _failed(error: sqlite3.Error) -> Inspection:
    # Extended codes carry the plain one in their low byte; the module's own errors have none.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _KEPT_FROM_LOOKING:
        return _busy(_KEPT_FROM_LOOKING[code])
    return _corrupt(str(error))


def _busy(problem: str) -> Inspection:
    return Inspection(state=CopyState.BUSY, problem=one_line(problem, limit=LONGEST_PROBLEM))


def _corrupt(problem: str) -> Inspection:
    return Inspection(state=CopyState.CORRUPT, problem=one_line(problem, limit=LONGEST_PROBLEM))
