"""The admin: it shows and queues, and decides nothing."""

from backups.admin import (
    copies,
    daemons,
    devices,
    people,
    plans,
    policies,
    quarantine,
    runs,
    schedule,
    snapshots,
)

__all__ = [
    "copies",
    "daemons",
    "devices",
    "people",
    "plans",
    "policies",
    "quarantine",
    "runs",
    "schedule",
    "snapshots",
]
