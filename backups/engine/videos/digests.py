"""What a file's content was when it was read to its end, and what another reading says of that."""

import zlib
from collections.abc import Mapping

import msgspec

from backups.engine.videos.damage import ChunkReading, Damage, DamageKind, Damages
from backups.engine.videos.ledger import BEGINS, EQUAL, KnownFile, KnownFiles


class KnownDigest(msgspec.Struct, frozen=True, array_like=True):
    """A content that was read whole."""

    size_bytes: int
    digest: str
    read_at: int  # seconds, on our clock
    content: int = 0  # what told it then from another one, as in KnownFile.seen


KnownDigests = dict[str, KnownDigest]  # by name, as text


def pack_digests(digests: KnownDigests) -> bytes:
    return zlib.compress(msgspec.json.encode(digests), 1) if digests else b""


def unpack_digests(packed: bytes) -> KnownDigests:
    return msgspec.json.decode(zlib.decompress(packed), type=KnownDigests) if packed else {}


def damage_read(
    reading: ChunkReading, before: KnownDigest | None, item: KnownFile, *, now: int
) -> Damage | None:
    """What a reading to the end says against a file. One that has grown is another content."""
    if (wrong := _wrong(reading, before, item)) is None:
        return None
    kind, reason = wrong
    return Damage(kind=kind, reason=reason, content=item.seen, since=now)


def _wrong(
    reading: ChunkReading, before: KnownDigest | None, item: KnownFile
) -> tuple[DamageKind, str] | None:
    if reading.unread:
        return (DamageKind.CLOSED, reading.unread) if reading.closed else None
    if reading.problem:
        return DamageKind.UNREADABLE, reading.problem
    most = max(item.held, before.size_bytes if before else 0)
    if reading.size_bytes < most:
        return DamageKind.SHRANK, f"it holds {reading.size_bytes:,} bytes, and held {most:,}"
    if before is None or before.size_bytes != reading.size_bytes:
        return None
    if before.digest == reading.digest or _is_the_devices(before, item):
        return None
    return DamageKind.CHANGED, "its content is another than when it was first read"


def _is_the_devices(before: KnownDigest, item: KnownFile) -> bool:
    """It was written since, and then held against the device. Where nobody wrote it, that it was
    equal once excuses nothing: a disk that rots changes neither size nor times."""
    return item.has(EQUAL) and before.content != item.seen


def cured(
    readings: Mapping[bytes, ChunkReading],
    before: Mapping[bytes, KnownDigest],
    items: KnownFiles,
    damages: Damages,
) -> set[bytes]:
    """Those of the damaged that were now read to their end, and passed."""
    return {
        name
        for name, damage in damages.items()
        if name in readings
        and name in items
        and _passes(readings[name], before.get(name), items[name], damage)
    }


def _passes(
    reading: ChunkReading, before: KnownDigest | None, item: KnownFile, damage: Damage
) -> bool:
    if reading.problem or reading.unread or reading.size_bytes < item.held:
        return False
    if damage.kind is DamageKind.CHANGED:
        return before is not None and before.digest == reading.digest
    if damage.kind is DamageKind.UNREADABLE or damage.is_closed:
        return True
    begins = damage.kind is DamageKind.SHRANK or item.has(BEGINS)
    return begins and item.seen != damage.content  # to be read twice as the same bad one is no cure
