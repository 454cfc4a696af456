"""The tables of a database, read from its information_schema by one question."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from backups.engine.mirror.columns import Column
from backups.engine.mirror.digests import as_text
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """`denied`: listed, but not to be read. `partial_rights`: others may be hidden from us."""

    tables: tuple[Table, ...]
    denied: tuple[str, ...] = ()
    unnameable: tuple[str, ...] = ()
    partial_rights: bool = False


def schema_query(database: str) -> str:
    """One question for all tables, columns, keys and rights."""
    here = f"TABLE_SCHEMA = {database}"
    return (
        "SELECT 'table', TABLE_NAME, ENGINE, TABLE_ROWS, TABLE_TYPE, NULL, NULL, 0 "  # noqa: S608
        f"FROM information_schema.TABLES WHERE {here} "
        "UNION ALL SELECT 'column', TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, "
        "CONCAT(IS_NULLABLE, ',', EXTRA), PRIVILEGES, ORDINAL_POSITION "
        f"FROM information_schema.COLUMNS WHERE {here} "
        "UNION ALL SELECT 'key', TABLE_NAME, COLUMN_NAME, NULL, NULL, NULL, NULL, ORDINAL_POSITION "
        f"FROM information_schema.KEY_COLUMN_USAGE WHERE {here} AND CONSTRAINT_NAME = 'PRIMARY' "
        "UNION ALL SELECT 'right', GRANTEE, NULL, NULL, NULL, NULL, NULL, 0 "
        "FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT' "
        "UNION ALL SELECT 'right', GRANTEE, NULL, NULL, NULL, NULL, NULL, 0 "
        "FROM information_schema.SCHEMA_PRIVILEGES "
        f"WHERE PRIVILEGE_TYPE = 'SELECT' AND {database} LIKE TABLE_SCHEMA "
        "UNION ALL SELECT 'me', CURRENT_USER(), NULL, NULL, NULL, NULL, NULL, 0"
    )


@dataclass(frozen=True, slots=True)
class _Line:
    what: str
    table: str
    texts: tuple[str, ...]
    place: int


def read_schema(rows: Iterable[Row]) -> Schema:
    """Sort the answer to `schema_query`."""
    lines: dict[str, list[_Line]] = defaultdict(list)
    for row in rows:
        what, table, *texts, place = (as_text(value) for value in row)
        lines[what].append(_Line(what, table, tuple(texts), int(place)))
    columns, keys = _by_table(lines["column"]), _by_table(lines["key"])
    tables, denied, unnameable, seen = [], [], [], set[str]()
    for line in sorted(lines["table"], key=lambda line: line.table):
        if line.texts[2] not in {"BASE TABLE", "SYSTEM VERSIONED"}:
            continue
        if line.table.lower() in seen or not _nameable(line.table):
            unnameable.append(line.table)
        elif not _readable(columns[line.table]):
            denied.append(line.table)
        else:
            tables.append(_table(line, columns[line.table], keys[line.table]))
        seen.add(line.table.lower())
    return Schema(
        tables=tuple(tables),
        denied=tuple(denied),
        unnameable=tuple(unnameable),
        partial_rights=not _reads_all(lines),
    )


def _table(line: _Line, columns: list[_Line], keys: list[_Line]) -> Table:
    engine, estimate, *_ = line.texts
    return Table(
        name=line.table,
        columns=tuple(map(_column, columns)),
        primary_key=tuple(key.texts[0] for key in keys),
        engine=engine,
        rows_estimate=int(estimate or 0),
        numbered=any("auto_increment" in column.texts[3] for column in columns),
    )


def _column(line: _Line) -> Column:
    name, data_type, column_type, nullable, _privileges = line.texts
    return Column(
        name=name,
        data_type=data_type.lower(),
        column_type=column_type.lower(),
        nullable=nullable.startswith("YES"),
    )


def _by_table(lines: list[_Line]) -> dict[str, list[_Line]]:
    found: dict[str, list[_Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: line.place):
        found[line.table].append(line)
    return found


def _readable(columns: list[_Line]) -> bool:
    return bool(columns) and all("select" in column.texts[4].lower() for column in columns)


def _nameable(table: str) -> bool:
    """SQLite keeps names that begin so for itself, and takes no NUL."""
    return not re.match(r"sqlite_", table, re.IGNORECASE) and "\0" not in table


def _reads_all(lines: dict[str, list[_Line]]) -> bool:
    """Whether this account may read the whole database, and so sees all of its tables."""
    user, _, host = lines["me"][0].table.rpartition("@")
    return any(line.table == f"'{user}'@'{host}'" for line in lines["right"])
