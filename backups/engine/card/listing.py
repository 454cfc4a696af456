"""Read the lister's answer. A device may say anything: what is not exactly such an answer is none.

Names are bytes, and told as text of one character a byte.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import compress, decompressobj

import msgspec

from backups.engine.card.errors import BadListing
from backups.engine.card.lines import (
    DECODER,
    CardDatabase,
    EndLine,
    ErrorLine,
    FileLine,
    FolderLine,
    Head,
    Told,
)

MOST_FILES = 300_000  # and folders
MOST_BYTES = 64 * 1024 * 1024  # on the wire
MOST_GREETING = 200  # lines that a shell may say before
LONGEST_NAME = 255
LOST_AND_FOUND = b"lost+found"  # only root may look into it, and no device writes to it


class CardFile(NamedTuple):
    """`kind`: "-" is a file; all else is a link or odder."""

    name: bytes
    size: int
    modified: int
    blocks: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContents:
    """What a card holds, below its data root. `errors`: what could not be read, and why."""

    head: Head
    folders: Mapping[bytes, tuple[CardFile, ...]]
    databases: tuple[CardDatabase, ...]
    errors: tuple[tuple[str, str], ...]
    lines: tuple[str, ...] = field(repr=False)

    @property
    def is_whole(self) -> bool:
        return not self.errors

    @property
    def file_count(self) -> int:
        return sum(map(len, self.folders.values()))

    @property
    def size_bytes(self) -> int:
        return _size_of(self.folders)

    def below(self, folder: bytes) -> Iterator[tuple[bytes, CardFile]]:
        """Every file below it: its path from there, and what it is."""
        for path, files in self.folders.items():
            if path == folder or path.startswith(folder + b"/"):
                inside = path[len(folder) + 1 :]
                for file in files:
                    yield (inside + b"/" if inside else b"") + file.name, file


def read_listing(lines: Iterable[str]) -> CardContents:
    """Raises BadListing."""
    reading = _ListingReader()
    for line in lines:
        reading.take(line)
    return reading.listing()


def packed(listing: CardContents) -> bytes:
    return compress("\n".join(listing.lines).encode())


def unpacked(stored: bytes) -> CardContents:
    """Raises BadListing."""
    told = decompressobj().decompress(stored, MOST_BYTES)
    return read_listing(told.decode().split("\n"))


class _ListingReader:
    """The answer so far."""

    def __init__(self) -> None:
        self.greeting = 0
        self.head: Head | None = None
        self.end: EndLine | None = None
        self.open: bytes | None = None  # a folder of which more is to come
        self.folders: dict[bytes, list[CardFile]] = {}
        self.databases: dict[str, CardDatabase] = {}
        self.errors: list[tuple[str, str]] = []
        self.error_count = 0
        self.file_count = 0
        self.lines: list[str] = []

    def take(self, line: str) -> None:
        if self.head is None and not line.startswith('{"'):
            self._greeted()
            return
        if self.end:
            raise BadListing("it goes on after its end")
        told = _decoded(line)
        self.lines.append(line)
        if (self.head is None) is not isinstance(told, Head):
            raise BadListing("it does not begin with one head")
        self._keep(told)

    def listing(self) -> CardContents:
        if self.head is None or self.end is None or self.open is not None:
            raise BadListing("it was cut: it has no end")
        totals = EndLine(
            lines=len(self.lines) - 1,
            folders=len(self.folders),
            files=self.file_count,
            bytes=_size_of(self.folders),
            errors=self.error_count,
        )
        if totals != self.end:
            raise BadListing("it does not hold what its end says")
        return CardContents(
            head=self.head,
            folders={path: tuple(files) for path, files in self.folders.items()},
            databases=tuple(self.databases.values()),
            errors=tuple(self.errors),
            lines=tuple(self.lines),
        )

    def _greeted(self) -> None:
        self.greeting += 1
        if self.greeting > MOST_GREETING:
            raise BadListing("it does not begin with a head")

    def _keep(self, told: Told) -> None:
        if isinstance(told, FolderLine):
            self._keep_folder(told)
        elif self.open is not None:
            raise BadListing("a folder has no end")
        elif isinstance(told, ErrorLine):
            self._keep_error(told)
        elif isinstance(told, CardDatabase):
            self._keep_database(told)
        elif isinstance(told, EndLine):
            self.end = told
        else:
            self.head = told

    def _keep_folder(self, told: FolderLine) -> None:
        path = _path(told.path)
        if path in self.folders if self.open is None else path != self.open:
            raise BadListing(f"a folder comes twice: {told.path[:80]!r}")
        files = self.folders.setdefault(path, [])
        files += (_file(told.begin, file) for file in told.files)
        self.file_count += len(told.files)
        if self.file_count + len(self.folders) > MOST_FILES:
            raise BadListing(f"it has more than {MOST_FILES:,} files")
        self.open = path if told.more else None
        if not told.more and len({file.name for file in files}) != len(files):
            raise BadListing(f"a name comes twice in {told.path[:80]!r}")

    def _keep_error(self, told: ErrorLine) -> None:
        self.error_count += 1
        if _path(told.path) != LOST_AND_FOUND:
            self.errors.append((told.path, told.reason))

    def _keep_database(self, told: CardDatabase) -> None:
        _path(told.path)
        if not told.path or told.path in self.databases:
            raise BadListing(f"a database comes twice: {told.path[:80]!r}")
        self.databases[told.path] = told


def _decoded(line: str) -> Told:
    try:
        return DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadListing(f"a line of it cannot be read: {error}"[:200]) from error


def _path(text: str) -> bytes:
    """Below the data root; the root itself is empty. None climbs, or is absolute."""
    path = _bytes(text)
    if path and not all(map(_is_name, path.split(b"/"))):
        raise BadListing(f"it has a path that is none: {text[:80]!r}")
    return path


def _file(begin: str, file: FileLine) -> CardFile:
    name = _bytes(begin + file.name)
    if b"/" in name or not _is_name(name):
        raise BadListing(f"it has a name that is none: {text_of(name)[:80]!r}")
    return CardFile(name, file.size, file.modified, file.blocks, file.kind)


def _is_name(name: bytes) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name not in {b".", b".."} and b"\0" not in name


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadListing(f"it has a name that is none: {text[:80]!r}") from error


def _size_of(folders: Mapping[bytes, Iterable[CardFile]]) -> int:
    """Of files alone: a link has a size, too."""
    return sum(file.size for files in folders.values() for file in files if file.kind == "-")


def text_of(name: bytes) -> str:
    return name.decode("latin-1")
