"""The source at the moment of the snapshot: what there is, how far it reaches, whose run it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backups.engine.errors import NotReady
from backups.engine.mirror.catalogue import Schema, read_schema, schema_query
from backups.engine.mirror.columns import quoted
from backups.engine.mirror.digests import Digest, as_int, as_text, whole_there
from backups.engine.mirror.errors import DatabaseMissing, SourceChanged, TableDenied
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row, Snapshot, literal, understood

VARIABLES = "VAR_MAP"  # filled by the device with its first data row, and empty until then
METADATA = "METADATA"
_STARTED = "date_time"
_FILENAME = "backup_filename"


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
    schema: Schema
    extents: Mapping[str, Reach]
    started: frozenset[str]  # when the run began, as METADATA has it; empty: not told
    backup_filename: str


def survey(snapshot: Snapshot, database: str) -> Survey:
    """Ask three things, however many tables: the schema, all extents, and whose run it is.

    Raises NotReady while the device has written no rows yet.
    """
    with understood():
        schema = read_schema(snapshot.rows(schema_query(literal(database))))
    _check_readable(schema, database)
    tables = {table.name: table for table in schema.tables}
    if VARIABLES not in tables:
        raise NotReady(f"{database}: the device has not made its table {VARIABLES} yet")
    with understood():
        extents = _extents(snapshot, schema.tables)
        told = dict(_metadata(snapshot, tables.get(METADATA)))
    if extents[VARIABLES].is_empty:
        raise NotReady(f"{database}: the device has not written its first row yet")
    return Survey(
        schema=schema,
        extents=extents,
        started=told.get(_STARTED, frozenset()),
        backup_filename=max(told.get(_FILENAME, frozenset()), default=""),
    )


def _check_readable(schema: Schema, database: str) -> None:
    for name in (VARIABLES, METADATA):
        if name in schema.denied:
            raise TableDenied(f"{database}: the account may not read {name}")
    if schema.denied and not schema.tables:
        raise TableDenied(f"{database}: the account may not read any of its tables")
    if not schema.tables and schema.partial_rights:
        raise DatabaseMissing(f"{database}: no such database, or nothing in it may be seen")


def _extents(snapshot: Snapshot, tables: tuple[Table, ...]) -> dict[str, Reach]:
    branches = (_branch(number, table) for number, table in enumerate(tables))
    answers = {as_int(row[0]): row for row in snapshot.rows(" UNION ALL ".join(branches))}
    if len(answers) != len(tables):
        raise SourceChanged("the server left a table out of its answer")
    return {table.name: _extent(table, answers[n]) for n, table in enumerate(tables)}


def _branch(number: int, table: Table) -> str:
    if table.rising_key is None:
        rows = f"COUNT(*), NULL, NULL, {whole_there(table)}"
    else:
        key = quoted(table.rising_key)
        rows = f"NULL, MIN({key}), MAX({key}), NULL"
    return f"SELECT {number}, {rows} FROM {quoted(table.name)}"  # noqa: S608


def _extent(table: Table, row: Row) -> Reach:
    _, rows, low, high, digest = row
    if table.rising_key is None:
        return Reach(whole=Digest(as_int(rows), as_text(digest)))
    return Reach(
        low=None if low is None else as_int(low), high=None if high is None else as_int(high)
    )


def _metadata(snapshot: Snapshot, table: Table | None) -> Iterator[tuple[str, frozenset[str]]]:
    if table is None or {"field", "value"} - {column.name for column in table.columns}:
        return
    query = (
        f"SELECT field, value FROM {quoted(METADATA)} "  # noqa: S608  # our own words
        f"WHERE field IN ({literal(_STARTED)}, {literal(_FILENAME)}) AND value IS NOT NULL"
    )
    rows = [(as_text(field), as_text(value)) for field, value in snapshot.rows(query)]
    for wanted in (_STARTED, _FILENAME):
        yield wanted, frozenset(value for field, value in rows if field == wanted)


def read_backup_filename(snapshot: Snapshot, database: str) -> str:
    """The file name under which the database itself wants its copy to lie; empty: not told."""
    return survey(snapshot, database).backup_filename
