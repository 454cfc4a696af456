"""Snapshots, and what cards told: kept whole for two days, hourly for thirty, daily for ever.

Deleted in short steps, so that nobody who wants to write waits long; and what is thinned already
is not read again, however much it is.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Func, Model, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from backups.models import Backup, BackupSnapshot, CardReading, Thinned, VideoScan
from backups.services.steps import delete_keys
from devices.models import Device

ALL_FOR = timedelta(days=2)
HOURLY_FOR = timedelta(days=30)
STEP = timedelta(days=7)  # what is held in memory; after each is noted how far it came


class TruncatedTime(Func):
    """The hour or the day of a time, in UTC; the same for all times within it."""

    template = "DATE_TRUNC('%(unit)s', %(expressions)s, 'UTC')"

    def __init__(self, column: str, unit: str) -> None:
        super().__init__(F(column), unit=unit, length={"hour": 13, "day": 10}[unit])

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Its times are text: “2026-11-22 13:40:00”."""
        template = "SUBSTR(%(expressions)s, 1, %(length)s)"
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Rows that are thinned: `of` whom each is, `at` which moment; `follows`: what goes with it."""

    model: type[Model]
    of: str
    owners: QuerySet[Any]
    at: str
    follows: tuple[type[Model], str] | None = None


def thin_snapshots(*, now: datetime) -> int:
    """Delete the snapshots that are too many for their age; the newest of each span stays.

    Returns how many went. The one that a backup calls its latest is never among them.
    """
    spared = set(Backup.objects.values_list("latest", flat=True))
    backups = Backup.objects.order_by("pk")
    table = _Table(
        model=BackupSnapshot,
        of="backup",
        owners=backups,
        at="taken_at",
        follows=(VideoScan, "snapshot"),
    )
    return _thin(table, spared, now=now)


def thin_card_readings(*, now: datetime) -> int:
    """Likewise of what cards told of themselves."""
    devices = Device.objects.order_by("pk")
    return _thin(
        _Table(model=CardReading, of="device", owners=devices, at="read_at"), set(), now=now
    )


def _thin(table: _Table, spared: Set[int | None], *, now: datetime) -> int:
    old, older = now - ALL_FOR, now - HOURLY_FOR
    return sum(
        _thin_to(table, unit, until, spared, now=now)
        for unit, until in (("hour", old), ("day", older))
    )


def _thin_to(
    table: _Table, unit: str, until: datetime, spared: Set[int | None], *, now: datetime
) -> int:
    """One row of each span stays. Broken off, it goes on where it was."""
    mark, _ = Thinned.objects.get_or_create(name=f"{table.model._meta.model_name} {unit}")
    deleted = 0
    for start, end in _steps(table, _start(mark, unit, now=now), until):
        keys = [key for key in _too_many(table, unit, start, end) if key not in spared]
        deleted += delete_keys(table.model, keys, follows=table.follows)
        mark.until = end
        mark.save()
    return deleted


def _start(mark: Thinned, unit: str, *, now: datetime) -> datetime | None:
    """The span in which it ended last. A mark that lies ahead was set by a wrong clock."""
    if mark.until is None or mark.until > now:
        return None
    hour = mark.until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hour if unit == "hour" else hour.replace(hour=0)


def _steps(
    table: _Table, start: datetime | None, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    oldest = start or _oldest(table)
    while oldest is not None and oldest < until:
        end = min(oldest + STEP, until)
        yield oldest, end
        oldest = end


def _oldest(table: _Table) -> datetime | None:
    """The day of the first row: no span is cut in two."""
    rows = table.model._default_manager.filter(**{table.of: OuterRef("pk")})
    first = Subquery(rows.order_by(table.at).values(table.at)[:1])
    times = table.owners.annotate(first=first).values_list("first", flat=True)
    oldest: datetime | None = min(filter(None, times), default=None)
    return oldest and oldest.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _too_many(table: _Table, unit: str, start: datetime, end: datetime) -> QuerySet[Any, int]:
    """Of one span after the other, and in it by owner: a step then changes few pages of the table,
    and few of its index."""
    within = {f"{table.at}__gte": start, f"{table.at}__lt": end}
    owned = {f"{table.of}__in": table.owners.order_by().values("pk")}
    newest_first = [F(table.at).desc(), F("pk").desc()]
    spans: list[Any] = [TruncatedTime(table.at, unit), F(table.of)]
    rank = Window(RowNumber(), partition_by=spans, order_by=newest_first)
    rows = table.model._default_manager.order_by().filter(**owned, **within)
    keys: QuerySet[Any, int] = rows.annotate(rank=rank).filter(rank__gt=1)
    return keys.values_list("pk", flat=True)
