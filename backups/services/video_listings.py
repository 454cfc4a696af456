"""Remember what a listing of a card says of its recordings, with sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from backups.engine.videos.held import MARK_BYTES, files_of, mark_of
from backups.engine.videos.recording import Sight, hear_listing
from backups.engine.videos.telling import Told
from backups.models import RecordingLedger
from backups.services.ledger_rows import (
    UNJUDGED,
    ledger_of,
    record_of,
    remember,
    save_rows,
    seconds,
    with_memory,
)
from backups.services.seen_recordings import SEEN, clock_is_right, growing_of
from backups.services.video_ledger import TRIES, PartsByName, told_before
from devices.models import Device

Listing = Mapping[str, Mapping[bytes, Told]]  # recording -> its files


@dataclass(slots=True, kw_only=True)
class Hearing:
    """A listing of the card, with sizes. `complete`: what it does not name is not there.

    `at`: before anything was listed.
    """

    device: Device
    at: datetime
    now: datetime
    listing: Listing
    complete: bool
    parts: PartsByName

    def run(self) -> None:
        """Remember it. The next look judges what it changed."""
        rows = ledger_of(self.device)
        names = set(self.listing)
        if self.complete:
            names |= {name for name in rows if not name.startswith(SEEN)}
        growing = growing_of(
            self.device, rows, dict.fromkeys(names - rows.keys(), self.now), now=self.now
        )
        due = {name for name in names if self._is_news(rows.get(name), name, growing)}
        for _ in range(TRIES):
            due = self._hear(due, growing)
        told = RecordingLedger.objects.filter(device=self.device, recording__in=self.listing)
        told.update(told_at=self.at)

    def _hear(self, names: set[str], growing: str) -> set[str]:
        """Gives those that a look wrote meanwhile."""
        left: set[str] = set()
        for some in with_memory(self.device, names, now=self.now):
            for row in some:
                self._remember(row, growing=row.recording == growing)
            left |= save_rows(some)
        return left

    def _remember(self, row: RecordingLedger, *, growing: bool) -> None:
        sight = Sight(
            now=seconds(self.now),
            device_id=self.device.device_id.encode(),
            here=files_of(self.parts.get(row.recording, [])),
            told=self.listing.get(row.recording, {}),
            told_before=told_before(row, None),
            clock_is_right=clock_is_right(self.device),
            growing=growing or (row.grew_at is not None and row.grew_at >= self.at),
        )
        at, mark = seconds(self.at), self._mark(row.recording)
        remember(row, hear_listing(record_of(row), sight, complete=self.complete, at=at))
        row.disk_mark, row.listed_mark = UNJUDGED, b"" if sight.growing else mark

    def _is_news(self, row: RecordingLedger | None, name: str, growing: str) -> bool:
        if row is None or row.growing or name == growing:
            return True
        is_same = bytes(row.listed_mark) == self._mark(name)
        return not (is_same and row.listed_mark and self._is_as_looked_at(row))

    def _is_as_looked_at(self, row: RecordingLedger) -> bool:
        """Of what was written here since, the same listing says more than it did."""
        parts = self.parts.get(row.recording)
        return bytes(row.disk_mark) == (mark_of(parts) if parts else b"")

    def _mark(self, name: str) -> bytes:
        """Of a listing of just this; contents that were compared are always news."""
        told = self.listing.get(name, {})
        if any(file.by_content for file in told.values()):
            return b""
        lines = sorted(b"%s/%r/%d" % (n, f.size, f.is_other) for n, f in told.items())
        digest = blake2b(b"%d" % self.complete, digest_size=MARK_BYTES)
        digest.update(b"/".join(lines))
        return digest.digest()
