"""List what a device's card holds, read-only. Runs on the device, below Python 3.5 and later.

Fed to `python3 -I -S -`, with a line in front that sets GIVEN. The answer is one JSON object a
line, in ASCII: a head, then folders, what could not be read, and databases, and an end with the
totals. An answer without its end was cut. Names are bytes: each is one character from 0 to 255.
Nothing is written, made or locked on the device but the read mark that any reader of a live
database in WAL mode sets.
"""

import json
import os
import select
import signal
import stat
import sys
import time
from typing import Any

try:
    import sqlite3

    UNREADABLE = (sqlite3.Error, ValueError)  # type: tuple
except ImportError:
    UNREADABLE = (ValueError,)

VERSION = 1
MOST_LINE = 8000
MOST_TABLES = 150
LONGEST_VALUE = 300
LONGEST_ERROR = 2000
COUNTED = 5000  # rows that are counted at most where a table has no id
SECONDS_A_DATABASE = 10
FIELDS = ("date_time", "stop_date_time", "machine_id", "backup_filename", "result_writer_type")
TYPES = (
    (stat.S_ISLNK, "l"), (stat.S_ISDIR, "d"), (stat.S_ISFIFO, "p"), (stat.S_ISSOCK, "s"),
    (stat.S_ISCHR, "c"), (stat.S_ISBLK, "b"),
)  # fmt: skip


class Ended(Exception):
    """Nobody listens any more, or it became too much."""


class NotRead(Exception):
    """Why a database was left alone."""


class Output:
    def __init__(self, most_files: int) -> None:
        self.left = most_files
        self.totals = {"lines": 0, "folders": 0, "files": 0, "bytes": 0, "errors": 0}
        self.listener = select.poll()
        self.listener.register(1, 0)

    def say(self, kind: str, told: dict) -> None:
        told["k"] = kind
        self.totals["lines"] += 1
        sys.stdout.write(json.dumps(told, separators=(",", ":"), sort_keys=True) + "\n")

    def check(self) -> None:
        """Any event on a pipe that is only asked for its end says that its reader is gone."""
        if self.listener.poll(0):
            raise Ended("nobody listens")

    def count_one(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Ended("there are more files than a listing may have")

    def fail(self, path: bytes, error: OSError) -> None:
        self.totals["errors"] += 1
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        path = path[:LONGEST_ERROR].rstrip(b"/")
        self.say("error", {"path": text(path), "reason": reason[:LONGEST_VALUE]})


def text(name: bytes) -> str:
    return name.decode("latin-1")


def kind_of(mode: int) -> str:
    return next((letter for fits, letter in TYPES if fits(mode)), "-")


def walk(root: bytes, answer: Output) -> list:
    """Every folder in order of its path; gives the databases. No link is followed."""
    waiting, databases = [b""], []
    while waiting:
        folder = waiting.pop()
        answer.check()
        answer.count_one()
        try:
            files, below = look(root, folder, answer)
        except OSError as error:
            answer.fail(folder, error)
            continue
        tell_folder(folder, files, answer)
        waiting.extend(sorted(below, reverse=True))
        databases += [joined(folder, file[0]) for file in files if is_database(file)]
    return databases


def look(root: bytes, folder: bytes, answer: Output) -> tuple:
    files, below = [], []
    for entry in os.scandir(joined(root, folder)):
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # gone since it was named
        except OSError as error:
            answer.fail(joined(folder, entry.name), error)
            continue
        if stat.S_ISDIR(found.st_mode):
            below.append(joined(folder, entry.name))
            continue
        answer.count_one()
        kind = kind_of(found.st_mode)
        files.append((entry.name, found.st_size, int(found.st_mtime), found.st_blocks, kind))
    return sorted(files), below


def joined(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder and name else folder or name


def tell_folder(folder: bytes, files: list, answer: Output) -> None:
    """In pieces that fit a line; what all names of a piece begin with is said once."""
    answer.totals["folders"] += 1
    answer.totals["files"] += len(files)
    answer.totals["bytes"] += sum(file[1] for file in files if file[4] == "-")
    path, places = text(folder), pieces(files)
    for place, some in enumerate(places):
        begin = os.path.commonprefix([f[0] for f in some]) or b""  # noqa: RUF071  # of names
        told = [tell_file(file, len(begin)) for file in some]
        more = place + 1 < len(places)
        answer.say("folder", {"path": path, "begin": text(begin), "files": told, "more": more})


def tell_file(file: tuple, begin: int) -> list:
    told = [text(file[0][begin:])] + list(file[1:4])
    return told if file[4] == "-" else told + [file[4]]


def pieces(files: list) -> list:
    found = [[]]  # type: list
    room = MOST_LINE
    for file in files:
        size = len(json.dumps(text(file[0]))) + 50
        if found[-1] and size > room:
            found.append([])
            room = MOST_LINE
        found[-1].append(file)
        room -= size
    return found


def is_database(file: tuple) -> bool:
    return bool(file[0].endswith(b".db")) and file[4] == "-" and file[1] > 0


def tell_database(root: bytes, path: bytes, answer: Output) -> None:
    answer.check()
    told = {"path": text(path), "wal": None}  # type: dict
    try:
        read_database(joined(root, path), told)
    except NotRead as why:
        told["unread"] = str(why)
    except OSError as error:
        told["unread"] = error.strerror or "cannot be read"
    except UNREADABLE as error:
        told["unread"] = str(error)[:LONGEST_VALUE] or "cannot be read"
    if "unread" in told:
        told["tables"], told["words"] = [], {}
    answer.say("database", told)


def read_database(path: bytes, told: dict) -> None:
    """A live one over its own -shm; what nobody writes as it lies there. Never a file is made."""
    if "sqlite3" not in sys.modules:
        raise NotRead("its Python has no sqlite3")
    before = marks_of(path)
    wal, shm, journal = before[1], before[2], before[3]
    told["wal"] = wal[0] if wal else None
    told["size"], told["modified"] = before[0][0], before[0][1] // 10**9
    if journal and journal[0]:
        raise NotRead("a transaction was under way, or was broken off")
    if wal and wal[0] and not shm:
        raise NotRead("its -wal was left behind by a writer that died")
    live = bool(wal and shm)
    check_beginning(path)
    read_tables(path, "mode=ro" if live else "mode=ro&immutable=1", told)
    if live:
        return
    if marks_of(path) != before:
        raise NotRead("it was written meanwhile")


def check_beginning(path: bytes) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.read(handle, 16) != b"SQLite format 3\0":
            raise NotRead("is no SQLite database")
    finally:
        os.close(handle)


def marks_of(path: bytes) -> list:
    return [mark_of(path, suffix) for suffix in (b"", b"-wal", b"-shm", b"-journal")]


def mark_of(path: bytes, suffix: bytes) -> Any:
    try:
        found = os.lstat(path + suffix)
    except FileNotFoundError:
        if suffix:
            return None
        raise
    return found.st_size, found.st_mtime_ns, found.st_ino


def read_tables(path: bytes, mode: str, told: dict) -> None:
    quoted = "".join(chr(c) if chr(c).isalnum() and c < 128 else "%%%02x" % c for c in path)
    connection = sqlite3.connect("file:" + quoted.replace("%2f", "/") + "?" + mode, uri=True)
    until = time.monotonic() + SECONDS_A_DATABASE
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.set_progress_handler(lambda: time.monotonic() > until, 10000)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")  # all of one moment
        tables = own_tables(connection)
        told["tables"] = [tell_table(connection, name) for name in tables]
        told["words"] = words_of(connection) if "METADATA" in tables else {}
    finally:
        connection.close()


def own_tables(connection: Any) -> list:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 LIMIT 10000"
    )
    names = sorted(name for (name,) in found if not name.startswith("sqlite_"))
    if len(names) > MOST_TABLES or not all(map(is_plain, names)):
        raise NotRead("its tables are too many, or oddly called")
    return names


def is_plain(name: str) -> bool:
    return len(name) <= 64 and all(" " <= letter < "\x7f" for letter in name)


def tell_table(connection: Any, name: str) -> list:
    """[name, highest id, count]: the highest id is found on a few pages, a count reads them all."""
    quoted = '"' + name.replace('"', '""') + '"'
    columns = {row[1].lower() for row in connection.execute("PRAGMA table_info(%s)" % quoted)}
    if "id" in columns:
        highest = connection.execute("SELECT max(id) FROM %s" % quoted).fetchone()[0]
        known = highest is None or isinstance(highest, int)
        return [name, max(highest or 0, 0) if known else None, None]
    counted = "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d)" % (quoted, COUNTED + 1)
    count = connection.execute(counted).fetchone()[0]
    return [name, None, count if count <= COUNTED else None]


def words_of(connection: Any) -> dict:
    found = {}
    query = "SELECT substr(value, 1, %d) FROM METADATA WHERE field = ? LIMIT 3" % LONGEST_VALUE
    for field in FIELDS:
        values = [value for (value,) in connection.execute(query, (field,))]
        found[field] = [str(value) for value in values if value is not None]
    return found


def tell_head(root: bytes, answer: Output) -> None:
    room = os.statvfs(root)
    answer.say(
        "head",
        {
            "version": VERSION,
            "python": "%d.%d.%d" % sys.version_info[:3],
            "clock": int(time.time()),
            "boot": line_of("/proc/sys/kernel/random/boot_id"),
            "uptime": uptime(),
            "size": room.f_blocks * room.f_frsize,
            "free": room.f_bavail * room.f_frsize,
            "read_only": is_read_only(root),
            "faults": ext4_faults(),
        },
    )


def line_of(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return text(file.read(200)).strip()
    except OSError:
        return ""


def uptime() -> Any:
    seconds = line_of("/proc/uptime").partition(".")[0]
    return int(seconds) if seconds.isdigit() else None


def is_read_only(root: bytes) -> Any:
    """By the mount's options; None: not told. New kernels keep `rw` after an error."""
    root, best, found = os.path.realpath(root), b"", None
    try:
        with open("/proc/self/mounts", "rb") as file:
            mounts = [line.split() for line in file.read(1000000).splitlines()]
    except OSError:
        return None
    for words in mounts:
        place = words[1] if len(words) > 3 else b"?"
        inside = place == b"/" or root == place or root.startswith(place + b"/")
        if inside and len(place) >= len(best):
            options = words[3].split(b",")
            best, found = place, b"ro" in options or b"emergency_ro" in options
    return found


def ext4_faults() -> list:
    """[partition, errors, time of the last] where the kernel counts any."""
    found = []  # type: list
    folder = "/sys/fs/ext4"
    try:
        names = sorted(os.listdir(folder))[:20]
    except OSError:
        return found
    for name in names:
        count = line_of(folder + "/" + name + "/errors_count")
        last = line_of(folder + "/" + name + "/last_error_time")
        if count.isdigit() and int(count):
            found.append([name[:64], int(count), int(last) if last.isdigit() else None])
    return found


def give_up(number: int, frame: Any) -> None:
    sys.stderr.write("ethonode lister: it took too long\n")
    sys.stderr.flush()
    os._exit(6)


def main(given: dict) -> int:
    os.chdir("/")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(given["seconds"]))
    try:
        os.nice(19)
    except OSError:
        pass
    root, answer = given["root"].encode("latin-1"), Output(given["files"])
    try:
        tell_head(root, answer)
        for path in walk(root, answer):
            tell_database(root, path, answer)
    except OSError as error:
        sys.stderr.write("ethonode lister: %s: %s\n" % (given["root"], error.strerror))
        return 4
    except Ended as why:
        sys.stderr.write("ethonode lister: %s\n" % why)
        return 5
    answer.say("end", dict(answer.totals))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(globals()["GIVEN"])))
