"""A device's MariaDB over PyMySQL. The old devices speak no TLS."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from backups.engine.mirror.errors import (
    AccessDenied,
    Cancelled,
    DatabaseMissing,
    SourceChanged,
    SourceError,
    SourceGone,
    SourceUnreachable,
    TableDenied,
)
from backups.engine.mirror.source import Row, Snapshot, literal
from backups.engine.mirror.wire import PatientSocket

PACKED_BYTES = 16_000_000  # the longest text into which the server may pack rows

_ERRORS: dict[int, tuple[type[SourceError], str]] = {
    1044: (AccessDenied, "the account may not use this database"),
    1045: (AccessDenied, "the server refused user name or password"),
    1698: (AccessDenied, "the server refused user name or password"),
    1130: (AccessDenied, "the server lets no one in from this machine"),
    1142: (TableDenied, "the account may not read a table"),
    1143: (TableDenied, "the account may not read a column"),
    1049: (DatabaseMissing, "there is no such database"),
    1146: (SourceChanged, "a table vanished while it was read"),
    1412: (SourceChanged, "a table was altered while it was read"),
    1054: (SourceChanged, "a column vanished while it was read"),
    1040: (SourceUnreachable, "the server has too many connections"),
    1053: (SourceGone, "the server is shutting down"),
    1317: (SourceGone, "the server interrupted the query"),
    1927: (SourceGone, "the server closed the connection"),
    1205: (SourceChanged, "a table is locked for too long"),
    1213: (SourceChanged, "a table is being altered or dropped"),
    2003: (SourceGone, "the connection broke"),
    2006: (SourceGone, "the connection broke"),
    2013: (SourceGone, "the connection broke"),
}
# What PyMySQL raises: its own, and whatever an answer that makes no sense trips over.
_BROKEN = (
    pymysql.MySQLError, OSError, EOFError, ValueError, LookupError, AttributeError, TypeError,
    AssertionError, struct.error,
)  # fmt: skip
_SESSION = (
    "SET SESSION sql_mode='', time_zone='+00:00', net_write_timeout=600, "
    f"group_concat_max_len={PACKED_BYTES}, tx_isolation='REPEATABLE-READ'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MariaDBSource:
    """One database on one server. `patience` is how long the server may keep us waiting."""

    host: str
    user: str
    password: str = field(repr=False)
    database: str = ""
    port: int = 3306
    connect_seconds: float = 10.0
    patience: float = 60.0

    @contextmanager
    def snapshot(self, cancelled: Callable[[], bool]) -> Iterator["MariaDBSnapshot"]:
        snapshot = MariaDBSnapshot(self._connect(cancelled), f"{self.host}:{self.port}")
        try:
            snapshot.begin()
            yield snapshot
        finally:
            snapshot.close()

    def _connect(self, cancelled: Callable[[], bool]) -> Connection:
        address = f"{self.host}:{self.port}"
        try:
            sock = socket.create_connection((self.host, self.port), self.connect_seconds)
        except OSError as error:
            raise SourceUnreachable(f"no server answers at {address}: {error}") from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        patient = PatientSocket(sock, patience=self.patience, cancelled=cancelled)
        try:
            return self._log_in(patient)
        except _BROKEN as error:
            patient.close()
            raise _named(error, address, self.database) from error
        except BaseException:
            patient.close()
            raise

    def _log_in(self, sock: PatientSocket) -> Connection:
        connection = Connection(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.database or None,
            charset="utf8mb4",
            conv=encoders,  # and no decoders: values stay the server's own text
            cursorclass=SSCursor,
            autocommit=None,  # as the server has it: asking for it would be one more question
            ssl_disabled=True,
            defer_connect=True,
        )
        connection.connect(sock)
        return connection


class MariaDBSnapshot:
    def __init__(self, connection: Connection, address: str) -> None:
        self._connection = connection
        self._address = address
        self.query_count = 0

    def begin(self) -> None:
        self.rows(_SESSION)
        self.rows("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def rows(self, query: str) -> list[Row]:
        return list(self.stream(query))

    def stream(self, query: str) -> Iterator[Row]:
        self.query_count += 1
        cursor = self._connection.cursor()
        try:
            cursor.execute(query)
            if cursor.description is not None:
                while (row := cursor.fetchone()) is not None:
                    yield row
        except _BROKEN as error:
            _abandon(cursor)
            raise _named(error, self._address, "") from error
        except BaseException:
            _abandon(cursor)
            self._connection._force_close()
            raise
        cursor.close()

    def close(self) -> None:
        """End at once: what an unfinished answer still holds is not waited for."""
        with suppress(pymysql.MySQLError, OSError, SourceGone, Cancelled):
            self._connection.close()


def _abandon(cursor: SSCursor) -> None:
    """Keep the cursor from reading the rest of its answer when it is thrown away."""
    result, cursor.connection = cursor._result, None
    if result is not None:
        result.unbuffered_active = False


def _named(error: Exception, address: str, database: str) -> SourceError:
    number = error.args[0] if isinstance(error, pymysql.MySQLError) and error.args else None
    kind, text = _ERRORS.get(number or 0, (SourceError, ""))
    if number is None:
        kind, text = SourceGone, "the connection broke"
    about = f" ({database})" if database else ""
    return kind(f"{address}{about}: {text or 'the server reports an error'}: {_words(error)}")


def _words(error: Exception) -> str:
    return str(error.args[-1] if error.args else error)[:300]


def list_databases(source: MariaDBSource, cancelled: Callable[[], bool]) -> list[str]:
    """The devices' databases on this server, whatever the device is called now."""
    with source.snapshot(cancelled) as snapshot:
        return databases_of(snapshot)


def databases_of(snapshot: Snapshot) -> list[str]:
    query = (
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA "  # noqa: S608
        f"WHERE SCHEMA_NAME LIKE {literal('%_db')} ORDER BY SCHEMA_NAME"
    )
    return [str(row[0]) for row in snapshot.rows(query)]


def database_of_device(databases: list[str], *, device_name: str) -> str:
    """The device's database: by its name, else the only one there is (it was renamed)."""
    wanted = f"{device_name}_db"
    if wanted in databases:
        return wanted
    if len(databases) == 1:
        return databases[0]
    found = ", ".join(databases) or "none"
    raise DatabaseMissing(f"no database {wanted} on the server; there: {found}")
