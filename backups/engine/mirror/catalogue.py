"""The tables of a database, read from its information_schema by one question."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from backups.engine.mirror.columns import Column
from backups.engine.mirror.digests import as_text
from backups.engine.mirror.schema import Table
from backups.engine.mirror.source import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """`denied`: listed, but not to be read. `partial_rights`: others may be hidden from us.

    `unknown`: of a type that we do not know; `broken`: their columns are not told.
    `versioned`: the server keeps the former rows of these, too.
    """

    tables: tuple[Table, ...]
    denied: tuple[str, ...] = ()
    unnameable: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    versioned: tuple[str, ...] = ()
    partial_rights: bool = False

    @property
    def unread(self) -> frozenset[str]:
        """What the database has, and we do not look into."""
        return frozenset((*self.denied, *self.unnameable, *self.unknown, *self.broken))


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
        "UNION ALL SELECT 'me', CURRENT_USER(), NULL, NULL, NULL, NULL, NULL, 0 "
        "UNION ALL SELECT 'longest', NULL, NULL, NULL, NULL, NULL, NULL, "
        "LEAST(@@max_allowed_packet, @@group_concat_max_len)"
    )


_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?:\*|`(?P<pattern>(?:[^`]|``)+)`)\.\* TO ")
_VERSIONED = "SYSTEM VERSIONED"
_WITH_ROWS = frozenset({"BASE TABLE", _VERSIONED, "SEQUENCE"})


class _Sort(Enum):
    READABLE = auto()
    DENIED = auto()
    UNNAMEABLE = auto()
    UNKNOWN = auto()
    BROKEN = auto()
    VIEW = auto()


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
    columns = _by_table(lines["column"])
    found: dict[_Sort, list[str]] = defaultdict(list)
    seen = set[str]()
    for line in sorted(lines["table"], key=lambda line: line.table):
        found[_sort(line, columns[line.table], seen)].append(line.table)
        seen.add(line.table.lower())
    keys, longest = _by_table(lines["key"]), max(line.place for line in lines["longest"])
    by_name = {line.table: line for line in lines["table"]}
    return Schema(
        tables=tuple(
            _table(by_name[name], columns[name], keys[name], longest)
            for name in found[_Sort.READABLE]
        ),
        denied=tuple(found[_Sort.DENIED]),
        unnameable=tuple(found[_Sort.UNNAMEABLE]),
        unknown=tuple(found[_Sort.UNKNOWN]),
        broken=tuple(found[_Sort.BROKEN]),
        views=tuple(found[_Sort.VIEW]),
        versioned=tuple(
            name for name in found[_Sort.READABLE] if by_name[name].texts[2] == _VERSIONED
        ),
        partial_rights=not _reads_all(lines),
    )


def _sort(line: _Line, columns: list[_Line], seen: set[str]) -> _Sort:
    kind = line.texts[2]
    if kind.endswith("VIEW"):
        return _Sort.VIEW
    if kind not in _WITH_ROWS:
        return _Sort.UNKNOWN
    if line.table.lower() in seen or not _nameable(line.table):
        return _Sort.UNNAMEABLE
    if all("select" in column.texts[4].lower() for column in columns):
        return _Sort.READABLE if columns else _Sort.BROKEN
    return _Sort.DENIED


def _table(line: _Line, columns: list[_Line], keys: list[_Line], longest: int) -> Table:
    engine, estimate, *_ = line.texts
    names = {column.texts[0] for column in columns}
    return Table(
        name=line.table,
        columns=tuple(map(_column, columns)),
        # Of a versioned table the server names a column, too, that no question shows.
        primary_key=tuple(key.texts[0] for key in keys if key.texts[0] in names),
        engine=engine,
        rows_estimate=int(estimate or 0),
        numbered=any("auto_increment" in column.texts[3] for column in columns),
        longest_text=longest,
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


def _nameable(table: str) -> bool:
    """SQLite keeps names that begin so for itself, and takes no NUL."""
    return not re.match(r"sqlite_", table, re.IGNORECASE) and "\0" not in table


def _reads_all(lines: dict[str, list[_Line]]) -> bool:
    """Whether this account may read the whole database, and so sees all of its tables."""
    user, _, host = lines["me"][0].table.rpartition("@")
    return any(line.table == f"'{user}'@'{host}'" for line in lines["right"])


def grants_all(grants: Iterable[Row], database: str) -> bool:
    """Whether one of these lets its holder read the whole database. A role's are among them."""
    found = (_GRANT.match(as_text(row[0])) for row in grants)
    return any(grant and _reads(grant, database) for grant in found)


def _reads(grant: re.Match[str], database: str) -> bool:
    rights = {right.strip() for right in grant["rights"].split(",")}
    return bool(rights & {"SELECT", "ALL PRIVILEGES"}) and (
        grant["pattern"] is None or _like(grant["pattern"].replace("``", "`"), database)
    )


def _like(pattern: str, name: str) -> bool:
    """As SQL's LIKE: of a grant, the database may be a pattern. What stands between two % is taken
    where it comes first: to try every place, a pattern of many would take for ever."""
    pieces = [""]
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        if part == "%":
            pieces.append("")
        else:
            pieces[-1] += "." if part == "_" else re.escape(part[-1])
    head, *between = pieces
    rest = "".join(f"(?>.*?{piece})" for piece in between[:-1])
    if between:
        rest += f".*{between[-1]}"
    return re.fullmatch(head + rest, name, re.DOTALL) is not None
