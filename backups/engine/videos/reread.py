"""Read videos to their end, one after another, and tell what each was read as."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from backups.engine.copies.digests import FileDigest, digest_of
from backups.engine.copies.errors import (
    LocalChanged,
    LocalClosed,
    LocalFailed,
    LocalMissing,
    LocalUnread,
)
from backups.engine.videos.damage import ChunkReading

ZEROS = "it holds zeros only"


def reread(
    folder: Path, paths: Iterable[str], *, most_bytes: int, stop: Callable[[], bool]
) -> Iterator[tuple[str, ChunkReading]]:
    """In the order given, until so many bytes were read: of each file what it is, or what keeps it
    from being read. One that is gone or is being written is left to the next time, and so is one
    that we are kept from, which is said.

    Raises Cancelled.
    """
    left = most_bytes
    for path in paths:
        if left <= 0:
            return
        try:
            reading = _reading(folder / path, stop)
        except (LocalChanged, LocalMissing):
            continue
        left -= reading.size_bytes
        yield path, reading


def _reading(path: Path, stop: Callable[[], bool]) -> ChunkReading:
    try:
        read = digest_of(path, stop=stop)
    except (LocalChanged, LocalMissing):
        raise
    except LocalClosed as error:
        return ChunkReading(size_bytes=0, unread=str(error), closed=True)
    except LocalUnread as error:
        return ChunkReading(size_bytes=0, unread=str(error))
    except LocalFailed as error:
        return ChunkReading(size_bytes=0, problem=f"it cannot be read: {error}")
    return reading_of(read)


def reading_of(read: FileDigest) -> ChunkReading:
    if read.is_zeros:
        return ChunkReading(size_bytes=read.size_bytes, problem=ZEROS)
    return ChunkReading(size_bytes=read.size_bytes, digest=read.blake2b)
