"""What the databases of a card hold: the rows of each table, and what they say of themselves."""

import os
import sys
import time
from typing import Any

from backups.engine.card.device.common import LONGEST_VALUE, Output, joined, text

try:
    import sqlite3

    UNREADABLE = (sqlite3.Error, ValueError, MemoryError)  # type: tuple
except ImportError:
    UNREADABLE = (ValueError,)

MOST_TABLES = 150
COUNTED = 5000  # rows that are counted at most where a table has no id
SECONDS_A_DATABASE = 10
FIELDS = ("date_time", "stop_date_time", "machine_id", "backup_filename", "result_writer_type")


class Same(Exception):
    """Nobody wrote it since it was read the last time."""


class LeftAlone(Exception):
    """Why a database was not read."""


def tell_database(root: bytes, path: bytes, known: Any, answer: Output) -> None:
    answer.check()
    told = {"path": text(path), "main": None, "log": None}  # type: dict
    try:
        read_database(joined(root, path), known, told)
    except Same:
        answer.say("same database", {"path": text(path)})
        return
    except LeftAlone as why:
        told["unread"] = str(why)
    except OSError as error:
        told["unread"] = error.strerror or "cannot be read"
    except UNREADABLE as error:
        told["unread"] = str(error)[:LONGEST_VALUE] or "cannot be read"
    if "unread" in told:
        told["tables"], told["words"] = [], {}
    answer.say("database", told)


def read_database(path: bytes, known: Any, told: dict) -> None:
    """A live one over its own -shm; what nobody writes as it lies there. Never a file is made."""
    before = stamps_of(path)
    told["main"], told["log"] = before[0], before[1]
    if "sqlite3" not in sys.modules:
        raise LeftAlone("its Python has no sqlite3")
    wal, shm, journal = before[1], before[2], before[3]
    if journal and journal[0]:
        raise LeftAlone("a transaction was under way, or was broken off")
    if wal and wal[0] and not shm:
        raise LeftAlone("its -wal was left behind by a writer that died")
    if known and known == [list(before[0]), without_change(wal)]:
        raise Same()
    live = bool(wal and shm)
    check_beginning(path)
    read_tables(path, "mode=ro" if live else "mode=ro&immutable=1", told)
    if live:
        return
    if stamps_of(path) != before:
        raise LeftAlone("it was written meanwhile")


def check_beginning(path: bytes) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.read(handle, 16) != b"SQLite format 3\0":
            raise LeftAlone("is no SQLite database")
    finally:
        os.close(handle)


def without_change(wal: Any) -> Any:
    """SQLite gives it its owner anew whenever root opens it to read."""
    return [wal[0], wal[1], wal[3]] if wal else None


def stamps_of(path: bytes) -> list:
    return [stamp_of(path, suffix) for suffix in (b"", b"-wal", b"-shm", b"-journal")]


def stamp_of(path: bytes, suffix: bytes) -> Any:
    try:
        found = os.lstat(path + suffix)
    except FileNotFoundError:
        if suffix:
            return None
        raise
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


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
    names = [name for (name,) in found if not str(name).startswith("sqlite_")]
    if len(names) > MOST_TABLES or not all(map(is_plain, names)):
        raise LeftAlone("its tables are too many, or oddly called")
    return sorted(names)


def is_plain(name: Any) -> bool:
    """A damaged one may be a number, or bytes."""
    is_text = isinstance(name, str)
    return is_text and len(name) <= 64 and all(" " <= letter < "\x7f" for letter in name)


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
