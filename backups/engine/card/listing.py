"""What a card holds, and how it is kept. Names are bytes: as text one character each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import compress

import msgspec

from backups.engine.card.fields import Line
from backups.engine.card.health import CardHealth
from backups.engine.card.lines import (
    CardDatabase,
    EndLine,
    ErrorLine,
    FileLine,
    FolderLine,
    Head,
    Kind,
)

MADE_BY_PROGRAMS = frozenset({b".cache", b"lost+found"})  # folders, wherever they lie
MADE_AT_THE_TOP = b"cache"  # what the device's own server remembers of its databases
Mark = tuple[int, int, int]  # of a file on a card: size, last written, last changed (ns)


class CardFile(NamedTuple):
    """`kind`: "-" is a file; all else is a link or odder. Times in ns of the device's clock."""

    name: bytes
    size: int
    modified: int
    changed: int
    blocks: int
    kind: Kind

    @property
    def mark(self) -> Mark:
        """What tells this content from another one of the same name."""
        return self.size, self.modified, self.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class CardContents:
    """What a card holds, below its data root. `errors`: what could not be read, and why."""

    head: Head
    health: CardHealth
    folders: Mapping[bytes, tuple[CardFile, ...]]
    databases: tuple[CardDatabase, ...]
    errors: tuple[tuple[str, str], ...]
    wire_bytes: int = field(default=0, compare=False)  # of the answer that told it

    @property
    def by(self) -> str:
        """Which program told it: "sh" tells less, and reads no database."""
        return "python" if self.head.python else "sh"

    @property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """Those of the errors behind which data may be: of the rest nothing counts anyway."""
        return tuple(one for one in self.errors if may_hold_data(one[0].encode("latin-1")))

    @property
    def is_whole(self) -> bool:
        return not self.unread

    @property
    def file_count(self) -> int:
        return sum(map(len, self.folders.values()))

    @property
    def size_bytes(self) -> int:
        return size_of(self.folders)

    def below(self, folder: bytes) -> Iterator[tuple[bytes, CardFile]]:
        """Every file below it: its path from there, and what it is."""
        for path, files in self.folders.items():
            if path == folder or path.startswith(folder + b"/"):
                inside = path[len(folder) + 1 :]
                for file in files:
                    yield (inside + b"/" if inside else b"") + file.name, file

    def unlisted(self, folder: bytes) -> list[bytes]:
        """Behind what nobody looked: links and the like below a folder, and whatever stands in its
        place, or in that of one above it. What these hide is not absent."""
        below = folder + b"/" if folder else b""
        return [
            whole
            for path, files in self.folders.items()
            for file in files
            if (whole := path + b"/" + file.name if path else file.name)
            and (
                (file.kind != "-" and whole.startswith(below))
                or (folder + b"/").startswith(whole + b"/")
            )
        ]


def packed(listing: CardContents) -> bytes:
    """Whole, whatever of it the device did not tell again."""
    lines = list(_lines(listing))
    folders = listing.folders
    end = EndLine(
        lines=len(lines),
        folders=len(folders),
        files=listing.file_count,
        bytes=listing.size_bytes,
        errors=len(listing.errors),
    )
    return compress(b"\n".join(map(msgspec.json.encode, [*lines, end])))


def _lines(listing: CardContents) -> Iterator[Line]:
    yield listing.head
    yield listing.health
    for path, files in listing.folders.items():
        yield FolderLine(path=text_of(path), files=[_told(file) for file in files])
    for place, reason in listing.errors:
        yield ErrorLine(path=place, reason=reason)
    yield from listing.databases


def _told(file: CardFile) -> FileLine:
    name = text_of(file.name)
    return FileLine(name, file.size, file.modified, file.changed, file.blocks, file.kind)


def size_of(folders: Mapping[bytes, Iterable[CardFile]]) -> int:
    """Of files alone: a link has a size, too."""
    return sum(file.size for files in folders.values() for file in files if file.kind == "-")


def may_hold_data(folder: bytes) -> bool:
    """Whether people or experiments keep anything in it, and not programs alone."""
    parts = folder.split(b"/")
    return parts[0] != MADE_AT_THE_TOP and not MADE_BY_PROGRAMS & set(parts)


def text_of(name: bytes) -> str:
    return name.decode("latin-1")
