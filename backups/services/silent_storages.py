"""Which storages are silent now: what lies there can neither be looked at nor proven."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from backups.engine.facts import BackupFacts
from backups.engine.silence import silent_since, why_silent
from devices.models import Device, Storage


class SilentStorages:
    """Asks for the storages only when a device with one comes along."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    @cached_property
    def _silent(self) -> dict[int, tuple[str, datetime]]:
        """Why, and since when."""
        return {
            storage.pk: (why_silent(storage.name, storage.heard_at, now=self._now), since)
            for storage in Storage.objects.only("name", "heard_at")
            if (since := silent_since(storage.heard_at, now=self._now))
        }

    def why(self, device: Device) -> str:
        """ "": its copies are here, or on a storage that lives."""
        return self._silent.get(device.storage_id, ("", None))[0] if device.storage_id else ""

    def known_in(self, facts: BackupFacts, *, of: Device) -> BackupFacts:
        """The facts, with what keeps them from being looked at again."""
        if of.storage_id is None or of.storage_id not in self._silent:
            return facts
        why, since = self._silent[of.storage_id]
        return replace(facts, unheard=why, unheard_since=since)
