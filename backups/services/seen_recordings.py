"""Which recording is the one that a device was seen recording, and what was seen and never came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from backups.engine.videos.names import bytes_of, stamp_of
from backups.engine.videos.telling import CLOCK_IS_RIGHT, Moment
from backups.models import RecordingLedger
from backups.services.ledger_rows import from_seconds, seconds
from devices.models import Device

BEFORE = timedelta(minutes=15)  # its first chunk may be here before anyone saw it recording
ZONES = timedelta(hours=26)  # between the earliest and the latest that a start in a name can be
NONE_BETWEEN = (b"9", b"0")
SEEN = "seen recording at "  # names a recording of which nothing is known but that

Rows = dict[str, RecordingLedger]


@dataclass(frozen=True, kw_only=True)
class Session:
    """A device was seen recording since then. That a chunk comes says not which was recorded."""

    device: Device
    since: datetime
    now: datetime
    rows: Rows

    def going_on(self, guesses: Mapping[str, datetime]) -> str:
        """The newest of those that it can be now: it may have stopped and begun another one while
        nobody saw it. Guesses: of what was not looked at yet, when something last came."""
        known = {
            name: row.first_known_at
            for name, row in self.rows.items()
            if name not in guesses and self._may_go_on(name, row)
        }
        after = self.since - BEFORE
        new = {name: at for name, at in guesses.items() if at >= after and self._is_in_order(name)}
        return _newest(known | new)

    def seen(self) -> str:
        """The newest of those that it can have been when it was seen; "": none is known."""
        known = {
            name: row.first_known_at for name, row in self.rows.items() if self.may_be(name, row)
        }
        return _newest(known)

    def may_be(self, name: str, row: RecordingLedger) -> bool:
        """Whether it may be what was seen: what began later is another one."""
        begun = moment_of(self.device, self.now).begun_by(bytes_of(name))
        began_later = begun and from_seconds(begun) - ZONES > self.since
        return not began_later and self._may_go_on(name, row)

    def _may_go_on(self, name: str, row: RecordingLedger) -> bool:
        """Whether it was not known before, or was seen growing since, and its name speaks not
        against it."""
        if name.startswith(SEEN) or not self._is_news(row):
            return False
        moment = moment_of(self.device, self.now)
        over_by = from_seconds(moment.over_by(bytes_of(name), row.known_count))
        return over_by >= self.since - BEFORE and self._is_in_order(name)

    def _is_news(self, row: RecordingLedger) -> bool:
        """Since when it was there its name tells, too: that is no sign that we had heard of it."""
        after, met_at = self.since - BEFORE, row.met_at or row.first_known_at
        grew = row.grew_at is not None and row.grew_at >= self.since
        return met_at >= after or grew or self.device.first_seen_at >= after

    def _is_in_order(self, name: str) -> bool:
        """A name that is older than one known before is of something else that came late, unless
        a clock that was set back since named it."""
        stamp = stamp_of(bytes_of(name))
        oldest, newest = self._by_its_clock
        return not stamp or stamp >= self._newest_before or oldest <= stamp <= newest

    @cached_property
    def _by_its_clock(self) -> tuple[bytes, bytes]:
        """Between which names it is, by a clock that is known to be wrong: what that clock named
        later is another one."""
        skew = self.device.clock_skew_seconds
        if skew is None or clock_is_right(self.device):
            return NONE_BETWEEN
        return _stamp_at(self.since - BEFORE - ZONES, skew), _stamp_at(self.since + ZONES, skew)

    @cached_property
    def _newest_before(self) -> bytes:
        """What a clock that was far ahead left is no order."""
        not_come = f"{self.now + timedelta(days=1):%Y-%m-%d_%H-%M-%S}".encode()
        before = (stamp_of(bytes_of(n)) for n, row in self.rows.items() if not self._is_news(row))
        return max((stamp for stamp in before if stamp < not_come), default=b"")


def _stamp_at(moment: datetime, skew: float) -> bytes:
    return f"{from_seconds(max(seconds(moment) + int(skew), 0)):%Y-%m-%d_%H-%M-%S}".encode()


def _newest(found: Mapping[str, datetime]) -> str:
    return max(((at, name) for name, at in found.items()), default=(None, ""))[1]


def moment_of(device: Device, now: datetime) -> Moment:
    return Moment(now=seconds(now), clock_is_right=clock_is_right(device))


def clock_is_right(device: Device) -> bool:
    skew = device.clock_skew_seconds
    return skew is not None and abs(skew) <= CLOCK_IS_RIGHT.total_seconds()


def growing_of(
    device: Device, rows: Rows, guesses: Mapping[str, datetime], *, now: datetime
) -> str:
    """Which recording grows: the newest of those that can be what the device records now."""
    since = device.recording_since
    if not device.is_recording or since is None:
        return ""
    return Session(device=device, since=since, now=now, rows=rows).going_on(guesses)


def note_unseen(device: Device, rows: Rows, fresh: set[str], *, now: datetime) -> None:
    """A device was seen recording, and nothing of that is known: that is a loss too.

    It is one until the recording comes after all: late, and then as one of the fresh.
    """
    seen = {name for name in rows if name.startswith(SEEN)}
    if since := device.recording_since:
        name = f"{SEEN}{since:%Y-%m-%d %H:%M:%S} UTC"
        seen.discard(name)
        if explained := Session(device=device, since=since, now=now, rows=rows).seen():
            fresh = fresh - {explained}
            _forget(rows, name)
        elif name not in rows:
            rows[name] = RecordingLedger.objects.create(
                device=device, recording=name, first_known_at=since
            )
    _explain(device, rows, seen=seen, fresh=fresh, now=now)


def _explain(device: Device, rows: Rows, *, seen: set[str], fresh: set[str], now: datetime) -> None:
    """Each of the fresh stands for one that was seen, and for none that it cannot be."""
    left = sorted(fresh & rows.keys(), reverse=True)
    for name in sorted(seen, reverse=True):
        session = Session(device=device, since=rows[name].first_known_at, now=now, rows=rows)
        if came := next((one for one in left if session.may_be(one, rows[one])), None):
            left.remove(came)
            _forget(rows, name)


def _forget(rows: Rows, name: str) -> None:
    if row := rows.pop(name, None):
        row.delete()
