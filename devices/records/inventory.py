"""A device's inventory: the object that /data/databases/<id> gives and the node passes on."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devices.records.device import ListedDatabase
from devices.records.fields import Fields, is_filename
from devices.records.rows import told_rows

LARGEST = 2**62
WRITERS = {"SQLite": "sqlite", "MariaDB": "mysql"}
_START = re.compile(r"(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What was listed; None: nothing could be read. With an error the list may lack some."""

    listed: tuple[ListedDatabase, ...] | None
    error: str = ""


def read_inventory(databases: Any, *, problems: list[str]) -> Inventory:
    """An absent or empty object is no answer; one with two empty lists is an empty inventory."""
    if databases is None or databases == {}:
        return Inventory(listed=None, error="its inventory could not be read")
    if not isinstance(databases, dict):
        return Inventory(listed=None, error="its inventory is not a list of databases")
    absent = [key for key in WRITERS if not isinstance(databases.get(key), dict)]
    if len(absent) == len(WRITERS):
        return Inventory(listed=None, error="its inventory is not a list of databases")
    entries = [
        _listed(key, entry, writer=writer, problems=problems)
        for section, writer in WRITERS.items()
        if section not in absent
        for key, entry in databases[section].items()
    ]
    listed = {database.filename: database for database in reversed(entries) if database}
    error = f"its inventory lacks the list of {absent[0]} databases" if absent else ""
    if unreadable := entries.count(None):
        error = f"its inventory names {unreadable} experiment(s) in a way that cannot be read"
    return Inventory(listed=tuple(reversed(listed.values())), error=error)


def started_at(filename: str) -> datetime | None:
    """A database's file name begins with its experiment's start, in UTC by the device's clock."""
    if not (found := _START.match(filename)):
        return None
    try:
        return datetime.strptime(found[1], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _listed(key: str, entry: Any, *, writer: str, problems: list[str]) -> ListedDatabase | None:
    fields = Fields(entry, problems)
    filename = fields.filename("backup_filename")
    if "backup_filename" not in fields.values and writer == "sqlite":
        filename = key if is_filename(key) else ""
    if not isinstance(entry, dict) or not filename:
        return None
    is_there = fields.values.get("file_exists")
    return ListedDatabase(
        filename=filename,
        writer=writer,
        started_at=fields.moment("date") or started_at(filename),
        state=fields.text("db_status", longest=32),
        path=fields.text("path", longest=400),
        rows=told_rows(fields.values.get("table_counts")),
        size_bytes=_size(fields),
        is_there=is_there if isinstance(is_there, bool) else None,
    )


def _size(fields: Fields) -> int | None:
    """The device's own size of a file; 0 is how it says that it never looked.

    The node puts the size of its copy in the same place, and says so (facts 3.3).
    """
    if fields.values.get("rsync_enhanced"):
        return None
    size = fields.number("filesize", least=0, most=LARGEST)
    return int(size) if size else None
