"""The card of a device without python3: what its find tells. Its databases are not read."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePosixPath

from backups.engine.card.errors import BadListing
from backups.engine.card.health import CardHealth
from backups.engine.card.lines import VERSION, CardDatabase, Head, Kind, StampLine
from backups.engine.card.listing import CardContents, CardFile, text_of
from backups.engine.card.names import card_path
from backups.engine.card.reading import MOST_FILES
from backups.engine.card.remote import shell_says
from backups.engine.card.shell_times import nanoseconds
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import SshTarget

UNREAD = "its device has no python3 that could read it"
KINDS: dict[bytes, Kind] = {
    b"f": "-", b"l": "l", b"p": "p", b"s": "s", b"c": "c", b"b": "b", b"d": "d",
}  # fmt: skip
_ENTRY = re.compile(
    rb"([a-zA-Z?]) (\d{1,18}) (-?\d{1,18}\.\d{9,10}) (-?\d{1,18}\.\d{9,10}) (\d{1,18}) (\d{1,20})"
    rb" (.*)",
    re.DOTALL,
)


def list_by_shell(target: SshTarget, root: PurePosixPath, *, leash: Leash) -> CardContents:
    """Raises PullError: NoPython, if it has no such find."""
    lines = list(islice(shell_says(target, "lister", [str(root)], leash=leash), MOST_FILES))
    size = sum(len(line) + 1 for line in lines)
    head = _head(lines[:4])
    entries = _decoded("".join(lines[4:])).split(b"\0")
    if len(entries) < 2 or entries[-1] or not entries[-2].startswith(b"end "):
        raise BadListing("it was cut: it has no end")
    errors = () if entries[-2] == b"end 0" else (("", "find could not read all of it"),)
    tree = FoundTree(entries[:-2])
    return CardContents(
        head=head,
        health=CardHealth(),
        folders={path: tuple(sorted(files)) for path, files in sorted(tree.folders.items())},
        databases=tuple(tree.databases()),
        errors=errors,
        wire_bytes=size,
    )


def _head(lines: Sequence[str]) -> Head:
    if len(lines) != 4 or not lines[0].isdigit() or len(lines[3].split()) != 2:
        raise BadListing("it does not begin with a head")
    size, free = (_number(word) for word in lines[3].split())
    return Head(
        version=VERSION,
        python="",
        clock=_number(lines[0]),
        boot=lines[1][:300],
        uptime=_number(lines[2]) if lines[2] else None,
        size=size,
        free=free,
        read_only=None,
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadListing(f"no number: {text[:80]!r}")
    return int(text)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadListing(f"it cannot be read: {error}") from error


class FoundTree:
    """What find found, folder by folder."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        if len(entries) > MOST_FILES:
            raise BadListing(f"it has more than {MOST_FILES:,} files")
        self.folders: dict[bytes, list[CardFile]] = {}
        self.stamps: dict[bytes, StampLine] = {}
        for entry in entries:
            self._keep(entry)

    def _keep(self, entry: bytes) -> None:
        found = _ENTRY.fullmatch(entry)
        kind = found and KINDS.get(found[1])
        if not found or not kind:
            raise BadListing(f"an entry of it cannot be read: {entry[:80]!r}")
        path = card_path(text_of(found[7]))
        if path in self.folders or path in self.stamps:
            raise BadListing(f"a name comes twice: {path[:80]!r}")
        if kind == "d":
            self.folders[path] = []
            return
        folder, _, name = path.rpartition(b"/")
        if folder not in self.folders:
            raise BadListing(f"a file without its folder: {path[:80]!r}")
        size, modified, changed = (
            int(found[2]),
            nanoseconds(found[3].decode()),
            nanoseconds(found[4].decode()),
        )
        self.folders[folder].append(CardFile(name, size, modified, changed, int(found[5]), kind))
        self.stamps[path] = StampLine(size, modified, changed, int(found[6]))

    def databases(self) -> Iterator[CardDatabase]:
        for folder, files in sorted(self.folders.items()):
            for file in files:
                path = folder + b"/" + file.name if folder else file.name
                if path.endswith(b".db") and file.kind == "-" and file.size:
                    main, log = self.stamps[path], self.stamps.get(path + b"-wal")
                    yield CardDatabase(path=text_of(path), main=main, log=log, unread=UNREAD)
