"""Hold what is known of a device's recordings against the disk, and against what it tells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

from django.conf import settings

from backups.engine.videos.damage import MOST_HEADS, Damages, read_heads
from backups.engine.videos.held import MARK_BYTES, VideoPart, files_of, mark_of
from backups.engine.videos.ledger import Here
from backups.engine.videos.names import bytes_of
from backups.engine.videos.recording import Heads, Sight, look_at
from backups.engine.videos.telling import CLOCK_IS_RIGHT, Moment, Told
from backups.models import RecordingLedger
from backups.services.ledger_rows import (
    damages_of,
    due_for_heads,
    from_seconds,
    ledger_of,
    record_of,
    remember,
    save_damages,
    save_rows,
    seconds,
    show,
    with_memory,
)
from devices.models import Device

BEFORE = timedelta(minutes=15)  # its first chunk may be here before anyone saw it recording
UNNAMED = b"unnamed"  # the mark of what a list that was read does not name
SEEN = "seen recording at "  # names a recording of which nothing is known but that

NamesByRecording = Mapping[str, list[str]]  # as the device lists them itself
PartsByName = Mapping[str, list[VideoPart]]
Rows = dict[str, RecordingLedger]
Marks = tuple[bytes, bytes]  # of the disk, of what is told


@dataclass(slots=True, kw_only=True)
class LedgerComparison:
    """One look at all recordings of a device. `listing` None: it tells of none now."""

    device: Device
    now: datetime
    parts: PartsByName
    listing: NamesByRecording | None
    listed_before: datetime | None  # when its own list was read before
    heads_left: int = MOST_HEADS
    damages: dict[str, Damages] = field(default_factory=dict)

    def run(self) -> Rows:
        """Bring the ledger up to date, and give it. Only what changed is unpacked."""
        rows = ledger_of(self.device)
        self.damages = damages_of(self.device)
        names = {name for name in rows if not name.startswith(SEEN)}
        names |= self.parts.keys() | (self.listing or {}).keys()
        fresh = {name for name in names if name not in rows or rows[name].looked_at is None}
        growing = growing_of(self.device, rows, self._guesses(names - rows.keys()))
        marks = {name: self._marks(name, rows.get(name)) for name in names}
        due = {n for n in names if _is_due(rows.get(n), marks[n], growing=n == growing)}
        due |= due_for_heads(rows.values(), most=self.heads_left)
        for some in with_memory(self.device, due, now=self.now):
            for row in some:
                self._look(row, marks[row.recording], growing=row.recording == growing)
            save_rows(some)
            rows |= {row.recording: row for row in some}
        _note_unseen(self.device, rows, fresh)
        return rows

    def _guesses(self, names: Iterable[str]) -> dict[str, datetime]:
        """When something last came of recordings that are new to us: at the latest."""
        moment = Moment(now=seconds(self.now), clock_is_right=clock_is_right(self.device))
        listed = self.listing or {}
        counts = {
            name: max(
                sum(part.files.file_count for part in self.parts.get(name, [])),
                len(listed.get(name, [])),
            )
            for name in names
        }
        return {name: from_seconds(moment.over_by(bytes_of(name), n)) for name, n in counts.items()}

    def _marks(self, name: str, row: RecordingLedger | None) -> Marks:
        disk = mark_of(self.parts[name]) if name in self.parts else b""
        if self.listing is None:
            return disk, bytes(row.told_mark) if row else b""
        return disk, _told_mark(self.listing.get(name, []))

    def _look(self, row: RecordingLedger, marks: Marks, *, growing: bool) -> None:
        name, here = row.recording, files_of(self.parts.get(row.recording, []))
        sight = Sight(
            now=seconds(self.now),
            device_id=self.device.device_id.encode(),
            here=here,
            told=self._told(name),
            told_before=told_before(row, self.listed_before),
            clock_is_right=clock_is_right(self.device),
            growing=growing,
            damages=self.damages.get(name, {}),
            read=partial(self._read, here),
        )
        looked = look_at(record_of(row), sight)
        remember(row, looked.record)
        show(row, looked)
        row.disk_mark, row.told_mark = marks
        row.growing = growing
        if growing:
            row.listed_mark = b""  # what was told of its end is not its end
        save_damages(self.device, name, looked.found, looked.healed)

    def _told(self, name: str) -> Mapping[bytes, Told] | None:
        if self.listing is None:
            return None
        return dict.fromkeys(map(bytes_of, self.listing.get(name, [])), Told())

    def _read(self, here: Mapping[bytes, Here], names: list[bytes]) -> Heads:
        some = names[: self.heads_left]
        self.heads_left -= len(some)
        paths = {_path(here[name], name): name for name in some}
        heads = read_heads(settings.VIDEOS_DIR / self.device.device_id, paths)
        return {paths[path]: head for path, head in heads.items()}


def growing_of(device: Device, rows: Rows, guesses: Mapping[str, datetime]) -> str:
    """Which recording grows: the newest of those that can be what the device records now."""
    since = device.recording_since
    if not device.is_recording or since is None:
        return ""
    return _newest_since(since, rows, guesses)


def _newest_since(since: datetime, rows: Rows, guesses: Mapping[str, datetime]) -> str:
    """The newest recording of which something came since then."""
    news = {
        name: row.advanced_at or row.first_known_at
        for name, row in rows.items()
        if not name.startswith(SEEN)
    } | dict(guesses)
    after = since - BEFORE
    found = ((_known_at(rows.get(name), at), name) for name, at in news.items() if at >= after)
    return max(found, default=(since, ""))[1]


def _known_at(row: RecordingLedger | None, at: datetime) -> datetime:
    return row.first_known_at if row else at


def _note_unseen(device: Device, rows: Rows, fresh: set[str]) -> None:
    """A device was seen recording, and nothing of that is known: that is a loss too.

    It is one until the recording comes after all: late, and then as one of the fresh.
    """
    seen = {name for name in rows if name.startswith(SEEN)}
    if since := device.recording_since:
        name = f"{SEEN}{since:%Y-%m-%d %H:%M:%S} UTC"
        seen.discard(name)
        if explained := _newest_since(since, rows, {}):
            fresh = fresh - {explained}
            _forget(rows, name)
        elif name not in rows:
            rows[name] = RecordingLedger.objects.create(
                device=device, recording=name, first_known_at=since
            )
    for name, _ in zip(sorted(seen, reverse=True), fresh, strict=False):
        _forget(rows, name)


def _forget(rows: Rows, name: str) -> None:
    if row := rows.pop(name, None):
        row.delete()


def _is_due(row: RecordingLedger | None, marks: Marks, *, growing: bool) -> bool:
    if row is None or growing or row.growing:
        return True
    return marks != (bytes(row.disk_mark), bytes(row.told_mark))


def _told_mark(told: list[str]) -> bytes:
    if not told:
        return UNNAMED
    return blake2b(bytes_of("/".join(sorted(told))), digest_size=MARK_BYTES).digest()


def told_before(row: RecordingLedger, listed_before: datetime | None) -> int:
    listed = seconds(listed_before) if bytes(row.told_mark) not in {b"", UNNAMED} else 0
    return max(seconds(row.told_at), listed)


def clock_is_right(device: Device) -> bool:
    skew = device.clock_skew_seconds
    return skew is not None and abs(skew) <= CLOCK_IS_RIGHT.total_seconds()


def _path(file: Here, name: bytes) -> bytes:
    return file.folder + b"/" + name if file.folder else name
