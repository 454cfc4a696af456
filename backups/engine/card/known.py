"""What we know of a card from its newest listing, so that it need not tell it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backups.engine.card.device.common import checksum
from backups.engine.card.errors import BadListing
from backups.engine.card.lines import CardDatabase, StampLine
from backups.engine.card.listing import CardContents, CardFile, text_of
from backups.engine.card.remote import MOST_SENT

ROOM_A_LINE = 160  # for marks
SETTLED = 3 * 10**9  # ns: what was written so shortly before it was read may have gone on at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The folders and databases of which we send the marks."""

    folders: Mapping[bytes, tuple[CardFile, ...]] = field(default_factory=dict)
    databases: Mapping[str, CardDatabase] = field(default_factory=dict)

    def folder(self, path: bytes) -> tuple[CardFile, ...]:
        """Raises BadListing if nobody asked whether it is the same."""
        if path not in self.folders:
            raise BadListing(f"the same as what? We know no {text_of(path)[:80]!r}")
        return self.folders[path]

    def database(self, path: str) -> CardDatabase:
        """Raises BadListing if nobody asked whether it is the same."""
        if path not in self.databases:
            raise BadListing(f"the same as what? We know no {path[:80]!r}")
        return self.databases[path]

    def marks(self) -> dict[str, Any]:
        """As the lister compares them."""
        return {
            "folders": {text_of(path): checksum(files) for path, files in self.folders.items()},
            "databases": {path: _mark(one) for path, one in self.databases.items()},
        }


def known_of(listing: CardContents | None) -> Known:
    """As much of it as has room: the rest the device tells anew."""
    if listing is None:
        return Known()
    room = MOST_SENT
    databases, folders = {}, {}
    for one in listing.databases:
        room -= _room(one.path)
        if room > 0 and _is_settled(one, listing.head.clock):
            databases[one.path] = one
    for path, files in listing.folders.items():
        room -= _room(text_of(path))
        if room > 0:
            folders[path] = files
    return Known(folders=folders, databases=databases)


def _room(path: str) -> int:
    return len(repr(json.dumps(path))) + ROOM_A_LINE


def _is_settled(database: CardDatabase, clock: int) -> bool:
    """Whether a write after it was read has moved its mark for certain."""
    stamps = [one for one in (database.main, database.log) if one]
    written = max((one.modified for one in stamps), default=None)
    return not database.unread and written is not None and clock * 10**9 - written > SETTLED


def _mark(database: CardDatabase) -> list[Any]:
    return [_stamp(database.main)[:4], _stamp(database.log)[:2] + _stamp(database.log)[3:] or None]


def _stamp(stamp: StampLine | None) -> list[int]:
    return [stamp.size, stamp.modified, stamp.changed, stamp.inode] if stamp else []
