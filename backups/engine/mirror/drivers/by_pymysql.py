"""PyMySQL: pure Python, always there."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from socket import socket

from pymysql import MySQLError, OperationalError
from pymysql.connections import Connection
from pymysql.constants import CR, FIELD_TYPE
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from backups.engine.mirror.drivers.link import Account, Driver, Link
from backups.engine.mirror.errors import is_refusal
from backups.engine.mirror.source import Row
from backups.engine.mirror.wire import Patience, PatientSocket

INTEGERS = ("TINY", "SHORT", "INT24", "LONG", "LONGLONG", "YEAR")
# Integers are read; all other values stay the server's own text.
_CONVERSIONS = encoders | {getattr(FIELD_TYPE, name): int for name in INTEGERS}

# What PyMySQL could answer with besides `mysql_native_password`: the password itself, or what a
# server that chose the key or the salt can turn into it.
_REFUSED = (
    "mysql_clear_password", "dialog", "sha256_password", "caching_sha2_password",
    "mysql_old_password", "client_ed25519",
)  # fmt: skip


class _RefusedLogin:
    """Whoever answers at a told address may ask for anything: here he gets nothing."""

    def __init__(self, _connection: Connection) -> None:
        why = "the server asks for the password in a form in which it is not given"
        raise OperationalError(CR.CR_AUTH_PLUGIN_CANNOT_LOAD, why)


class _PyMySQLLink:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stream(self, query: str, rows_at_once: int) -> Iterator[Sequence[Row]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(query)
            while cursor.description is not None and (rows := cursor.fetchmany(rows_at_once)):
                yield rows
        except BaseException as error:
            _abandon(cursor)
            if not (isinstance(error, MySQLError) and is_refusal(error)):
                self._connection._force_close()
            raise
        cursor.close()

    def close(self) -> None:
        with suppress(MySQLError, OSError):
            self._connection.close()


def _abandon(cursor: SSCursor) -> None:
    """Keep the cursor from reading the rest of its answer when it is thrown away."""
    result, cursor.connection = cursor._result, None
    if result is not None:
        result.unbuffered_active = False


def _open(sock: socket, patience: Patience, login: Account) -> Link:
    patient = PatientSocket(sock, patience)
    connection = Connection(
        user=login.user,
        password=login.password,
        database=login.database or None,
        charset="utf8mb4",
        conv=_CONVERSIONS,
        cursorclass=SSCursor,
        autocommit=None,  # as the server has it: asking for it would be one more question
        ssl_disabled=True,
        auth_plugin_map=dict.fromkeys(_REFUSED, _RefusedLogin),
        defer_connect=True,
    )
    with ExitStack() as opened:
        opened.callback(patient.close)
        connection.connect(patient)
        opened.pop_all()  # from here on it is the link that closes it
    return _PyMySQLLink(connection)


PYMYSQL = Driver(name="PyMySQL", packs=True, errors=MySQLError, open=_open)
