"""The facts of the database as Prometheus reads them: one reading, at one moment."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Min
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import RedisError

from backups.dashboard import Fleet, fleet
from backups.engine.facts import BackupType
from backups.engine.silence import why_silent
from backups.engine.verdict import Verdict
from backups.models import BackupSnapshot, DaemonStatus, ResultCopy
from devices.freshness import AVAILABLE
from devices.models import NodeStatus, Storage
from ethonode.problem_metrics import problems
from ethonode.readiness import queue_length


def exposition(*, now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(FleetCollector(now=now))
    return generate_latest(registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetCollector(Collector):
    now: datetime

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # so that registering it reads nothing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        watched = fleet(now=self.now)
        yield _devices(watched)
        yield _backups(watched)
        yield _nodes(self.now)
        yield _daemons(self.now)
        yield from _storages(self.now)
        yield from _snapshot_age(self.now)
        yield from _at_risk(watched)
        yield from _oldest_proof(self.now)
        yield from problems(now=self.now)
        yield from _queue()


def _devices(watched: Fleet) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(
        "ethonode_devices", "Active devices, by their worst backup's verdict", labels=["verdict"]
    )
    for verdict, count in watched.counts.items():
        metric.add_metric([verdict], count)
    return metric


def _backups(watched: Fleet) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(
        "ethonode_backups", "Backups of active devices", labels=["backup_type", "verdict"]
    )
    counts = Counter(
        (backup_type, backup.judgement.verdict)
        for device in watched.devices
        if not device.silent
        for backup_type, backup in device.backups.items()
    )
    for backup_type in BackupType:
        for verdict in Verdict:
            metric.add_metric([backup_type, verdict], counts[backup_type, verdict])
    return metric


def _daemons(now: datetime) -> GaugeMetricFamily:
    """By their node too, where there are several."""
    several = len(settings.NODES) > 1
    metric = GaugeMetricFamily(
        "ethonode_service_available",
        "1 if the daemon was asked lately, and answered",
        labels=["service", "node"] if several else ["service"],
    )
    for status in DaemonStatus.objects.all():
        names = [status.daemon, status.node] if several else [status.daemon]
        metric.add_metric(names, int(status.availability(now=now) == AVAILABLE))
    return metric


def _nodes(now: datetime) -> GaugeMetricFamily:
    metric = GaugeMetricFamily(
        "ethonode_node_available",
        "1 if the devices of the node were asked for lately, and who was asked answered",
        labels=["node"],
    )
    for status in NodeStatus.objects.all():
        metric.add_metric([status.name], int(status.availability(now=now) == AVAILABLE))
    return metric


def _storages(now: datetime) -> Iterator[GaugeMetricFamily]:
    metric = GaugeMetricFamily(
        "ethonode_storage_up", "1 if the storage was heard of lately", labels=["storage"]
    )
    for one in Storage.objects.all():
        metric.add_metric([one.name], int(not why_silent(one.name, one.heard_at, now=now)))
    if metric.samples:
        yield metric


def _snapshot_age(now: datetime) -> Iterator[GaugeMetricFamily]:
    newest = BackupSnapshot.objects.order_by("-pk").first()
    if newest is not None:
        age = (now - newest.taken_at).total_seconds()
        yield GaugeMetricFamily(
            "ethonode_newest_snapshot_age_seconds", "Since the newest snapshot", value=age
        )


def _at_risk(watched: Fleet) -> Iterator[GaugeMetricFamily]:
    """What nobody told is no number: it is counted beside it."""
    risk = watched.risk
    if risk.told is not None:
        yield GaugeMetricFamily(
            "ethonode_at_risk_bytes", "Told to be only on cards", value=risk.bytes
        )
    yield GaugeMetricFamily(
        "ethonode_at_risk_items", "Experiments and recordings only on cards", value=risk.items
    )
    yield GaugeMetricFamily(
        "ethonode_at_risk_unknown_devices", "Devices of which it is not known", value=risk.blind
    )


def _oldest_proof(now: datetime) -> Iterator[GaugeMetricFamily]:
    at = ResultCopy.objects.aggregate(oldest=Min("verified_at"))["oldest"]
    if at is not None:
        yield GaugeMetricFamily(
            "ethonode_oldest_proof_age_seconds",
            "Since the copy of results that was not read for longest was read to its end",
            value=(now - at).total_seconds(),
        )


def _queue() -> Iterator[GaugeMetricFamily]:
    """Without Redis there is no length, rather than a length of zero."""
    try:
        length = queue_length()
    except RedisError:
        yield GaugeMetricFamily("ethonode_redis_up", "1 if Redis answers", value=0)
        return
    yield GaugeMetricFamily("ethonode_redis_up", "1 if Redis answers", value=1)
    yield GaugeMetricFamily("ethonode_queued_tasks", "Tasks that wait for a worker", value=length)
