"""Files of a card whose content was held against ours: both read to their end, one digest."""

from collections.abc import Mapping
from zlib import compress, decompress

import msgspec

from backups.engine.card.listing import Mark
from backups.engine.copies.digests import FileStamp


class ProvenFile(msgspec.Struct, frozen=True, array_like=True):
    """One file of a card, and its copy here, as both were when they were read.

    `place` is the copy's path below the data folders ("videos/…"), one character a byte. With
    `differs` the two were not the same, and nothing is proven. Times are seconds on our clock.
    """

    mark: Mark
    place: str
    ours: FileStamp
    digest: str  # BLAKE2b, as `b2sum` writes it
    proven_at: int  # all that the card's file held then is here
    read_at: int  # when ours was read, from the disk
    differs: str = ""

    def holds(self, mark: Mark) -> bool:
        """Whether it is of the content that the card's file has now."""
        return not self.differs and self.mark == mark


ProvenFiles = dict[bytes, ProvenFile]  # by name


def pack_proofs(files: Mapping[bytes, ProvenFile]) -> bytes:
    told = {name.decode("latin-1"): file for name, file in files.items()}
    return compress(msgspec.json.encode(told), 1)


def unpack_proofs(packed: bytes) -> ProvenFiles:
    told = msgspec.json.decode(decompress(packed), type=dict[str, ProvenFile]) if packed else {}
    return {name.encode("latin-1"): file for name, file in told.items()}
