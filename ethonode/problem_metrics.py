"""Problems and their messages, as Prometheus reads them."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Min
from django_celery_results.models import TaskResult
from prometheus_client.core import GaugeMetricFamily

from devices.freshness import not_after
from incidents.engine.causes import Severity
from incidents.models import Channel, Delivery, DeliveryState
from incidents.services.bell import bell

WATCH = "incidents.tasks.watch"


def problems(*, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield _open()
    yield from _watch_age(now)
    yield from _messages(now)


def _open() -> GaugeMetricFamily:
    metric = GaugeMetricFamily("ethonode_open_incidents", "Open problems", labels=["severity"])
    counts = bell().by_severity
    for severity in Severity:
        metric.add_metric([severity], counts.get(severity, 0))
    return metric


def _watch_age(now: datetime) -> Iterator[GaugeMetricFamily]:
    """Where none ever ended there is no age, rather than one of zero."""
    done = TaskResult.objects.filter(task_name=WATCH, status="SUCCESS")
    at = done.filter(date_done__lte=not_after(now)).order_by("-date_done").first()
    if at is not None:
        yield GaugeMetricFamily(
            "ethonode_last_cycle_age_seconds",
            "Since the last watch for problems ended well",
            value=(now - at.date_done).total_seconds(),
        )


def _messages(now: datetime) -> Iterator[GaugeMetricFamily]:
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, not_before__lte=now)
    yield GaugeMetricFamily(
        "ethonode_messages_waiting", "Messages that are due and not accepted", value=waiting.count()
    )
    failing = Channel.objects.filter(enabled=True, failing_since__isnull=False)
    yield GaugeMetricFamily(
        "ethonode_channels_failing", "Channels that took no message lately", value=failing.count()
    )
    if oldest := waiting.aggregate(oldest=Min("created_at"))["oldest"]:
        yield GaugeMetricFamily(
            "ethonode_oldest_message_age_seconds",
            "Since the oldest message that waits was made",
            value=(now - oldest).total_seconds(),
        )
