"""The admin: it shows and queues, and decides nothing."""

from backups.admin import copies, devices, people, policies, schedule, services, snapshots

__all__ = ["copies", "devices", "people", "policies", "schedule", "services", "snapshots"]
