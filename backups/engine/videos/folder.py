"""What is remembered of one folder, packed: as objects it would take ten times the room.

Everything here is a tuple of plain values, so that it can be stored without naming a class.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from backups.engine.videos.names import missing_numbers, text_of

FolderKey = tuple[int, int, int, int]  # device, inode, mtime, ctime
MOST_BYTES = 2**63 - 1  # sparse files may claim more than a database can hold
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Files(NamedTuple):
    """The files of one sort in a folder, by name."""

    file_count: int
    prefix: bytes  # how every name begins
    tails: bytes  # how each goes on; each ends with "/", which no name can hold
    suffix: bytes  # how every name ends
    sizes: bytes  # array "Q"
    modified: bytes  # array "q": mtime, in nanoseconds
    touched: bytes  # array "I": the later of mtime and ctime, in seconds, rounded up
    last_touched: int


class Summary(NamedTuple):
    """What is told of a folder without unpacking it."""

    size_bytes: int
    other_bytes: int
    first_chunk: str
    last_chunk: str
    last_modified: int | None  # of the chunks
    missing_numbers: tuple[int, ...]
    missing_count: int
    empty_count: int


class Folder(NamedTuple):
    """One folder as last listed."""

    key: FolderKey | None  # None: not to be trusted, list it again
    proven_day: int  # when each of its files was last looked at, in days since 1970
    subfolders: tuple[bytes, ...]
    chunks: Files
    others: Files
    summary: Summary


class Chunk(NamedTuple):
    """One video file."""

    folder: str
    name: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCache:
    """The memory of the last scan of a device's videos."""

    folders: dict[bytes, Folder] = field(default_factory=dict, repr=False)  # by path; b"": its own
    timestamp: float = 0.0  # when what was not settled was last looked at
    disk: int = 0  # which disk held the videos (st_dev)
    problem: str = ""  # why there is no more than this


def pack(
    names: list[bytes], sizes: array, modified: array, touched: array, *, suffix: bytes = b""
) -> Files:
    """Pack files, which come sorted by name and all end with `suffix`."""
    tails = b"/".join(names) + b"/" if names else b""
    if suffix:
        tails = tails.replace(suffix + b"/", b"/")
    prefix = _common_prefix(tails)
    if prefix:
        tails = (b"/" + tails).replace(b"/" + prefix, b"/")[1:]
    return Files(
        len(names),
        prefix,
        tails,
        suffix,
        sizes.tobytes(),
        modified.tobytes(),
        touched.tobytes(),
        max(touched, default=0),
    )


def _common_prefix(names: bytes) -> bytes:
    """Find how all names begin, given the first, the last, and that few differ much."""
    first, last = names[: names.find(b"/")], names[names.rfind(b"/", 0, -1) + 1 : -1]
    prefix = first if first == last else b""
    for index, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            prefix = first[:index]
            break
    begins = (b"/" + names).count(b"/" + prefix)
    return prefix if begins == names.count(b"/") else b""


def joined_names(files: Files) -> bytes:
    """All names in one text, each ended by a slash."""
    if not files.file_count:
        return b""
    joined = files.prefix + files.tails[:-1].replace(b"/", b"/" + files.prefix) + b"/"
    return joined.replace(b"/", files.suffix + b"/") if files.suffix else joined


def names_of(files: Files) -> list[bytes]:
    return joined_names(files).split(b"/")[:-1]


def summarise(chunks: Files, others: Files) -> Summary:
    sizes = memoryview(chunks.sizes).cast("Q")
    names = joined_names(chunks)
    missing, missing_count = missing_numbers(chunks.prefix, chunks.tails)
    return Summary(
        size_bytes=min(sum(sizes), MOST_BYTES),
        other_bytes=min(sum(memoryview(others.sizes).cast("Q")), MOST_BYTES),
        first_chunk=text_of(names[: names.find(b"/")]),
        last_chunk=text_of(names[names.rfind(b"/", 0, -1) + 1 : -1]),
        last_modified=max(memoryview(chunks.modified).cast("q"), default=None),
        missing_numbers=missing,
        missing_count=missing_count,
        empty_count=sizes.tolist().count(0),
    )


def moment(nanoseconds: int) -> datetime:
    """An aware time; it holds for every value that fits a cache."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def folder_text(path: bytes) -> str:
    return text_of(path, longest=400) if path else "."


def iter_chunks(cache: VideoCache) -> Iterator[Chunk]:
    """Name every chunk, from memory alone."""
    for path, folder in sorted(cache.folders.items()):
        text = folder_text(path)
        sizes = memoryview(folder.chunks.sizes).cast("Q")
        modified = memoryview(folder.chunks.modified).cast("q")
        for name, size, time in zip(names_of(folder.chunks), sizes, modified, strict=True):
            yield Chunk(text, text_of(name), size, moment(time))


def chunk_names(cache: VideoCache) -> frozenset[str]:
    """The file names of all chunks, whatever their folders."""
    return frozenset(
        text_of(name) for folder in cache.folders.values() for name in names_of(folder.chunks)
    )
