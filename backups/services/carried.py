"""What was proven of a copy holds for the same content at another place: marks go along.

A proof belongs to the file that was seen: inode, size and times. Where exactly that file was read
on both hosts, with one digest, the marks of the new one take the place of those of the old. What
cannot be told to be that file keeps its marks, and with them loses its proof at the next look.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os import fsdecode

from django.db.models import Model
from msgspec.structs import replace

from backups.engine.card.proofs import pack_proofs, unpack_proofs
from backups.engine.copies.digests import FileStamp
from backups.engine.copies.identity import change_counter, fingerprint, fingerprint_of
from backups.engine.places import ProvenPlace
from backups.engine.videos.digests import pack_digests, unpack_digests
from backups.engine.videos.ledger import HERE, Here, pack_items, unpack_items
from backups.engine.videos.look import SECOND
from backups.engine.videos.names import text_of
from backups.models import DamagedFile, OtherFile, ProvenFolder, RecordingLedger, ResultCopy
from backups.services.card_places import RESULTS, VIDEOS, folder_of
from devices.models import Device

MARKS = (
    "fingerprint", "verified_fingerprint", "digest_fingerprint", "unread_fingerprint",
    "proven_fingerprint",
)  # fmt: skip
Places = Mapping[bytes, ProvenPlace]


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """A row with its new marks, not saved yet."""

    row: Model
    fields: tuple[str, ...]

    def save(self) -> None:
        self.row.save(update_fields=self.fields)


def carried_marks(
    device: Device, proven: Sequence[ProvenPlace], *, now: datetime
) -> list[CarriedRow]:
    """To be called where the new files lie, before the transaction of the switch: it reads them."""
    places = {one.place: one for one in proven}
    read_at = int(now.timestamp())
    return [
        *_carried_copies(device, places),
        *_carried_videos(device, places),
        *_carried_proofs(device, places, read_at=read_at),
    ]


def known_and_not_among(device: Device, places: Collection[bytes]) -> Iterator[str]:
    """Copies that the last look saw, and nobody finds now: a disk that is not mounted shows an
    empty folder, and no error."""
    names = {place.rpartition(b"/")[2] for place in places if place.startswith(VIDEOS + b"/")}
    for path in ResultCopy.objects.filter(device=device).values_list("path", flat=True):
        if RESULTS + b"/" + path.encode() not in places:
            yield path
    for row in RecordingLedger.objects.filter(device=device):
        items = unpack_items(bytes(row.memory))
        yield from (
            text_of(name) for name, item in items.items() if item.has(HERE) and name not in names
        )
    for other in OtherFile.objects.filter(device=device).exclude(held_bytes=None):
        place = bytes(other.place)
        if place not in places and b"/." not in place:  # hidden ones are not looked for
            yield other.name


def _carried_copies(device: Device, places: Places) -> Iterator[CarriedRow]:
    for row in ResultCopy.ever.filter(device=device, gone_at=None):
        place = RESULTS + b"/" + row.path.encode()
        if (one := places.get(place)) is None:
            continue
        root, path = folder_of(place)
        ours = root / fsdecode(path)
        wal = places.get(place + b"-wal")
        theirs = fingerprint_of(one.theirs, change_counter(ours), _written(wal))
        now = fingerprint(ours)
        for name in MARKS:
            if getattr(row, name) == theirs:
                setattr(row, name, now)
        yield CarriedRow(row, MARKS)


def _written(wal: ProvenPlace | None) -> FileStamp | None:
    return wal.theirs if wal and wal.theirs.size else None


def _carried_videos(device: Device, places: Places) -> Iterator[CarriedRow]:
    """By name and content: a file of that name in another folder is another content."""
    begin = VIDEOS + b"/" + device.device_id.encode() + b"/"
    moved = {
        (place.rpartition(b"/")[2], content_of(one.theirs)): content_of(one.ours)
        for place, one in places.items()
        if place.startswith(begin)
    }
    texts = {(text_of(name), before): after for (name, before), after in moved.items()}
    for row in RecordingLedger.objects.filter(device=device):
        items = unpack_items(bytes(row.memory))
        for name, item in items.items():
            if item.has(HERE):
                item.seen = moved.get((name, item.seen), item.seen)
        digests = {
            name: replace(one, content=texts.get((name, one.content), one.content))
            for name, one in unpack_digests(bytes(row.digests)).items()
        }
        row.memory, row.digests, row.disk_mark = pack_items(items), pack_digests(digests), b""
        row.version += 1
        yield CarriedRow(row, ("memory", "digests", "disk_mark", "version"))
    for damage in DamagedFile.objects.filter(device=device):
        damage.content = moved.get((bytes(damage.name), damage.content), damage.content)
        yield CarriedRow(damage, ("content",))


def content_of(stamp: FileStamp) -> int:
    """As the scan of videos tells one content from another."""
    touched = max(stamp.modified, stamp.changed) // SECOND + 1
    return Here(b"", stamp.size, stamp.modified, touched).content


def _carried_proofs(device: Device, places: Places, *, read_at: int) -> Iterator[CarriedRow]:
    for row in ProvenFolder.objects.filter(device=device):
        files = unpack_proofs(bytes(row.files))
        for name, file in files.items():
            one = places.get(file.place.encode("latin-1"))
            if one and one.theirs == file.ours:
                files[name] = replace(file, ours=one.ours, read_at=read_at)
        row.files, row.seal = pack_proofs(files), b""
        yield CarriedRow(row, ("files", "seal"))
