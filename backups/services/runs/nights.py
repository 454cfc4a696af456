"""When a plan lets cards be read to their end, and how much of them in one night."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from backups.models import BackupPlan
from backups.services.runs.jobs import Budget

GIGABYTE = 10**9
DAY = timedelta(days=1)


def is_night(plan: BackupPlan, now: datetime) -> bool:
    """Whether a proof may be begun now. From and until the same: at any time."""
    at = _here(now).time()
    begin, end = plan.prove_from, plan.prove_until
    if begin < end:
        return begin <= at < end
    return at >= begin or at < end


def budget_of(plan: BackupPlan, now: datetime) -> Budget:
    return Budget(
        most_bytes=plan.prove_gigabytes * GIGABYTE, until=_next(plan.prove_until, after=now)
    )


def _next(at: time, *, after: datetime) -> datetime:
    """The next moment of this time of day; a clock that is put forward or back moves it along."""
    local = _here(after)
    today = datetime.combine(local.date(), at, local.tzinfo)
    return today if today > after else datetime.combine(local.date() + DAY, at, local.tzinfo)


def _here(now: datetime) -> datetime:
    """In the installation's zone, whoever looks."""
    return timezone.localtime(now, timezone.get_default_timezone())
