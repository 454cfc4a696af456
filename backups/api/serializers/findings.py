"""Findings: one row each, of the newest snapshots."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from backups.models import Backup
from devices.models import Lifecycle


class FindingSerializer(serializers.Serializer[Any]):
    device = serializers.CharField(help_text="Its machine id")
    device_name = serializers.CharField()
    backup_type = serializers.CharField()
    taken_at = serializers.DateTimeField()
    finding = serializers.CharField()


def finding_rows(asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Devices in the order of their names. Retired ones are left out, as from the list."""
    found = Backup.objects.exclude(latest=None).exclude(latest__findings=[])
    found = found.exclude(device__lifecycle=Lifecycle.RETIRED).filter(_wanted(asked))
    found = found.select_related("device", "latest").order_by("device__name", "device", "pk")
    text = asked.get("search", "").casefold()
    rows = (_row(backup, finding) for backup in found for finding in _findings(backup))
    return [row for row in rows if text in f"{row['device_name']} {row['finding']}".casefold()]


def _findings(backup: Backup) -> list[str]:
    return backup.latest.findings if backup.latest else []


def _wanted(asked: Mapping[str, str]) -> Q:
    columns = {"device": "device__device_id", "backup_type": "backup_type"}
    return Q(**{column: asked[name] for name, column in columns.items() if name in asked})


def _row(backup: Backup, finding: str) -> dict[str, Any]:
    latest: Any = backup.latest
    return {
        "device": backup.device.device_id,
        "device_name": backup.device.name,
        "backup_type": backup.backup_type,
        "taken_at": latest.taken_at,
        "finding": finding,
    }
