"""Who tries passwords, as the one counter of failed logins has it."""

from collections.abc import Iterator
from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Min, Sum
from humanize import naturaldelta

from incidents.engine.causes import CauseKind
from incidents.engine.symptoms import Symptom

SHOWN = 3


def login_symptoms(*, now: datetime) -> Iterator[Symptom]:
    """One, of all addresses that are shut out now: it ends when the last may try again."""
    lately = AccessAttempt.objects.filter(attempt_time__gt=now - settings.AXES_COOLOFF_TIME)
    tried = (
        lately.order_by()
        .values("ip_address")
        .annotate(
            count=Sum("failures_since_start"), first=Min("attempt_time"), last=Max("attempt_time")
        )
    )
    shut_out = list(tried.filter(count__gte=settings.AXES_FAILURE_LIMIT).order_by("-count"))
    if shut_out:
        named = [f"{one['ip_address']} ({one['count']} times)" for one in shut_out[:SHOWN]]
        more = f" and {len(shut_out) - SHOWN} more" if len(shut_out) > SHOWN else ""
        yield Symptom(
            kind=CauseKind.LOGINS,
            subject="",
            sentence=f"failed logins: {', '.join(named)}{more}; nobody logs in from there now",
            since=min(one["first"] for one in shut_out),
            clears=f"{naturaldelta(settings.AXES_COOLOFF_TIME)} without a try",
        )
