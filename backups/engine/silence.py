"""Whether a storage is heard of. A time that has not come yet is no sign of life."""

from datetime import datetime, timedelta

from backups.engine.ahead import is_ahead
from backups.engine.evidence import words

ASKED_EVERY = timedelta(minutes=1)
SILENT_AFTER = timedelta(minutes=5)


def silent_since(heard_at: datetime | None, *, now: datetime) -> datetime | None:
    """When it fell silent; None: it was heard of lately. One of which that is not known: now."""
    if heard_at is None or is_ahead(heard_at, now=now):
        return now
    return heard_at + SILENT_AFTER if now - heard_at >= SILENT_AFTER else None


def why_silent(name: str, heard_at: datetime | None, *, now: datetime) -> str:
    """ "": it is not."""
    if silent_since(heard_at, now=now) is None:
        return ""
    if heard_at is None:
        return f"the storage “{name}” was never heard of"
    if heard_at > now:
        return f"the storage “{name}” was last heard of at a time that has not come yet"
    return f"the storage “{name}” was last heard of {words(SILENT_AFTER)} ago or more"
