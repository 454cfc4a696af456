"""What is remembered of one recording, file by file, and how it is packed into one row.

A recording is known by the start in its chunks' names, a file by its name: a device that was
renamed has one recording in two folders. Times are seconds since 1970 on our clock.
"""

import struct
from array import array
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from backups.engine.videos.folder import common_prefix
from backups.engine.videos.names import CHUNK_SUFFIX

TOLD = 1  # the device, or a listing of its card, named it once
ABSENT = 2  # the newest credible listing does not name it, or tells less of it than there was
SIZED = 4  # `told` is the size that a listing told when the file had its end
OPEN = 8  # `told` is a size, and the file was still growing
HELD = 16  # it was here once, with at least one byte
HERE = 32  # it was here at the last look
EQUAL = 64  # the content seen last was held against the device's, byte by byte
BEGINS = 128  # the first bytes of the content seen last are a video's

KnownFiles = dict[bytes, "KnownFile"]


@dataclass(slots=True)
class KnownFile:
    """One file of a recording. A number that nobody named has no flag: it lacks in its series."""

    told: int = 0  # size
    held: int = 0  # the largest size that it ever had here
    known: int = 0  # since when it is known that there is such a file
    seen: int = 0  # while it is here: which content; else when it was last here
    flags: int = 0

    def has(self, flags: int) -> bool:
        return bool(self.flags & flags)


class Here(NamedTuple):
    """One file on our disk, as the scan saw it."""

    folder: bytes
    size: int
    modified: int  # nanoseconds
    touched: int  # seconds

    @property
    def content(self) -> int:
        """What tells this content from another one: no proof, but what ends a proof."""
        return crc32(struct.pack("=QqI", self.size, self.modified, self.touched))


def pack_items(items: KnownFiles) -> bytes:
    """Some thirty bytes a file."""
    if not items:
        return b""
    names = sorted(items)
    columns = [items[name] for name in names]
    return b"".join(
        (
            struct.pack("=I", len(names)),
            array("Q", [item.told for item in columns]).tobytes(),
            array("Q", [item.held for item in columns]).tobytes(),
            array("I", [item.known for item in columns]).tobytes(),
            array("I", [item.seen for item in columns]).tobytes(),
            bytes(item.flags for item in columns),
            _packed_names(names),
        )
    )


def unpack_items(packed: bytes) -> KnownFiles:
    if not packed:
        return {}
    (count,) = struct.unpack_from("=I", packed)
    numbers = memoryview(packed)[4:]
    columns = (
        numbers[: 8 * count].cast("Q"),
        numbers[8 * count : 16 * count].cast("Q"),
        numbers[16 * count : 20 * count].cast("I"),
        numbers[20 * count : 24 * count].cast("I"),
        numbers[24 * count : 25 * count],
    )
    names = _unpacked_names(bytes(numbers[25 * count :]))
    return {name: KnownFile(*values) for name, *values in zip(names, *columns, strict=True)}


def _packed_names(names: list[bytes]) -> bytes:
    """How all begin and end is written once; a slash, which no name can hold, parts them."""
    suffix = CHUNK_SUFFIX if all(name.endswith(CHUNK_SUFFIX) for name in names) else b""
    prefix = common_prefix(names, but=len(suffix))
    tails = [name[len(prefix) : len(name) - len(suffix)] for name in names]
    return bytes((len(prefix), len(suffix))) + prefix + suffix + b"/".join(tails)


def _unpacked_names(packed: bytes) -> list[bytes]:
    begin, end = 2 + packed[0], 2 + packed[0] + packed[1]
    prefix, suffix = packed[2:begin], packed[begin:end]
    return [prefix + tail + suffix for tail in packed[end:].split(b"/")]
