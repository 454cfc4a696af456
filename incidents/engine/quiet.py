"""When nobody is to be told: windows of silence, and a channel's quiet hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWindow:
    """A silence, once or every week at the same time of the zone: of a device, a group, or all."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    weekly: bool = False
    device: int | None = None
    group: int | None = None

    def covers(self, device: int | None, group: int | None) -> bool:
        if self.device is not None:
            return self.device == device
        return self.group is None or self.group == group

    def holds(self, now: datetime) -> bool:
        if not self.weekly or now < self.ends_at:
            return self.starts_at <= now < self.ends_at
        return self._wall(now) - self._wall(self._newest_start(now)) < self._length

    @property
    def _length(self) -> timedelta:
        return self._wall(self.ends_at) - self._wall(self.starts_at)

    def _wall(self, at: datetime) -> datetime:
        """As clocks on the wall show it: a week keeps its hours over a change of summer time."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def _newest_start(self, now: datetime) -> datetime:
        weeks = (self._wall(now) - self._wall(self.starts_at)) // WEEK
        return (self._wall(self.starts_at) + weeks * WEEK).replace(tzinfo=self.zone)


def is_silent(
    windows: Iterable[QuietWindow], *, device: int | None, group: int | None, now: datetime
) -> bool:
    return any(window.covers(device, group) and window.holds(now) for window in windows)


def quiet_until(
    now: datetime, *, begins: time | None, ends: time | None, zone: ZoneInfo
) -> datetime | None:
    """When the quiet hours that hold now are over; None: none hold. They may span midnight."""
    if begins is None or ends is None or begins == ends:
        return None
    local = now.astimezone(zone)
    clock = local.time()
    if begins < ends:
        quiet, day = begins <= clock < ends, local.date()
    else:
        quiet = clock >= begins or clock < ends
        day = local.date() + timedelta(days=1 if clock >= begins else 0)
    return datetime.combine(day, ends, tzinfo=zone) if quiet else None
