"""The admin: it shows and queues, and decides nothing."""

from backups.admin import (
    copies,
    devices,
    people,
    plans,
    policies,
    quarantine,
    runs,
    schedule,
    services,
    snapshots,
)

__all__ = [
    "copies",
    "devices",
    "people",
    "plans",
    "policies",
    "quarantine",
    "runs",
    "schedule",
    "services",
    "snapshots",
]
