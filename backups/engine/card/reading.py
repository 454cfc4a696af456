"""Read the lister's answer. A device may say anything: what is not exactly such one is none."""

from collections.abc import Iterable
from contextlib import suppress
from zlib import decompressobj
from zlib import error as ZlibError

import msgspec

from backups.engine.card.errors import BadListing
from backups.engine.card.health import CardHealth
from backups.engine.card.known import Known
from backups.engine.card.lines import (
    DECODER,
    VERSION,
    CardDatabase,
    EndLine,
    ErrorLine,
    FileLine,
    FolderLine,
    Head,
    SameDatabase,
    SameLine,
    Told,
)
from backups.engine.card.listing import CardContents, CardFile, size_of
from backups.engine.card.names import card_name, card_path
from backups.engine.card.remote import MOST_GREETING

MOST_FILES = 300_000  # and folders
MOST_BYTES = 64 * 1024 * 1024  # on the wire
MOST_KEPT = 512 * 1024 * 1024  # unpacked
LOST_AND_FOUND = b"lost+found"  # only root may look into it, and no device writes to it
_NOTHING = Known()


def read_listing(lines: Iterable[str], *, known: Known = _NOTHING) -> CardContents:
    """Whole: what is the same is filled in from what we knew. Raises BadListing."""
    reading = _ListingReader(known)
    for line in lines:
        reading.take(line)
    return reading.listing()


def unpacked(stored: bytes) -> CardContents:
    """Raises BadListing: also of a listing that an older version of the lister made."""
    try:
        told = decompressobj().decompress(stored, MOST_KEPT).decode()
    except (ZlibError, UnicodeDecodeError) as error:
        raise BadListing(f"it was not kept whole: {error}") from error
    return read_listing(told.split("\n"))


class _AnyHead(msgspec.Struct):
    version: int


class _ListingReader:
    """The answer so far."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.greeting = 0
        self.head: Head | None = None
        self.health: CardHealth | None = None
        self.end: EndLine | None = None
        self.open: bytes | None = None  # a folder of which more is to come
        self.folders: dict[bytes, list[CardFile]] = {}
        self.databases: dict[str, CardDatabase] = {}
        self.errors: list[tuple[str, str]] = []
        self.error_count = 0
        self.file_count = 0
        self.lines = self.wire_bytes = 0

    def take(self, line: str) -> None:
        if self.head is None and not line.startswith('{"'):
            self._greeted()
            return
        if self.end:
            raise BadListing("it goes on after its end")
        if self.head is None:
            _check_version(line)
        self.lines += 1
        self.wire_bytes += len(line) + 1
        self._keep(_decoded(line))

    def listing(self) -> CardContents:
        if self.head is None or self.health is None or self.end is None or self.open is not None:
            raise BadListing("it was cut: it has no end")
        totals = EndLine(
            lines=self.lines - 1,
            folders=len(self.folders),
            files=self.file_count,
            bytes=size_of(self.folders),
            errors=self.error_count,
        )
        if totals != self.end:
            raise BadListing("it does not hold what its end says")
        return CardContents(
            head=self.head,
            health=self.health,
            folders={path: tuple(files) for path, files in self.folders.items()},
            databases=tuple(self.databases.values()),
            errors=tuple(self.errors),
            wire_bytes=self.wire_bytes,
        )

    def _greeted(self) -> None:
        self.greeting += 1
        if self.greeting > MOST_GREETING:
            raise BadListing("it does not begin with a head")

    def _check_order(self, told: Told) -> None:
        if (self.head is None) is not isinstance(told, Head):
            raise BadListing("it does not begin with one head")
        if self.open is not None and not isinstance(told, FolderLine):
            raise BadListing("a folder has no end")

    def _keep(self, told: Told) -> None:
        self._check_order(told)
        match told:
            case FolderLine():
                self._keep_folder(told)
            case SameLine():
                self._keep_same(told)
            case ErrorLine():
                self._keep_error(told)
            case CardDatabase():
                self._keep_database(told)
            case SameDatabase():
                self._keep_database(self.known.database(told.path))
            case _:
                self._keep_once(told)

    def _keep_once(self, told: Head | CardHealth | EndLine) -> None:
        if isinstance(told, EndLine):
            self.end = told
        elif isinstance(told, Head):
            self.head = told
        elif self.health:
            raise BadListing("it tells twice of the card's health")
        else:
            self.health = told

    def _keep_folder(self, told: FolderLine) -> None:
        path = card_path(told.path)
        if path in self.folders if self.open is None else path != self.open:
            raise BadListing(f"a folder comes twice: {told.path[:80]!r}")
        files = self.folders.setdefault(path, [])
        files += (_file(told.begin, file) for file in told.files)
        self._count(len(told.files))
        self.open = path if told.more else None
        if not told.more and len({file.name for file in files}) != len(files):
            raise BadListing(f"a name comes twice in {told.path[:80]!r}")

    def _keep_same(self, told: SameLine) -> None:
        path = card_path(told.path)
        if path in self.folders:
            raise BadListing(f"a folder comes twice: {told.path[:80]!r}")
        self.folders[path] = list(self.known.folder(path))
        self._count(len(self.folders[path]))

    def _count(self, more: int) -> None:
        self.file_count += more
        if self.file_count + len(self.folders) > MOST_FILES:
            raise BadListing(f"it has more than {MOST_FILES:,} files")

    def _keep_error(self, told: ErrorLine) -> None:
        self.error_count += 1
        if card_path(told.path) != LOST_AND_FOUND:
            self.errors.append((told.path, told.reason))

    def _keep_database(self, told: CardDatabase) -> None:
        card_path(told.path)
        if not told.path or told.path in self.databases:
            raise BadListing(f"a database comes twice: {told.path[:80]!r}")
        self.databases[told.path] = told


def _decoded(line: str) -> Told:
    try:
        return DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadListing(f"a line of it cannot be read: {error}"[:200]) from error


def _check_version(line: str) -> None:
    """Of whatever else the head of another version says."""
    with suppress(msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        if msgspec.json.decode(line, type=_AnyHead).version != VERSION:
            raise BadListing("it was listed by another version of ours: list the card again")


def _file(begin: str, file: FileLine) -> CardFile:
    name = card_name(begin + file.name)
    return CardFile(name, file.size, file.modified, file.changed, file.blocks, file.kind)
