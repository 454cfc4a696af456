"""The admin: it shows and queues, and decides nothing."""

from backups.admin import (
    copies,
    daemons,
    devices,
    ledgers,
    plans,
    policies,
    quarantine,
    runs,
    snapshots,
)

__all__ = [
    "copies",
    "daemons",
    "devices",
    "ledgers",
    "plans",
    "policies",
    "quarantine",
    "runs",
    "snapshots",
]
