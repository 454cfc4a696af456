"""The source at the moment of the snapshot: what there is, how far it reaches, whose run it is."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from backups.engine.errors import NotReady
from backups.engine.mirror.catalogue import Schema, grants_all, read_schema, schema_query
from backups.engine.mirror.columns import quoted
from backups.engine.mirror.digests import Digest, as_int, as_text, whole_there
from backups.engine.mirror.errors import DatabaseMissing, SourceError, SourceRefused, TableDenied
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row, Snapshot, ask_all, literal, understood

VARIABLES = "VAR_MAP"  # filled by the device with its first data row, and empty until then
METADATA = "METADATA"
_STARTED = "date_time"
_FILENAME = "backup_filename"
MOST_TABLES = 500  # in one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a table reaches: keys where it has a rising one, else a digest of all rows."""

    low: int | None = None
    high: int | None = None
    whole: Digest | None = None

    @property
    def is_empty(self) -> bool:
        return self.high is None and not (self.whole and self.whole.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """`broken`: tables that the server could not read, with its words."""

    schema: Schema
    extents: Mapping[str, Reach]
    broken: Mapping[str, str]
    former_rows: Mapping[str, int]  # that the server keeps of versioned tables
    started: frozenset[str]  # when the run began, as METADATA has it; empty: not told
    backup_filename: str

    @property
    def readable(self) -> tuple[Table, ...]:
        return tuple(table for table in self.schema.tables if table.name not in self.broken)


def survey(snapshot: Snapshot, database: str) -> Survey:
    """Ask three things, however many tables: the schema, all extents, and whose run it is.

    Raises NotReady while the device has not written what it is. One that never has a row of a
    fly, as a bad arena gives one a day, is an experiment all the same.
    """
    schema = _schema(snapshot, database)
    _check_readable(schema, database)
    tables = {table.name: table for table in schema.tables}
    if VARIABLES not in tables and VARIABLES not in schema.unread:
        raise NotReady(f"{database}: the device has not made its table {VARIABLES} yet")
    broken = dict.fromkeys(schema.broken, "the server does not tell its columns")
    with understood():
        extents = _extents(snapshot, schema.tables, broken)
        told = dict(_metadata(snapshot, tables.get(METADATA), broken))
        former_rows = _former_rows(snapshot, schema, broken)
    if all(name in extents and extents[name].is_empty for name in (METADATA, VARIABLES)):
        raise NotReady(f"{database}: the device has not written what it is yet")
    if broken and not extents:
        raise SourceRefused(f"{database}: no table can be read: {min(broken.values())}")
    return Survey(
        schema=schema,
        extents=extents,
        broken=broken,
        former_rows=former_rows,
        started=told.get(_STARTED, frozenset()),
        backup_filename=max(told.get(_FILENAME, frozenset()), default=""),
    )


def _schema(snapshot: Snapshot, database: str) -> Schema:
    with understood():
        schema = read_schema(snapshot.rows(schema_query(literal(database))))
        if schema.partial_rights:  # of a role's the first question does not tell
            may_all = grants_all(_grants(snapshot), database)
            schema = replace(schema, partial_rights=not may_all)
    return schema


def _grants(snapshot: Snapshot) -> Iterator[Row]:
    for question in ("SHOW GRANTS", "SHOW GRANTS FOR PUBLIC"):
        with suppress(SourceRefused):
            yield from snapshot.rows(question)


def _check_readable(schema: Schema, database: str) -> None:
    for name in (VARIABLES, METADATA):
        if name in schema.denied:
            raise TableDenied(f"{database}: the account may not read {name}")
    if schema.denied and not schema.tables:
        raise TableDenied(f"{database}: the account may not read any of its tables")
    if not schema.tables and schema.partial_rights:
        raise DatabaseMissing(f"{database}: no such database, or nothing in it may be seen")


def _extents(
    snapshot: Snapshot, tables: tuple[Table, ...], broken: dict[str, str]
) -> dict[str, Reach]:
    branches = ((table.name, _branch(number, table)) for number, table in enumerate(tables))
    rows = ask_all(snapshot, branches, most=MOST_TABLES, broken=broken)
    answers = {as_int(row[0]): row for row in rows}
    found = {t.name: _extent(t, answers[n]) for n, t in enumerate(tables) if n in answers}
    if len(found) + len(broken.keys() & {table.name for table in tables}) != len(tables):
        raise SourceError("the server left a table out of its answer")
    return found


def _branch(number: int, table: Table) -> str:
    if table.rising_key is None:
        rows = f"COUNT(*), NULL, NULL, {whole_there(table)}"
    else:
        key = quoted(table.rising_key)
        rows = f"NULL, MIN({key}), MAX({key}), NULL"
    return f"SELECT {number}, {rows} FROM {quoted(table.name)}"  # noqa: S608


def _former_rows(snapshot: Snapshot, schema: Schema, broken: dict[str, str]) -> dict[str, int]:
    """How many rows the server keeps beside those of today."""
    branches = ((name, _former(number, name)) for number, name in enumerate(schema.versioned))
    rows = ask_all(snapshot, branches, most=MOST_TABLES, broken=broken)
    return {schema.versioned[as_int(number)]: as_int(count) for number, count in rows}


def _former(number: int, table: str) -> str:
    name = quoted(table)
    return (
        f"SELECT {number}, (SELECT COUNT(*) FROM {name} FOR SYSTEM_TIME ALL) "  # noqa: S608
        f"- (SELECT COUNT(*) FROM {name})"
    )


def _extent(table: Table, row: Row) -> Reach:
    _, rows, low, high, digest = row
    if table.rising_key is None:
        return Reach(whole=Digest(as_int(rows), as_text(digest)))
    return Reach(
        low=None if low is None else as_int(low), high=None if high is None else as_int(high)
    )


def _metadata(
    snapshot: Snapshot, table: Table | None, broken: dict[str, str]
) -> Iterator[tuple[str, frozenset[str]]]:
    if table is None or {"field", "value"} - {column.name for column in table.columns}:
        return
    query = (
        f"SELECT field, value FROM {quoted(METADATA)} "  # noqa: S608  # our own words
        f"WHERE field IN ({literal(_STARTED)}, {literal(_FILENAME)}) AND value IS NOT NULL"
    )
    answers = ask_all(snapshot, [(METADATA, query)], most=1, broken=broken)
    rows = [(as_text(field), as_text(value)) for field, value in answers]
    for wanted in (_STARTED, _FILENAME):
        yield wanted, frozenset(value for field, value in rows if field == wanted)


def read_backup_filename(snapshot: Snapshot, database: str) -> str:
    """The file name under which the database itself wants its copy to lie; empty: not told."""
    return survey(snapshot, database).backup_filename
