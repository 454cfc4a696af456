"""Findings: one row each, of devices, and of the newest snapshots of their backups."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q
from rest_framework import serializers

from backups.models import Backup
from devices.models import Device, Lifecycle


class FindingSerializer(serializers.Serializer[Any]):
    device = serializers.CharField(help_text="Its machine id")
    device_name = serializers.CharField()
    backup_type = serializers.CharField(help_text="Empty: it is of the device as a whole")
    taken_at = serializers.DateTimeField()
    finding = serializers.CharField()


def finding_rows(asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Devices in the order of their names. Retired ones are left out, as from the list."""
    found = Backup.objects.exclude(latest=None).exclude(latest__findings=[])
    found = found.exclude(device__lifecycle=Lifecycle.RETIRED).filter(_wanted(asked))
    found = found.select_related("device", "latest").order_by("device__name", "device", "pk")
    text = asked.get("search", "").casefold()
    rows = [_row(backup, finding) for backup in found for finding in _findings(backup)]
    rows = sorted([*_of_devices(asked), *rows], key=lambda row: (row["device_name"], row["device"]))
    return [row for row in rows if text in f"{row['device_name']} {row['finding']}".casefold()]


def _of_devices(asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if "backup_type" in asked:
        return
    wanted = {"device_id": asked["device"]} if "device" in asked else {}
    watched = Device.objects.exclude(lifecycle=Lifecycle.RETIRED).filter(**wanted)
    for device in watched.exclude(other_places=[]):
        yield {
            "device": device.device_id,
            "device_name": device.name,
            "backup_type": "",
            "taken_at": device.told_at,
            "finding": device.told_twice,
        }


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
