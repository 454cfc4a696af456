"""Ask a device's own MariaDB how many rows an experiment had when it had ended.

The old mirror copies table by table, and a device's JSON is frozen at a poll before the end: of a
MariaDB only its server can tell what a copy has to hold.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import F, Q, QuerySet

from backups.engine.errors import BackupError
from backups.engine.mirror import MariaDBSource, Snapshot, database_of_device, list_databases
from backups.engine.mirror.columns import ValueKind, quoted
from backups.engine.mirror.schema import Table
from backups.engine.mirror.survey import Survey, survey
from backups.models import ExperimentState
from backups.services.hosts import host_of
from devices.models import Device, Experiment, Telling, Writer
from devices.records import Rows, packed

DEADLINE = timedelta(seconds=60)  # for one experiment: a Pi counts some million rows in a second
CONNECT_SECONDS = 3.0
ASK_AGAIN_AFTER = timedelta(minutes=30)
TABLES_AT_ONCE = 20


_ALL_DATABASES = (
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN"
    " ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY SCHEMA_NAME"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDatabase:
    """`filename`: of the experiment that it says it holds; "": it names none. `unseen`: what of it
    cannot be counted."""

    name: str
    filename: str
    rows: dict[str, Rows]
    unseen: str


class NotHeld(Exception):
    """The server holds another experiment, does not say which, or does not show all of it."""


def count_ended(device: Device, *, clock: Callable[[], float], now: datetime) -> None:
    """Ask about the ended experiment of its MariaDB that nobody counted since.

    `clock` is monotonic.
    """
    if not device.address or device.inventory_error:
        return
    for one in list(_to_count(device, now=now)[:1]):  # a server holds one at a time
        try:
            rows = _count(device, one, clock=clock)
        except (BackupError, NotHeld) as error:
            _note(one, str(error), now=now)
        else:
            Telling.objects.create(
                experiment=one, told_at=now, told_by="server", rows=packed(rows), final=True
            )
            _note(one, "", now=now)


def _to_count(device: Device, *, now: datetime) -> QuerySet[Experiment]:
    ended = device.experiments.filter(
        writer=Writer.MYSQL, growing=False, gone_at=None, written_off=False
    )
    counted = Telling.objects.filter(experiment__device=device, final=True).filter(
        Q(experiment__changed_at=None) | Q(told_at__gte=F("experiment__changed_at"))
    )
    lately = ExperimentState.objects.filter(
        experiment__device=device, asked_at__gt=now - ASK_AGAIN_AFTER, asked_at__lte=now
    )
    return (
        ended.exclude(pk__in=counted.values("experiment"))
        .exclude(pk__in=lately.values("experiment"))
        .order_by("-started_at")
    )


def _note(one: Experiment, error: str, *, now: datetime) -> None:
    facts = {"asked_at": now, "ask_error": error[:300]}
    ExperimentState.objects.update_or_create(
        experiment=one, defaults=facts, create_defaults=facts | {"looked_at": now}
    )


def _count(device: Device, one: Experiment, *, clock: Callable[[], float]) -> dict[str, Rows]:
    is_too_late, server = _deadline(clock), server_of(device)
    names = list_databases(server, is_too_late)
    source = replace(server, database=database_of_device(names, device_name=device.name))
    with source.snapshot(is_too_late) as snapshot:
        there = survey(snapshot, source.database)
        if (held := there.backup_filename) != one.filename:
            raise NotHeld(f"its server holds {held or 'an experiment that it does not name'}")
        if unseen := list(_not_to_be_counted(there)):
            raise NotHeld("; ".join(unseen))
        return _rows(snapshot, there.readable)


def read_server(device: Device, *, clock: Callable[[], float]) -> list[ServerDatabase]:
    """Every database on the device's server but the server's own. Raises BackupError."""
    is_too_late, server = _deadline(clock), server_of(device)
    with server.snapshot(is_too_late) as snapshot:
        names = [str(name) for (name,) in snapshot.rows(_ALL_DATABASES)]
    return [_read(replace(server, database=name), is_too_late) for name in names]


def _read(source: MariaDBSource, is_too_late: Callable[[], bool]) -> ServerDatabase:
    """What cannot be read costs itself alone, by name."""
    try:
        with source.snapshot(is_too_late) as snapshot:
            there = survey(snapshot, source.database)
            rows = _rows(snapshot, there.readable)
    except BackupError as error:
        return ServerDatabase(name=source.database, filename="", rows={}, unseen=str(error))
    return ServerDatabase(
        name=source.database,
        filename=there.backup_filename,
        rows=rows,
        unseen="; ".join(_not_to_be_counted(there)),
    )


def _deadline(clock: Callable[[], float]) -> Callable[[], bool]:
    give_up_at = clock() + DEADLINE.total_seconds()
    return lambda: clock() > give_up_at


def server_of(device: Device) -> MariaDBSource:
    return MariaDBSource(
        host=host_of(device.address),
        port=settings.MYSQL_PORT,
        user=settings.MYSQL_USER,
        password=settings.MYSQL_PASSWORD,
        connect_seconds=CONNECT_SECONDS,
        patience=DEADLINE.total_seconds(),
    )


def _not_to_be_counted(there: Survey) -> Iterator[str]:
    """What may hold rows that no count tells of: then the others are not all that it has."""
    if there.schema.partial_rights:
        yield "the account may read single tables only, and others may exist"
    if unread := sorted(there.schema.unread | there.broken.keys()):
        yield f"tables that cannot be read: {', '.join(unread)}"
    if former := sorted(name for name, rows in there.former_rows.items() if rows):
        yield f"the server keeps former rows of {', '.join(former)}"


def _rows(snapshot: Snapshot, tables: Iterable[Table]) -> dict[str, Rows]:
    """Rows and highest id of each table, many tables to a question."""
    rest, found = iter(tables), dict[str, Rows]()
    while some := list(islice(rest, TABLES_AT_ONCE)):
        branches = (_question(number, table) for number, table in enumerate(some))
        for number, count, highest in snapshot.rows(" UNION ALL ".join(branches)):
            table = some[int(number or 0)]
            found[table.name] = Rows(int(highest or 0) if _has_id(table) else None, int(count or 0))
    return found


def _question(number: int, table: Table) -> str:
    highest = "MAX(id)" if _has_id(table) else "NULL"
    return f"SELECT {number}, COUNT(*), {highest} FROM {quoted(table.name)}"  # noqa: S608


def _has_id(table: Table) -> bool:
    return any(
        column.name.lower() == "id" and column.kind is ValueKind.INTEGER for column in table.columns
    )
