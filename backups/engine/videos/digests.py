"""What a file's content was when it was read to its end, and what another reading says of that."""

import zlib
from collections.abc import Mapping

import msgspec

from backups.engine.videos.damage import ChunkReading, Damage, DamageKind, Damages
from backups.engine.videos.ledger import EQUAL, KnownFile, KnownFiles


class KnownDigest(msgspec.Struct, frozen=True, array_like=True):
    """A content that was read whole."""

    size_bytes: int
    digest: str
    read_at: int  # seconds, on our clock


KnownDigests = dict[str, KnownDigest]  # by name, as text


def pack_digests(digests: KnownDigests) -> bytes:
    return zlib.compress(msgspec.json.encode(digests), 1) if digests else b""


def unpack_digests(packed: bytes) -> KnownDigests:
    return msgspec.json.decode(zlib.decompress(packed), type=KnownDigests) if packed else {}


def damage_read(
    reading: ChunkReading, before: KnownDigest | None, item: KnownFile, *, now: int
) -> Damage | None:
    """What a reading to the end says against a file. One that has grown is another content."""
    if reading.problem:
        return Damage(
            kind=DamageKind.UNREADABLE, reason=reading.problem, content=item.seen, since=now
        )
    if before is None or before.size_bytes != reading.size_bytes or item.has(EQUAL):
        return None
    if before.digest == reading.digest:
        return None
    reason = "its content is another than when it was first read"
    return Damage(kind=DamageKind.CHANGED, reason=reason, content=item.seen, since=now)


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
    if reading.problem or reading.size_bytes < item.held:
        return False
    is_as_before = before is not None and before.digest == reading.digest
    if damage.kind is DamageKind.CHANGED:
        return is_as_before
    if damage.kind is DamageKind.UNREADABLE:
        return True
    return is_as_before or item.seen != damage.content
