"""Second copies: one file that was read at both places, and what of the first has none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zlib import compress, decompress

import msgspec

from backups.engine.copies.digests import FileStamp


class SecondFile(msgspec.Struct, frozen=True, array_like=True):
    """As both files were when they were read to their end, from their disks, and were the same.

    `differs`: they were read since, and are not. Then nothing is proven; what they were is kept,
    for as long as nobody writes one of them it is not known which of the two has rotted.
    """

    digest: str
    first: FileStamp
    second: FileStamp
    proven_at: int  # seconds on our clock
    differs: bool = False

    @property
    def is_proof(self) -> bool:
        """Of two files: one that both hosts see, by whatever paths, is no copy of itself."""
        return not self.differs and self.first != self.second


SecondFiles = dict[bytes, SecondFile]  # by name, or by place


def proven_among(files: SecondFiles) -> SecondFiles:
    return {name: file for name, file in files.items() if file.is_proof}


def pack_seconds(files: Mapping[bytes, SecondFile]) -> bytes:
    told = {name.decode("latin-1"): file for name, file in files.items()}
    return compress(msgspec.json.encode(told), 1)


def unpack_seconds(packed: bytes) -> SecondFiles:
    told = msgspec.json.decode(decompress(packed), type=dict[str, SecondFile]) if packed else {}
    return {name.encode("latin-1"): file for name, file in told.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Of how many files that are here no second copy is proven, and since when of the oldest."""

    count: int = 0
    since: datetime | None = None
    first: str = ""  # of them, by name


def lacking_of(found: Iterable[tuple[str, datetime]]) -> Lacking:
    some = sorted(found, key=lambda one: one[1])
    if not some:
        return Lacking()
    return Lacking(count=len(some), since=some[0][1], first=some[0][0])
