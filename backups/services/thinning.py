"""Snapshots, and what cards told: kept whole for two days, hourly for thirty, daily for ever."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDay, TruncHour

from backups.models import BackupSnapshot, CardReading

ALL_FOR = timedelta(days=2)
HOURLY_FOR = timedelta(days=30)
BATCH = 500  # rows a statement: a long one would hold the only write lock


def thin_snapshots(*, now: datetime) -> int:
    """Delete the snapshots that are too many for their age; the newest of each span stays.

    Returns how many went. The one that a backup calls its latest is never among them.
    """
    latest = Q(pk=F("backup__latest"))
    return _thin(BackupSnapshot.objects.all(), of="backup", at="taken_at", spared=latest, now=now)


def thin_card_readings(*, now: datetime) -> int:
    """Likewise of what cards told of themselves."""
    return _thin(CardReading.objects.all(), of="device", at="read_at", spared=Q(), now=now)


def _thin(rows: QuerySet[Any], *, of: str, at: str, spared: Q, now: datetime) -> int:
    old, older = now - ALL_FOR, now - HOURLY_FOR
    hourly = rows.filter(**{f"{at}__lt": old, f"{at}__gte": older})
    daily = rows.filter(**{f"{at}__lt": older})
    return sum(
        _thin_to(some, F(of), span(at), newest_first=F(at).desc(), spared=spared)
        for some, span in ((hourly, TruncHour), (daily, TruncDay))
    )


def _thin_to(rows: QuerySet[Any], of: F, span: Any, *, newest_first: Any, spared: Q) -> int:
    """One row of each span stays."""
    rank = Window(RowNumber(), partition_by=[of, span], order_by=newest_first)
    surplus = rows.annotate(rank=rank).filter(rank__gt=1)
    doomed = list((surplus.exclude(spared) if spared else surplus).values_list("pk", flat=True))
    for start in range(0, len(doomed), BATCH):
        rows.model._default_manager.filter(pk__in=doomed[start : start + BATCH]).delete()
    return len(doomed)
