"""Pages of chunk names out of memory, in a fixed order, found again by the last name given."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from backups.engine.videos.folder import (
    Chunk,
    Files,
    VideoCache,
    folder_text,
    joined_names,
    moment,
    names_of,
    unpack,
)
from backups.engine.videos.names import text_of


class Position(NamedTuple):
    """Where a page ended."""

    folder: bytes
    name: bytes


class Found(NamedTuple):
    """A chunk, and where it stands."""

    position: Position
    chunk: Chunk


def find_chunks(
    cache: VideoCache,
    *,
    limit: int,
    recording: str | None = None,
    search: str = "",
    after: Position | None = None,
) -> list[Found]:
    """Give the next chunks by folder and name, those with `search` in the name, in any case."""
    needle = search.encode("utf-8", "surrogatepass").lower()
    return list(islice(_matches(cache, recording, needle, after), limit))


def _matches(
    cache: VideoCache, recording: str | None, needle: bytes, after: Position | None
) -> Iterator[Found]:
    for path in sorted(cache.folders):
        if after and path < after.folder:
            continue
        if recording is not None and folder_text(path) != recording:
            continue
        chunks = cache.folders[path].chunks
        if _may_match(chunks, needle):
            beyond = after.name if after and path == after.folder else b""
            yield from _in_folder(path, chunks, needle, beyond)


def _may_match(chunks: Files, needle: bytes) -> bool:
    """Search all names of a folder as one text, before any becomes an object."""
    if b"/" in needle:
        return False
    return bool(chunks.file_count) and needle in joined_names(unpack(chunks)).lower()


def _in_folder(path: bytes, chunks: Files, needle: bytes, beyond: bytes) -> Iterator[Found]:
    text = folder_text(path)
    columns = unpack(chunks)
    for index, name in enumerate(names_of(columns)):
        if name > beyond and needle in name.lower():
            size, modified = columns.sizes[index], moment(columns.modified[index])
            chunk = Chunk(text, text_of(name), size, modified)
            yield Found(Position(path, name), chunk)
