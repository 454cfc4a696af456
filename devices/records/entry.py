"""One device's entry: of the node's /devices, or made of the device's own answers."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from devices.client import readable
from devices.ids import is_device_id
from devices.records.device import ANSWERING, WRITING, DeviceRecord, ListedDatabase
from devices.records.fields import Fields
from devices.records.inventory import LARGEST, Inventory, read_inventory, started_at
from devices.records.rows import told_rows

COUNTING = frozenset({"running", "stopping", "stopped"})


class BadEntry(Exception):
    """An entry that cannot be told apart from another device's, or is none."""


def parse_entry(device_id: str, entry: dict[str, Any], *, databases: Any) -> DeviceRecord:
    """Read what is readable; the rest is in the record's `problems`.

    Raises BadEntry where it is unclear whose entry this is.
    """
    if not is_device_id(device_id):
        raise BadEntry("its id is not made of up to 64 letters, digits, '_' and '-' (not first)")
    if (own := entry.get("id", device_id)) != device_id:
        other = readable(own) if isinstance(own, str) else "nobody"
        raise BadEntry(f"its entry says that it is {other}")
    problems: list[str] = []
    fields = Fields(entry, problems)
    inventory = read_inventory(databases, problems=problems)
    current = _current_experiment(fields, inventory)
    status = fields.text("status", longest=32)
    clock_at = fields.moment("current_timestamp")
    doubt = _doubt(fields, status, clock_at)
    writing = status in WRITING and not doubt
    contradiction = _contradiction(inventory, current) if writing else ""
    return DeviceRecord(
        device_id=device_id,
        name=fields.text("name", longest=64),
        address=fields.address("ip"),
        status=status,
        answering=not doubt,
        inventory=inventory.listed,
        inventory_error=doubt or inventory.error or contradiction,
        clock_at=clock_at,
        version=_version(fields),
        used_percent=_percent(fields, "used_space"),
        current_experiment=current,
        problems=tuple(dict.fromkeys(problems)),
    )


def _doubt(fields: Fields, status: str, clock_at: datetime | None) -> str:
    """Why this is not what the device says now; "" if it is."""
    if status not in ANSWERING:
        return f"the device is {status or 'without a status'}: this is an older answer"
    errors = fields.values.get("consecutive_errors", 0)
    if isinstance(errors, bool) or errors != 0:
        return "the node did not reach the device: this is an older answer"
    if fields.values.get("error") and clock_at is None:
        # A device without its listener answers with an error only, and the node shows older facts.
        return "the device reports an error and not its time: this may be an older answer"
    return ""


def _contradiction(inventory: Inventory, current: ListedDatabase | None) -> str:
    """What a device that writes an experiment must also say."""
    if not inventory.listed:
        return "it writes an experiment, but lists no database"
    return "" if current else "it writes an experiment, but does not say which"


def _current_experiment(fields: Fields, inventory: Inventory) -> ListedDatabase | None:
    filename = _current_filename(fields)
    for database in inventory.listed or ():
        if database.filename == filename:
            return _with_live_rows(database, fields)
    if not filename:
        return None
    guess = ListedDatabase(
        filename=filename, writer=_writer(fields), started_at=started_at(filename), guessed=True
    )
    return _with_live_rows(guess, fields)


def _with_live_rows(database: ListedDatabase, fields: Fields) -> ListedDatabase:
    """What the device counts of the database that it writes, or wrote last.

    While it starts, `database_info` may still be of the experiment before.
    """
    info = fields.below("database_info")
    named = info.filename("sqlite_source_path") or database.filename
    if named != database.filename or fields.values.get("status") not in COUNTING:
        return database
    rows, size = told_rows(info.values.get("table_counts")), _size(info)
    return replace(
        database,
        rows=rows if rows is not None else database.rows,
        size_bytes=size if rows is not None else database.size_bytes,
    )


def _size(info: Fields) -> int | None:
    size = info.number("db_size_bytes", least=0, most=LARGEST)
    return int(size) if size else None


def _current_filename(fields: Fields) -> str:
    """The best-known first: each kind of answer, and each age of firmware, has its own place."""
    info = fields.below("database_info")
    old = info.below("sqlite").below("current")
    previous = fields.below("experimental_info").below("previous")
    return (
        fields.filename("backup_filename")
        or info.filename("sqlite_source_path")
        or fields.filename("sqlite_source_path")
        or old.filename("backup_filename")
        or fields.below("latest_cache").filename("backup_filename")
        or fields.filename("backup_path")
        or previous.filename("backup_filename")
        or fields.filename("previous_backup_filename")
    )


def _writer(fields: Fields) -> str:
    info = fields.below("database_info").values
    told = (
        fields.values.get("result_writer_type"),
        info.get("db_version"),
        info.get("active_type"),
    )
    words = " ".join(map(str, told)).lower()
    return "mysql" if "mysql" in words or "mariadb" in words else "sqlite"


def _version(fields: Fields) -> str:
    version = fields.below("version")
    commit, date = version.text("id", longest=64), version.text("date", longest=19)
    return f"{commit[:8]} ({date})" if commit and date else commit[:8]


def _percent(fields: Fields, key: str) -> int | None:
    value = fields.values.get(key)
    digits = str(value).removesuffix("%").strip() if isinstance(value, str | int) else ""
    if digits.isdecimal() and len(digits) <= 3 and int(digits) <= 100:
        return int(digits)
    if value not in (None, ""):
        fields.problems.append(f"its {key} is not a percentage")
    return None
