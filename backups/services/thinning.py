"""Snapshots are kept whole for two days, hourly for thirty, daily for ever."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDay, TruncHour

from backups.models import BackupSnapshot

ALL_FOR = timedelta(days=2)
HOURLY_FOR = timedelta(days=30)
BATCH = 500  # rows a statement: a long one would hold the only write lock


def thin_snapshots(*, now: datetime) -> int:
    """Delete the snapshots that are too many for their age; the newest of each span stays.

    Returns how many went. The one that a backup calls its latest is never among them.
    """
    old, older = now - ALL_FOR, now - HOURLY_FOR
    hourly = BackupSnapshot.objects.filter(taken_at__lt=old, taken_at__gte=older)
    daily = BackupSnapshot.objects.filter(taken_at__lt=older)
    return _thin(hourly, TruncHour("taken_at")) + _thin(daily, TruncDay("taken_at"))


def _thin(snapshots: QuerySet[BackupSnapshot], span: Any) -> int:
    rank = Window(RowNumber(), partition_by=[F("backup"), span], order_by=F("taken_at").desc())
    surplus = snapshots.annotate(rank=rank).filter(rank__gt=1).exclude(pk=F("backup__latest"))
    doomed = list(surplus.values_list("pk", flat=True))
    for start in range(0, len(doomed), BATCH):
        BackupSnapshot.objects.filter(pk__in=doomed[start : start + BATCH]).delete()
    return len(doomed)
