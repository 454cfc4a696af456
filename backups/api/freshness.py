"""Whether the answer about the fleet may have changed: one cheap query tells."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

from django.db.models import Model, QuerySet, Subquery
from django.utils.http import quote_etag

from backups.models import BackupSnapshot, DaemonStatus, Policy
from devices.models import Device

# A verdict ages without any new fact: so no key holds for longer than this.
BUCKET_SECONDS = 10
NEWEST = ("newest_snapshot", "newest_news", "newest_device_change", "newest_policy_change")


def daemons_with_news() -> list[DaemonStatus]:
    """The daemons, each with marks of the newest change of all else that the answer stands on."""
    return list(DaemonStatus.objects.raw(*_statement()))


def etag(daemons: Sequence[DaemonStatus], *, now: datetime) -> str:
    """A key of everything that the answer is made from; "" while there is nothing to make it of."""
    if not daemons:
        return ""
    marks = [getattr(daemons[0], name) for name in NEWEST]
    answers = [
        (d.node, d.daemon, d.checked_at, d.error, d.current_file, d.processing) for d in daemons
    ]
    bucket = int(now.timestamp() // BUCKET_SECONDS)
    digest = blake2b(repr((bucket, marks, answers)).encode(), digest_size=12).hexdigest()
    return f"W/{quote_etag(digest)}"


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """Made once: to write it costs more than to run it."""
    daemons = DaemonStatus.objects.annotate(
        newest_snapshot=_newest(BackupSnapshot.objects.all(), "pk"),
        newest_news=_newest(Device.objects.all(), "told_at"),
        newest_device_change=_newest(Device.history.all(), "history_id"),
        newest_policy_change=_newest(Policy.history.all(), "history_id"),
    )
    return daemons.query.sql_with_params()


def _newest(rows: QuerySet[Model], field: str) -> Subquery:
    return Subquery(rows.order_by(f"-{field}").values(field)[:1])
