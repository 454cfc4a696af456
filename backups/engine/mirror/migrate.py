"""Old copies without PRIMARY KEY get them: built beside, verified, then put in place."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backups.engine.copies.errors import LocalChanged, LocalCorrupt, database_errors
from backups.engine.copies.opening import data_version, scratch, use_rollback_journal, writing
from backups.engine.copies.place import Place, held, put_in_place
from backups.engine.mirror.columns import quoted
from backups.engine.mirror.database import count, layout, layouts
from backups.engine.mirror.kept import SCHEMA, attached, keep_rows

KEY = "id"  # of every table of a device that has a key
_NEW = "migrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """`duplicates`: rows that were there more than once. `conflicts`: other rows under a key that
    is taken, or without a usable one; they are kept beside the copy."""

    tables: tuple[str, ...] = ()
    duplicates: int = 0
    conflicts: int = 0


def migrate_old_copy(destination: Path, *, now: datetime) -> Migration:
    """Give every table with an `id` but no key its PRIMARY KEY, in one step for readers."""
    with held(destination) as place:
        with writing(destination) as copy:
            keys = {name: KEY for name, columns in layouts(copy).items() if _lacks(columns, KEY)}
        return add_keys(place, keys, now=now) if keys else Migration()


def lacking(copy: sqlite3.Connection, keys: Mapping[str, str]) -> dict[str, str]:
    """Of these tables with their keys, those that the copy holds without any."""
    here = layouts(copy)
    return {name: key for name, key in keys.items() if _lacks(here.get(name, ()), key)}


def _lacks(columns: tuple[tuple[str, str, bool, int], ...], key: str) -> bool:
    has_key = any(place for *_, place in columns)
    return not has_key and any(name == key for name, *_ in columns)


def add_keys(place: Place, keys: Mapping[str, str], *, now: datetime) -> Migration:
    """Under the lock: a crash at any moment leaves the old copy or the new one."""
    with writing(place.destination) as copy:
        use_rollback_journal(copy)
        version = data_version(copy)
        with scratch(place.fresh) as fresh:
            for statement in _creations(copy, keys):
                fresh.execute(statement)
        with attached(copy, place.fresh, _NEW):
            migration = _fill(copy, keys, place, now=now)
        _finish(copy, place)
        if data_version(copy) != version:
            raise LocalChanged("another program wrote to the copy while it was migrated")
    put_in_place(place)
    return migration


def _creations(copy: sqlite3.Connection, keys: Mapping[str, str]) -> Iterator[str]:
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    for name, sql in copy.execute(query).fetchall():
        yield _with_key(copy, name, keys[name]) if name in keys else sql


def _with_key(copy: sqlite3.Connection, table: str, key: str) -> str:
    columns = []
    for name, kind, filled, _ in layout(copy, table):
        if name == key:
            columns.append(f"{quoted(name)} INTEGER PRIMARY KEY")
        else:
            columns.append(f"{quoted(name)} {kind}{' NOT NULL' if filled else ''}".rstrip())
    return f"CREATE TABLE {quoted(table)} ({', '.join(columns)})"


def _fill(
    copy: sqlite3.Connection, keys: Mapping[str, str], place: Place, *, now: datetime
) -> Migration:
    copy.execute(f"PRAGMA {_NEW}.journal_mode=OFF").fetchone()
    copy.execute(f"PRAGMA {_NEW}.synchronous=OFF")
    for table in layouts(copy):
        _copy_rows(copy, table, keys.get(table))
    duplicates, conflicts = 0, {}
    for table in keys:
        doubled, others = _left_out(copy, table)
        duplicates += doubled
        if others:
            conflicts[table] = others
    _keep(copy, conflicts, place, now=now)
    return Migration(
        tables=tuple(sorted(keys)), duplicates=duplicates, conflicts=sum(conflicts.values())
    )


def _copy_rows(copy: sqlite3.Connection, table: str, key: str | None) -> None:
    """The first row of each key."""
    name = quoted(table)
    where = ""
    if key is not None:
        usable = f"typeof({quoted(key)}) = 'integer'"
        where = (
            f"WHERE rowid IN (SELECT MIN(rowid) FROM main.{name} "  # noqa: S608
            f"WHERE {usable} GROUP BY {quoted(key)})"
        )
    copy.execute(f"INSERT INTO {_NEW}.{name} SELECT * FROM main.{name} {where}")  # noqa: S608


def _left_out(copy: sqlite3.Connection, table: str) -> tuple[int, int]:
    """Rows that are in the new table already, and rows that are not in it at all."""
    old, new = _both(table)
    total, distinct = count(copy, old), count(copy, f"SELECT DISTINCT * FROM ({old})")  # noqa: S608
    others = count(copy, f"{old} EXCEPT {new}")
    if distinct - others != count(copy, new):
        raise LocalCorrupt(f"{table}: migrating it would lose rows")
    return total - distinct, others


def _keep(
    copy: sqlite3.Connection, conflicts: Mapping[str, int], place: Place, *, now: datetime
) -> None:
    beside = attached(copy, place.removed_rows, SCHEMA) if conflicts else nullcontext()
    with beside:
        for table in conflicts:
            old, new = _both(table)
            columns = [column[0] for column in layout(copy, table)]
            keep_rows(copy, table, columns, f"{old} EXCEPT {new}", now=now)


def _both(table: str) -> tuple[str, str]:
    name = quoted(table)
    return f"SELECT * FROM main.{name}", f"SELECT * FROM {_NEW}.{name}"  # noqa: S608


def _finish(copy: sqlite3.Connection, place: Place) -> None:
    """Indexes and views come after the rows; then the new file has to prove itself."""
    query = "SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"
    others = [row[0] for row in copy.execute(query)]
    with writing(place.fresh) as fresh, database_errors(place.fresh):
        for statement in others:
            fresh.execute(statement)
        if fresh.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise LocalCorrupt(f"{place.fresh.name}: the migrated copy is damaged")
