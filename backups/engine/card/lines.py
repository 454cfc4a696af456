"""The lines of the lister's answer, as they are to be: anything else is refused."""

from typing import Literal

import msgspec

from backups.engine.card.fields import Inode, Line, Path, Row, Size, Table, Text, Time
from backups.engine.card.health import CardHealth
from backups.engine.pull.on_device import Stamp, mark_of

VERSION = 2  # of the programs whose answers are read
Kind = Literal["-", "l", "p", "s", "c", "b", "d"]  # a file, a link, or odder


class Head(Line, tag="head", frozen=True, kw_only=True):
    """About the device. Its clock is told, and believed in nothing but its own files' ages."""

    version: int
    python: Text  # empty: it has none, and its shell told less
    clock: Time
    boot: Text
    uptime: Size | None
    size: Size
    free: Size
    read_only: bool | None  # None: not told


class FileLine(Row, frozen=True):
    name: Path
    size: Size
    modified: Time
    changed: Time
    blocks: Size
    kind: Kind = "-"


class FolderLine(Line, tag="folder", frozen=True, kw_only=True):
    path: Path
    begin: Path = ""
    files: list[FileLine]
    more: bool = False


class SameLine(Line, tag="same", frozen=True, kw_only=True):
    """A folder whose files are those that we sent."""

    path: Path


class ErrorLine(Line, tag="error", frozen=True, kw_only=True):
    path: Path
    reason: Text


class StampLine(Row, frozen=True):
    size: Size
    modified: Time
    changed: Time
    inode: Inode

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.size, _seconds(self.modified), _seconds(self.changed), str(self.inode))


class CardDatabase(Line, tag="database", frozen=True, kw_only=True):
    """A file that may be a database; `unread`: why nothing of it is told. `log`: its -wal."""

    path: Path
    main: StampLine | None
    log: StampLine | None
    tables: list[tuple[Table, Size | None, Size | None]] = []  # highest id, count
    words: dict[Table, list[Text]] = {}
    unread: Text = ""

    @property
    def filename(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def size(self) -> int:
        return self.main.size if self.main else 0

    @property
    def modified(self) -> int:
        return self.main.modified if self.main else 0

    @property
    def wal(self) -> int | None:
        """The size of its -wal, if there is one."""
        return self.log.size if self.log else None

    @property
    def mark(self) -> str:
        """As a pull marks what it copied: equal, if nobody wrote since. Empty: not told."""
        return mark_of(self.main.stamp, self.log.stamp if self.log else None) if self.main else ""


class SameDatabase(Line, tag="same database", frozen=True, kw_only=True):
    """One whose marks are those that we sent."""

    path: Path


class EndLine(Line, tag="end", frozen=True, kw_only=True):
    lines: Size
    folders: Size
    files: Size
    bytes: Size
    errors: Size


Told = Head | CardHealth | FolderLine | SameLine | ErrorLine | CardDatabase | SameDatabase | EndLine
DECODER: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def _seconds(nanoseconds: int) -> str:
    """As stat writes it."""
    whole, rest = divmod(nanoseconds, 10**9)
    return f"{whole}.{rest:09}"
