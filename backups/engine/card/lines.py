"""The lines of the lister's answer, as they are to be: anything else is refused."""

from typing import Annotated, Literal

import msgspec

LONGEST_PATH = 4096

Size = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
Time = Annotated[int, msgspec.Meta(gt=-(2**62), lt=2**62)]
Text = Annotated[str, msgspec.Meta(max_length=300)]
Path = Annotated[str, msgspec.Meta(max_length=LONGEST_PATH)]
Table = Annotated[str, msgspec.Meta(max_length=64)]


class Line(msgspec.Struct, frozen=True, tag_field="k", forbid_unknown_fields=True):
    """One of its lines."""


class Head(Line, tag="head", frozen=True, kw_only=True):
    """About the device. Its clock is told, and believed in nothing but its own files' ages."""

    version: Literal[1]
    python: Text
    clock: Time
    boot: Text
    uptime: Size | None
    size: Size
    free: Size
    read_only: bool | None  # None: not told
    faults: list[tuple[Text, Size, Time | None]]  # partition, errors that ext4 counted, the last


class FileLine(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    name: Path
    size: Size
    modified: Time
    blocks: Size
    kind: Literal["-", "l", "p", "s", "c", "b", "d"] = "-"


class FolderLine(Line, tag="folder", frozen=True, kw_only=True):
    path: Path
    begin: Path
    files: list[FileLine]
    more: bool


class ErrorLine(Line, tag="error", frozen=True, kw_only=True):
    path: Path
    reason: Text


class CardDatabase(Line, tag="database", frozen=True, kw_only=True):
    """A file that may be a database; `unread`: why nothing of it is told. `wal`: its size."""

    path: Path
    wal: Size | None
    size: Size = 0
    modified: Time = 0
    tables: list[tuple[Table, Size | None, Size | None]] = []  # highest id, count
    words: dict[Table, list[Text]] = {}
    unread: Text = ""

    @property
    def filename(self) -> str:
        return self.path.rpartition("/")[2]


class EndLine(Line, tag="end", frozen=True, kw_only=True):
    lines: Size
    folders: Size
    files: Size
    bytes: Size
    errors: Size


Told = Head | FolderLine | ErrorLine | CardDatabase | EndLine
DECODER: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
