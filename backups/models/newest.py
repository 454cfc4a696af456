"""The newest facts of every device: one query, each row read once, without a model per row.

Every page and the status poll stand on this, so it takes a third of the time of the same rows as
model instances. The ORM writes the statement; only reading its rows is done here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import FilteredRelation, Q, QuerySet

from backups.engine.facts import BackupFacts, BackupType
from backups.models.backup import PLAIN_FIELDS, BackupSnapshot, facts_of
from devices.models import Device, DeviceGroup, Lifecycle

# What no list shows is left out; an instance reads it when asked.
LEFT_OUT = {
    "notes", "first_seen_at", "clock_at", "recording_since", "recording_at", "software_version",
    "card_age_seconds", "card_name", "card_read_at", "card_error", "partitions",
    "untold_at",
}  # fmt: skip
DEVICE_FIELDS = tuple(
    field.attname for field in Device._meta.concrete_fields if field.attname not in LEFT_OUT
)
OTHER_PLACES = DEVICE_FIELDS.index("other_places")
GROUP_FIELDS = tuple(field.attname for field in DeviceGroup._meta.concrete_fields)
JSON_FIELDS = ("problems", "proofs", "risk", "findings")
SNAPSHOT_FIELDS = (*PLAIN_FIELDS, *JSON_FIELDS, "taken_at", "claim")
BACKUP_FIELDS = ("pk", *(f"latest__{name}" for name in SNAPSHOT_FIELDS))


@dataclass(frozen=True, slots=True)
class Newest:
    """What the newest snapshot of one backup says; before the first, nothing is known."""

    facts: BackupFacts
    taken_at: datetime | None
    claim: str


def newest_of_all(*, retired: bool = False) -> Iterator[tuple[Device, dict[BackupType, Newest]]]:
    """Of each device that is not retired, or of each that is; also where there is no backup yet."""
    return _rows(*_statement_for_all(retired=retired))


def newest_of(device: Device) -> dict[BackupType, Newest]:
    rows = _rows(*_statement(Device.objects.filter(pk=device.pk)))
    return next((newest for _, newest in rows), {})


@cache
def _statement_for_all(*, retired: bool) -> tuple[str, tuple[Any, ...]]:
    """Made once: to write this statement costs more than to run it."""
    is_retired = Q(lifecycle=Lifecycle.RETIRED)
    return _statement(Device.objects.filter(is_retired if retired else ~is_retired))


def _statement(devices: QuerySet[Device]) -> tuple[str, tuple[Any, ...]]:
    each_backup = {
        f"{kind}_backup": FilteredRelation("backups", condition=Q(backups__backup_type=kind.value))
        for kind in BackupType
    }
    columns = [f"{kind}_backup__{name}" for kind in BackupType for name in BACKUP_FIELDS]
    group = [f"group__{name}" for name in GROUP_FIELDS]
    rows = devices.order_by().annotate(**each_backup).values_list(*DEVICE_FIELDS, *group, *columns)
    return rows.query.sql_with_params()


def of_snapshots(kinds: Mapping[int, BackupType]) -> dict[int, Newest]:
    """What these snapshots say, by their keys; the types of their backups are known."""
    if not kinds:
        return {}
    some = BackupSnapshot.objects.filter(pk__in=kinds).order_by()
    rows = some.values_list("pk", *SNAPSHOT_FIELDS).query.sql_with_params()
    return {key: _newest(kinds[key], values) for key, *values in _values(*rows)}


def _rows(sql: str, params: tuple[Any, ...]) -> Iterator[tuple[Device, dict[BackupType, Newest]]]:
    first = len(DEVICE_FIELDS) + len(GROUP_FIELDS)
    for values in _values(sql, params):
        yield _device(values), _all_newest(values[first:])


def _values(sql: str, params: tuple[Any, ...]) -> Iterator[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    for row in rows:
        yield [  # SQLite has no time zones: what it stores is UTC
            value.replace(tzinfo=UTC) if type(value) is datetime and not value.tzinfo else value
            for value in row
        ]


def _device(values: list[Any]) -> Device:
    count = len(DEVICE_FIELDS)
    values[OTHER_PLACES] = msgspec.json.decode(values[OTHER_PLACES])
    device = Device.from_db(DEFAULT_DB_ALIAS, DEVICE_FIELDS, values[:count])
    if device.group_id:
        group = values[count : count + len(GROUP_FIELDS)]
        device.group = DeviceGroup.from_db(DEFAULT_DB_ALIAS, GROUP_FIELDS, group)
    return device


def _all_newest(values: list[Any]) -> dict[BackupType, Newest]:
    size = len(BACKUP_FIELDS)
    return {
        kind: _newest(kind, values[start + 1 : start + size])
        for kind, start in zip(BackupType, range(0, len(values), size), strict=True)
        if values[start] is not None
    }


def _newest(kind: BackupType, values: list[Any]) -> Newest:
    *plain, problems, proofs, risk, findings, taken_at, claim = values
    if taken_at is None:
        return Newest(BackupFacts(backup_type=kind), None, "")
    fields = dict(zip(PLAIN_FIELDS, plain, strict=True))
    fields["growing"] = bool(fields["growing"])  # SQLite has no booleans either
    facts = facts_of(
        kind,
        fields,
        problems=msgspec.json.decode(problems),
        proofs=msgspec.json.decode(proofs),
        risk=msgspec.json.decode(risk),
        findings=msgspec.json.decode(findings),
    )
    return Newest(facts, taken_at, claim)
