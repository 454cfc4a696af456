"""What was known and judged at an earlier instant: from the facts and by the limits of then.

Snapshots are thinned with age. Where those around the instant are as near to each other as
thinning leaves them, the one before it is judged by its own moment; else nobody had looked, and
it is judged by the instant, as it was then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from backups.dashboard import BackupStatus, DeviceStatus, Fleet, status_of, worst_first
from backups.engine.facts import BackupType
from backups.engine.verdict import Limits
from backups.models import Backup, BackupSnapshot, Policy
from backups.models.newest import Newest, of_snapshots
from backups.models.policy import DEFAULT_LIMITS, AllLimits
from backups.services.thinning import ALL_FOR, HOURLY_FOR
from devices.models import Device, Lifecycle

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class BadMoment(Exception):
    """This is no instant of the past; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The snapshot that was the newest at the instant, and the moment that it is judged by."""

    newest: Newest
    judged_at: datetime


def moment_of(text: str, *, now: datetime) -> datetime:
    """An instant as a person or a program writes it. Raises BadMoment."""
    try:
        at = parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        at = None
    if at is None or is_naive(at):
        raise BadMoment("this is not a moment with its zone, such as 2026-11-22T13:40:00Z")
    if not at.year > 1970 or at > now:
        raise BadMoment("this moment has not come yet, or is too long ago")
    return at


def fleet_at(at: datetime, *, now: datetime) -> Fleet:
    """Every device that was known then, and not retired: six queries, however long ago."""
    statuses = _statuses(Device.objects.all(), at, now)
    return Fleet(devices=tuple(sorted(statuses, key=worst_first)), daemons={})


def device_at(device: Device, at: datetime, *, now: datetime) -> DeviceStatus:
    """Of a device that was not known then nothing was."""
    found = _statuses(Device.objects.filter(pk=device.pk), at, now, retired=True)
    return next(found, DeviceStatus(device=device))


def _statuses(
    devices: QuerySet[Device], at: datetime, now: datetime, *, retired: bool = False
) -> Iterator[DeviceStatus]:
    limits = limits_at(at)
    looks = _looks(devices, at, now)
    for device in _devices(devices, at):
        if retired or device.lifecycle != Lifecycle.RETIRED:
            yield _status(device, looks.get(device.pk, {}), limits)


def _status(device: Device, looks: Mapping[BackupType, _Look], limits: AllLimits) -> DeviceStatus:
    """Each backup by its own moment."""
    backups: dict[BackupType, BackupStatus] = {}
    for kind, look in looks.items():
        one = status_of(device, {kind: look.newest}, limits=limits, at_work={}, now=look.judged_at)
        backups |= one.backups
    return DeviceStatus(device=device, backups=backups)


def _devices(devices: QuerySet[Device], at: datetime) -> Iterator[Device]:
    """With group and lifecycle of then. Where the first change came later, as all begin."""
    history = Device.history.model.objects
    of_it = history.filter(id=OuterRef("pk"))
    then = of_it.filter(history_date__lte=at).order_by("-history_date", "-history_id")
    rows = devices.filter(first_seen_at__lte=at).annotate(
        was=Subquery(then.values("history_id")[:1]),
        changed=Subquery(of_it.values("history_id")[:1]),
    )
    found = list(rows.select_related("group"))
    was = {row.history_id: row for row in history.filter(pk__in=[d.was for d in found if d.was])}
    for device in found:
        if device.changed:
            old = was.get(device.was)
            device.lifecycle = old.lifecycle if old else Lifecycle.ACTIVE
            device.group_id = old.group_id if old else None
        yield device


def limits_at(at: datetime) -> AllLimits:
    """Of a policy whose changes all came later: what it was made with."""
    rows = list(Policy.history.model.objects.order_by("history_date", "history_id"))
    limits: dict[tuple[int | None, str], Limits] = {}
    changed = {row.id for row in rows}
    for policy in Policy.objects.exclude(pk__in=changed):
        limits[policy.group_id, policy.backup_type] = policy.limits
    for first in {row.id: row for row in reversed(rows)}.values():
        if first.history_date > at and first.history_type != "+" and first.group_id is None:
            limits[None, first.backup_type] = DEFAULT_LIMITS[BackupType(first.backup_type)]
    for row in {row.id: row for row in rows if row.history_date <= at}.values():
        if row.history_type != "-":
            limits[row.group_id, row.backup_type] = _limits_of(row)
    return limits


def _limits_of(row: Any) -> Limits:
    return Limits(
        max_age=row.max_age,
        grace=row.grace,
        evidence_ttl=row.evidence_ttl,
        equal_within=row.equal_within,
        proved_copies=row.proved_copies,
    )


def _looks(
    devices: QuerySet[Device], at: datetime, now: datetime
) -> dict[int, dict[BackupType, _Look]]:
    of_it = BackupSnapshot.objects.filter(backup=OuterRef("pk"))
    before = of_it.filter(taken_at__lte=at).order_by("-taken_at", "-pk")
    after = of_it.filter(taken_at__gt=at).order_by("taken_at", "pk")
    backups = Backup.objects.filter(device__in=devices).annotate(
        then=Subquery(before.values("pk")[:1]), next_at=Subquery(after.values("taken_at")[:1])
    )
    rows = list(backups.values_list("device_id", "backup_type", "then", "next_at"))
    snapshots = of_snapshots({then: BackupType(kind) for _, kind, then, _ in rows if then})
    looks: dict[int, dict[BackupType, _Look]] = {}
    for device_id, backup_type, then, next_at in rows:
        newest = snapshots.get(then)
        if newest and newest.taken_at:
            judged_at = _judged_at(newest.taken_at, next_at, at=at, now=now)
            look = _Look(newest=newest, judged_at=judged_at)
            looks.setdefault(device_id, {})[BackupType(backup_type)] = look
    return looks


def _judged_at(
    taken_at: datetime, next_at: datetime | None, *, at: datetime, now: datetime
) -> datetime:
    kept_each = _kept_each(now - at)
    if next_at and next_at - taken_at < 2 * kept_each:
        return taken_at
    return at


def _kept_each(age: timedelta) -> timedelta:
    """How far apart thinning leaves the snapshots of that age."""
    if age < ALL_FOR:
        return timedelta(0)
    return HOUR if age < HOURLY_FOR else DAY
