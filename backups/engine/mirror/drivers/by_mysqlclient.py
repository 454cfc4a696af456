"""mysqlclient: a driver in C over MariaDB's own library. Quick, and not always there."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import socket
from typing import Any

from MySQLdb import MySQLError, _mysql, version_info
from MySQLdb.constants import FIELD_TYPE, FLAG

from backups.engine.errors import BackupError
from backups.engine.mirror.drivers.by_pymysql import INTEGERS
from backups.engine.mirror.drivers.link import Account, Driver, Link
from backups.engine.mirror.errors import is_refusal
from backups.engine.mirror.relay import Relay
from backups.engine.mirror.source import Row
from backups.engine.mirror.wire import Patience

if version_info < (2, 1):
    raise ImportError("mysqlclient before 2.1 names its options otherwise")
# MySQL's own begins at 5; MariaDB's can be told since 3.3, of MariaDB 10.6.
if not (3, 3) <= tuple(map(int, _mysql.get_client_info().split(".")[:2])) < (4,):
    raise ImportError("this client library cannot be told which logins to refuse")

LOGINS = Path(__file__).with_name("logins.cnf")

_TEXTS = (
    "VARCHAR", "VAR_STRING", "STRING", "TINY_BLOB", "BLOB", "MEDIUM_BLOB", "LONG_BLOB", "GEOMETRY",
)  # fmt: skip
_ALL = {number: str for name, number in vars(FIELD_TYPE).items() if name.isupper()}
_CONVERSIONS: dict[int, Any] = (
    _ALL
    | {getattr(FIELD_TYPE, name): int for name in INTEGERS}
    | {getattr(FIELD_TYPE, name): ((FLAG.BINARY, bytes), (None, str)) for name in _TEXTS}
)


class _MySQLClientLink:
    def __init__(self, relay: Relay, login: Account) -> None:
        self._relay = relay
        self._connection = relay.open(
            lambda path: _mysql.connect(
                unix_socket=path,
                user=login.user,
                password=login.password,
                database=login.database,
                charset="utf8mb4",
                conv=_CONVERSIONS,
                ssl_mode="DISABLED",
                read_default_file=str(LOGINS),
                local_infile=0,  # or a server could ask for our files
            )
        )

    def stream(self, query: str, rows_at_once: int) -> Iterator[Sequence[Row]]:
        text = query.encode()
        try:
            result, rows = self._relay.call(lambda: self._ask(text, rows_at_once))
            while rows:
                yield rows
                if len(rows) < rows_at_once:  # it has met the end
                    break
                rows = self._relay.call(lambda: result.fetch_row(rows_at_once))
        except BaseException as error:
            if not (isinstance(error, MySQLError) and is_refusal(error)):
                self._relay.close()
            raise

    def _ask(self, query: bytes, rows_at_once: int) -> tuple[Any, Sequence[Row]]:
        self._connection.query(query)
        result = self._connection.use_result()
        return result, result.fetch_row(rows_at_once) if result else ()

    def close(self) -> None:
        if not self._relay.is_closed:
            with suppress(MySQLError, BackupError, OSError):
                self._relay.call(self._connection.close)
            self._relay.close()


def _open(sock: socket, patience: Patience, login: Account) -> Link:
    relay = Relay(sock, patience)
    with ExitStack() as opened:
        opened.callback(relay.close)
        link = _MySQLClientLink(relay, login)
        opened.pop_all()  # from here on it is the link that closes it
    return link


MYSQLCLIENT = Driver(name="mysqlclient", packs=False, errors=MySQLError, open=_open)
