"""The watch: what changed is written down, what is wrong becomes an incident, and is told."""

from dataclasses import dataclass
from datetime import datetime

from backups.dashboard import fleet
from backups.services.leases import hold, was_held
from incidents.engine.pace import A_WATCH, WATCH, WATCH_IS_LATE
from incidents.services.changes import note_changes
from incidents.services.digests import write_digests
from incidents.services.heartbeat import beat_begins, beat_ends, failing_beat
from incidents.services.settling import settle
from incidents.services.symptoms import all_symptoms
from incidents.services.telling import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    changes: int
    opened: int
    closed: int
    messages: int


def watch(*, now: datetime) -> WatchReport:
    """One watch. Raises LeaseHeld while another worker watches."""
    with hold(WATCH, duration=A_WATCH, now=now), failing_beat():
        beat_begins()
        watched = fleet(now=now)
        changes = note_changes(watched, now=now)
        opened, closed = settle(list(all_symptoms(watched, now=now)), now=now)
        messages = tell(now=now) + write_digests(now=now)
        beat_ends(now=now)
    return WatchReport(changes=changes, opened=opened, closed=closed, messages=messages)


def is_watch_late(*, now: datetime) -> bool:
    """Whether nobody watches: then whoever can does it."""
    return not was_held(WATCH, since=now - WATCH_IS_LATE, now=now)
