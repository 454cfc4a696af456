"""Ask a device's own MariaDB how many rows an experiment had when it had ended.

The old mirror copies table by table, and a device's JSON is frozen at a poll before the end: of a
MariaDB only its server can tell what a copy has to hold.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import F, Q, QuerySet

from backups.engine.errors import BackupError
from backups.engine.mirror import MariaDBSource, Snapshot, database_of_device, list_databases
from backups.engine.mirror.columns import quoted
from backups.engine.mirror.survey import read_backup_filename
from backups.models import ExperimentState
from backups.services.runs.jobs import RunFailed
from backups.services.runs.reach import host_of
from devices.models import Device, Experiment, Telling, Writer
from devices.records import Rows
from devices.services.experiments import packed

DEADLINE = timedelta(seconds=60)  # for one experiment: a Pi counts some million rows in a second
CONNECT_SECONDS = 3.0
ASK_AGAIN_AFTER = timedelta(minutes=30)
TABLES_AT_ONCE = 20


class NotHeld(Exception):
    """The server holds another experiment, or does not say which."""


def count_ended(device: Device, *, clock: Callable[[], float], now: datetime) -> None:
    """Ask about the ended experiment of its MariaDB that nobody counted since.

    `clock` is monotonic.
    """
    if not device.address or device.inventory_error:
        return
    for one in list(_to_count(device, now=now)[:1]):  # a server holds one at a time
        try:
            rows = _count(device, one, clock=clock)
        except (BackupError, NotHeld, RunFailed) as error:
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
    counted = Telling.objects.filter(final=True).filter(
        Q(experiment__changed_at=None) | Q(told_at__gte=F("experiment__changed_at"))
    )
    lately = ExperimentState.objects.filter(asked_at__gt=now - ASK_AGAIN_AFTER, asked_at__lte=now)
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
    give_up_at = clock() + DEADLINE.total_seconds()

    def is_too_late() -> bool:
        return clock() > give_up_at

    server = MariaDBSource(
        host=host_of(device.address),
        port=settings.MYSQL_PORT,
        user=settings.MYSQL_USER,
        password=settings.MYSQL_PASSWORD,
        connect_seconds=CONNECT_SECONDS,
        patience=DEADLINE.total_seconds(),
    )
    names = list_databases(server, is_too_late)
    source = replace(server, database=database_of_device(names, device_name=device.name))
    with source.snapshot(is_too_late) as snapshot:
        if (held := read_backup_filename(snapshot, source.database)) != one.filename:
            raise NotHeld(f"its server holds {held or 'an experiment that it does not name'}")
        return _rows(snapshot)


def _rows(snapshot: Snapshot) -> dict[str, Rows]:
    """Rows and highest id of each table, many tables to a question."""
    columns = snapshot.rows(
        "SELECT t.TABLE_NAME, MAX(c.COLUMN_NAME = 'id') FROM information_schema.TABLES t "
        "JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME) "
        "WHERE t.TABLE_SCHEMA = DATABASE() "
        "AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') GROUP BY t.TABLE_NAME"
    )
    tables = iter([(str(name), bool(int(has_id or 0))) for name, has_id in columns])
    found: dict[str, Rows] = {}
    while some := list(islice(tables, TABLES_AT_ONCE)):
        branches = (_question(number, *table) for number, table in enumerate(some))
        for number, count, highest in snapshot.rows(" UNION ALL ".join(branches)):
            name, has_id = some[int(number or 0)]
            found[name] = Rows(int(highest or 0) if has_id else None, int(count or 0))
    return found


def _question(number: int, name: str, has_id: bool) -> str:  # noqa: FBT001
    highest = "MAX(id)" if has_id else "NULL"
    return f"SELECT {number}, COUNT(*), {highest} FROM {quoted(name)}"  # noqa: S608  # quoted
