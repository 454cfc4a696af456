"""What is asked of a device's shell about one database. Nothing of the device's is changed."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from backups.engine.pull.errors import PullError, RemoteFailed, RemoteFull, RemoteMissing
from backups.engine.pull.failures import LONGEST_TEXT, ssh_failure
from backups.engine.pull.names import checked_folder
from backups.engine.pull.processes import Leash, LocalProgram
from backups.engine.pull.ssh import SshTarget, command_on, run_on
from devices.texts import one_line

# GNU stat: a raspberry runs Debian. %F is "regular file" or "regular empty file" for those wanted.
_LOOK = """
export LC_ALL=C
for file in "$1" "$1-wal" "$1-journal"; do stat -c 'seen|%F|%s|%.9Y|%.9Z|%i' -- "$file" 2>&1; done
echo "salt|$(head -c 32 -- "$1-wal" 2>/dev/null | od -An -v -tx1 | tr -d ' \\n')"
"""

# It holds its copy for as long as the connection lasts, and removes it however that ends. What a
# power cut left behind goes half a day later.
_SNAPSHOT = """
export LC_ALL=C
umask 077
folder=
for base in /tmp /var/tmp "${HOME:-/tmp}"; do
  find "$base" -maxdepth 1 -type d -name 'ethonode-pull.*' -user "$(id -u)" -mmin +720 \\
    -exec rm -rf {} + 2>/dev/null
  free=$(df -Pk "$base" 2>/dev/null | awk 'NR==2 {print $4}')
  if [ -z "$folder" ] && [ -w "$base" ] && [ "${free:-0}" -gt "$2" ]; then
    folder=$(mktemp -d "$base/ethonode-pull.XXXXXXXX")
  fi
done
if [ -z "$folder" ]; then echo full; exit 0; fi
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 1' HUP INT TERM PIPE
echo "working"
# The open transaction holds one moment: without it, a commit makes the backup begin anew.
sqlite3 -batch -bail -init /dev/null "file:$4?mode=ro" '.timeout 20000' BEGIN \\
  'SELECT count(*) FROM sqlite_master' ".backup main $folder/$3" >/dev/null || exit 1
[ -s "$folder/$3" ] || exit 1
echo "ready|$folder|$(stat -c %s -- "$folder/$3")"
cat >/dev/null
"""
_SEEN = re.compile(r"seen\|([a-z ]+)\|([0-9]{1,19})\|([0-9.]{1,40})\|([0-9.]{1,40})\|([0-9]{1,20})")
_READY = re.compile(
    r"ready\|(/[A-Za-z0-9_./-]{1,200}/ethonode-pull\.[A-Za-z0-9]{8})\|([0-9]{1,19})"
)
ROOM_BESIDE = 64 * 1024 * 1024  # bytes that stay free on a device
SNAPSHOT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What moves when a file is written."""

    size: int
    modified: str
    changed: str
    inode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFiles:
    """The files of one database at one moment; None where there is none. `salt` begins the -wal."""

    db: Stamp
    wal: Stamp | None
    journal: Stamp | None
    salt: str

    @property
    def is_idle(self) -> bool:
        """Whether the file alone is the whole database."""
        return not (self.wal and self.wal.size) and not (self.journal and self.journal.size)

    @property
    def size_bytes(self) -> int:
        return self.db.size + (self.wal.size if self.wal else 0)

    @property
    def mark(self) -> str:
        return mark_of(self.db, self.wal)

    def is_continued_by(self, later: "DatabaseFiles") -> bool:
        """Whether files copied between two looks fit together.

        The database was not written, and the -wal was not begun anew: then it can only have
        grown, and any beginning of it is a moment that the writer really had.
        """
        if self.db != later.db or later.journal != self.journal:
            return False
        if self.wal is None or later.wal is None:
            return self.wal is later.wal
        same = self.wal.inode == later.wal.inode and self.salt == later.salt
        return same and later.wal.size >= self.wal.size


def mark_of(db: Stamp, wal: Stamp | None) -> str:
    """What tells the content of a database's files on a device from any other, as text.

    The -wal goes without its ctime: SQLite gives it its owner anew whenever root opens it to read.
    """
    mark = f"{db.size}:{db.modified}:{db.changed}:{db.inode}"
    return f"{mark}/{wal.size}:{wal.modified}:{wal.inode}" if wal and wal.size else mark


def look_at(target: SshTarget, path: PurePosixPath, *, leash: Leash) -> DatabaseFiles:
    """Raises RemoteMissing if the device says that there is no such file."""
    lines = run_on(target, _shell(_LOOK, path), leash=leash)
    if len(lines) != 4 or not lines[3].startswith("salt|"):
        raise RemoteFailed(f"unexpected answer: {_shown(lines)}")
    db, wal, journal = (stamp_in(line) for line in lines[:3])
    if db is None:
        raise RemoteMissing(f"{path}: the device has no such file")
    return DatabaseFiles(db=db, wal=wal, journal=journal, salt=lines[3][:80])


def folder_is_there(target: SshTarget, path: PurePosixPath, *, leash: Leash) -> bool:
    """Whether the device has this folder. Raises PullError where it could not be asked."""
    script = 'if [ -d "$1" ]; then echo there; else echo missing; fi'
    lines = run_on(target, _shell(script, checked_folder(path)), leash=leash)
    if lines not in (["there"], ["missing"]):
        raise RemoteFailed(f"unexpected answer: {_shown(lines)}")
    return lines == ["there"]


@contextmanager
def snapshot(
    target: SshTarget, path: PurePosixPath, *, name: str, size_bytes: int, leash: Leash
) -> Iterator[tuple[PurePosixPath, int]]:
    """A copy of one moment in a temporary place on the device, and its size.

    It is gone when this ends, or when the connection does.
    """
    room_kib = (2 * size_bytes + ROOM_BESIDE) // 1024
    words = command_on(target, _shell(_SNAPSHOT, path, room_kib, name, quote(str(path))))
    patient = Leash(cancelled=leash.cancelled, silent_seconds=SNAPSHOT_SECONDS, most_bytes=65536)
    with LocalProgram(words, stdin=subprocess.PIPE) as program:
        folder, size = _await_ready(program, patient)
        yield folder / name, size
        program.close_stdin()
        with suppress(PullError):  # the copy is here already; a rest of theirs goes later
            list(program.lines(leash))
            program.code(leash)


def _await_ready(program: LocalProgram, leash: Leash) -> tuple[PurePosixPath, int]:
    for line in program.lines(leash):
        if ready := _READY.fullmatch(line):
            return PurePosixPath(ready[1]), int(ready[2])
        if line == "full":
            raise RemoteFull("no temporary place on the device has room for a copy of its database")
    raise ssh_failure(program.code(leash), program.said)


def _shell(script: str, *words: object) -> list[str]:
    return ["sh", "-c", script, "ethonode", *map(str, words)]


def stamp_in(line: str) -> Stamp | None:
    """What a look said of one file; None: there is none. Raises RemoteFailed."""
    if found := _SEEN.fullmatch(line):
        if not found[1].startswith("regular"):
            raise RemoteFailed(f"not a file but a {found[1]}")
        return Stamp(int(found[2]), found[3], found[4], found[5])
    if line.endswith("No such file or directory"):
        return None
    raise RemoteFailed(_shown([line]))


def _shown(lines: list[str]) -> str:
    return one_line("; ".join(lines), limit=LONGEST_TEXT)
