"""Hold what is known of a device's recordings against the disk, and against what it tells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b

from django.conf import settings
from django.db import transaction

from backups.engine.videos.damage import MOST_HEADS, Damages, Heads, read_heads
from backups.engine.videos.held import MARK_BYTES, VideoPart, files_of, mark_of
from backups.engine.videos.ledger import Here
from backups.engine.videos.names import bytes_of
from backups.engine.videos.recording import Looked, Sight, look_at
from backups.engine.videos.telling import Told
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
from backups.services.seen_recordings import (
    SEEN,
    Rows,
    clock_is_right,
    growing_of,
    moment_of,
    note_unseen,
)
from devices.models import Device

TRIES = 3  # while others write the same rows
UNNAMED = b"unnamed"  # the mark of what a list that was read does not name

NamesByRecording = Mapping[str, list[str]]  # as the device lists them itself
PartsByName = Mapping[str, list[VideoPart]]
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
    looked: dict[str, Looked] = field(default_factory=dict)

    def run(self) -> Rows:
        """Bring the ledger up to date, and give it. Only what changed is unpacked."""
        rows = ledger_of(self.device)
        names = {name for name in rows if not name.startswith(SEEN)}
        names |= self.parts.keys() | (self.listing or {}).keys()
        fresh = {name for name in names if name not in rows or rows[name].looked_at is None}
        guesses = self._guesses(fresh)  # nobody counted them yet
        growing = growing_of(self.device, rows, guesses, now=self.now)
        marks = {name: self._marks(name, rows.get(name)) for name in names}
        due = {n for n in names if _is_due(rows.get(n), marks[n], growing=n == growing)}
        due |= due_for_heads(rows.values(), most=self.heads_left)
        for _ in range(TRIES):
            self.damages = damages_of(self.device)
            due = self._look_at(due, rows, marks, growing)
        note_unseen(self.device, rows, fresh, now=self.now)
        return rows

    def _look_at(
        self, names: set[str], rows: Rows, marks: Mapping[str, Marks], growing: str
    ) -> set[str]:
        """Gives those that somebody wrote meanwhile: of these nothing was kept."""
        left: set[str] = set()
        for some in with_memory(self.device, names, now=self.now):
            for row in some:
                self._look(row, marks[row.recording], growing=row.recording == growing)
            kept = self._save(some)
            rows |= kept
            left |= {row.recording for row in some} - kept.keys()
        return left

    def _save(self, some: list[RecordingLedger]) -> Rows:
        with transaction.atomic():
            left = save_rows(some)
            kept = {row.recording: row for row in some if row.recording not in left}
            for name in kept:
                looked = self.looked[name]
                save_damages(self.device, name, looked.found, looked.healed)
        return kept

    def _guesses(self, names: Iterable[str]) -> dict[str, datetime]:
        """When something last came of recordings that were not looked at yet: at the latest."""
        moment = moment_of(self.device, self.now)
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
        before = record_of(row)
        looked = look_at(before, sight)
        remember(row, looked.record)
        show(row, looked)
        row.disk_mark, row.told_mark = marks
        row.growing = growing
        if growing or looked.record.memory != before.memory:
            row.listed_mark = b""  # the same listing again says more than it did
        self.looked[name] = looked

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


def _path(file: Here, name: bytes) -> bytes:
    return file.folder + b"/" + name if file.folder else name
