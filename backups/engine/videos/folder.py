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
    """The files of one sort in a folder, by name, as one text: see `unpack`."""

    file_count: int
    last_touched: int
    packed: bytes


class Columns(NamedTuple):
    """The same files as columns, each sorted as the names are."""

    prefix: bytes  # how every name begins
    tails: bytes  # how each goes on; each ends with "/", which no name can hold
    suffix: bytes  # how every name ends
    sizes: memoryview  # of "Q"
    modified: memoryview  # of "q": mtime, in nanoseconds
    touched: memoryview  # of "I": the later of mtime and ctime, in seconds, rounded up


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
    prefix = common_prefix(names, but=len(suffix))
    begin, end = len(prefix), -len(suffix) or None
    texts = [bytes((len(prefix), len(suffix))), prefix, suffix]
    texts += [name[begin:end] + b"/" for name in names]
    columns = (sizes.tobytes(), modified.tobytes(), touched.tobytes())
    return Files(len(names), max(touched, default=0), b"".join((*columns, *texts)))


def common_prefix(names: list[bytes], *, but: int) -> bytes:
    """Find how all of these sorted names begin; each has `but` bytes more than that."""
    if not names:
        return b""
    first, last = names[0], names[-1]
    most = min(map(len, names)) - but
    length = next((place for place in range(most) if first[place] != last[place]), most)
    return first[:length]


def unpack(files: Files) -> Columns:
    """Lay the columns over what was packed: but for the names nothing is copied."""
    count, packed = files.file_count, memoryview(files.packed)
    texts = files.packed[20 * count :]
    begin, end = 2 + texts[0], 2 + texts[0] + texts[1]
    return Columns(
        prefix=texts[2:begin],
        tails=texts[end:],
        suffix=texts[begin:end],
        sizes=packed[: 8 * count].cast("Q"),
        modified=packed[8 * count : 16 * count].cast("q"),
        touched=packed[16 * count : 20 * count].cast("I"),
    )


def is_whole(files: Files) -> bool:
    """Whether there is as much as `unpack` will ask for."""
    least = 20 * files.file_count  # of numbers, then two lengths, and a slash for each name
    texts = files.packed[least : least + 2]
    return len(texts) == 2 and len(files.packed) >= least + 2 + sum(texts) + files.file_count


def joined_names(columns: Columns) -> bytes:
    """All names in one text, each ended by a slash."""
    prefix, tails, suffix = columns[:3]
    if not tails:
        return b""
    joined = prefix + tails[:-1].replace(b"/", b"/" + prefix) + b"/"
    return joined.replace(b"/", suffix + b"/") if suffix else joined


def names_of(columns: Columns) -> list[bytes]:
    return joined_names(columns).split(b"/")[:-1]


def summarise(chunks: Files, others: Files) -> Summary:
    columns = unpack(chunks)
    names, sizes = joined_names(columns), columns.sizes.tolist()
    missing, missing_count = missing_numbers(columns.prefix, columns.tails)
    return Summary(
        size_bytes=min(sum(sizes), MOST_BYTES),
        other_bytes=min(sum(unpack(others).sizes), MOST_BYTES),
        first_chunk=text_of(names[: names.find(b"/")]),
        last_chunk=text_of(names[names.rfind(b"/", 0, -1) + 1 : -1]),
        last_modified=max(columns.modified.tolist(), default=None),
        missing_numbers=missing,
        missing_count=missing_count,
        empty_count=sizes.count(0),
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
        columns = unpack(folder.chunks)
        for name, size, time in zip(
            names_of(columns), columns.sizes, columns.modified, strict=True
        ):
            yield Chunk(text, text_of(name), size, moment(time))


def chunk_names(cache: VideoCache) -> frozenset[str]:
    """The file names of all chunks, whatever their folders."""
    return frozenset(
        text_of(name)
        for folder in cache.folders.values()
        for name in names_of(unpack(folder.chunks))
    )
