"""The admin: it shows and queues, and decides nothing."""

from backups.admin import (
    copies,
    daemons,
    devices,
    experiments,
    ledgers,
    other_files,
    plans,
    policies,
    quarantine,
    runs,
    snapshots,
    storages,
    wipes,
)

__all__ = [
    "copies",
    "daemons",
    "devices",
    "experiments",
    "ledgers",
    "other_files",
    "plans",
    "policies",
    "quarantine",
    "runs",
    "snapshots",
    "storages",
    "wipes",
]
