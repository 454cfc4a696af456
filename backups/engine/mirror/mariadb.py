"""A device's MariaDB, seen at one moment. The old devices speak no TLS."""

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from backups.engine.mirror.drivers import QUICKEST, Account, Driver, Link
from backups.engine.mirror.errors import DatabaseMissing, SourceUnreachable, named
from backups.engine.mirror.source import Row, Snapshot, literal
from backups.engine.mirror.wire import Patience

PACKED_BYTES = 16_000_000  # the longest text into which the server may pack rows
ROWS_AT_ONCE = 1_000  # of small answers

# What a broken connection raises, and whatever an answer that makes no sense trips over.
_BROKEN = (
    OSError, EOFError, ValueError, LookupError, AttributeError, TypeError, AssertionError,
    struct.error,
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
    driver: Driver = QUICKEST

    @contextmanager
    def snapshot(self, cancelled: Callable[[], bool]) -> Iterator["MariaDBSnapshot"]:
        snapshot = MariaDBSnapshot(self._connect(cancelled), self.driver, self.address)
        try:
            snapshot.begin()
            yield snapshot
        finally:
            snapshot.close()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def _connect(self, cancelled: Callable[[], bool]) -> Link:
        login = Account(user=self.user, password=self.password, database=self.database)
        about = f"{self.address} ({self.database})" if self.database else self.address
        try:
            sock = socket.create_connection((self.host, self.port), self.connect_seconds)
        except OSError as error:
            raise SourceUnreachable(f"no server answers at {self.address}: {error}") from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with server_errors(self.driver, about):
            return self.driver.open(sock, Patience(self.patience, cancelled), login)


class MariaDBSnapshot:
    def __init__(self, link: Link, driver: Driver, about: str) -> None:
        self._link = link
        self._driver = driver
        self._about = about
        self.packs = driver.packs

    def begin(self) -> None:
        self.rows(_SESSION)
        self.rows("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def rows(self, query: str) -> list[Row]:
        return list(self.stream(query, rows_at_once=ROWS_AT_ONCE))

    def stream(self, query: str, *, rows_at_once: int = 1) -> Iterator[Row]:
        return chain.from_iterable(self.portions(query, rows_at_once=rows_at_once))

    def portions(self, query: str, *, rows_at_once: int) -> Iterator[Sequence[Row]]:
        with server_errors(self._driver, self._about):
            yield from self._link.stream(query, rows_at_once)

    def close(self) -> None:
        self._link.close()


@contextmanager
def server_errors(driver: Driver, about: str) -> Iterator[None]:
    """Whatever the driver raises, under our names."""
    try:
        yield
    except driver.errors as error:
        raise named(error, number=error.args[0] if error.args else None, about=about) from error
    except _BROKEN as error:
        raise named(error, number=None, about=about) from error


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
