"""Files of a card that no pull of results or videos brings, and that may be data all the same.

Another machine's results and videos, what people uploaded, dumps, films of older firmware: a card
that is wiped takes them along.
"""

from collections.abc import Collection, Iterator

from backups.engine.card.listing import CardContents, CardFile, may_hold_data
from backups.engine.pull.names import is_plain

LOGS = (b"-wal", b"-journal")  # with content: what is not in the database yet
BESIDE = (*LOGS, b"-shm")  # parts of a database, and of no use without it


def things_on_card(
    listing: CardContents, *, own: Collection[bytes]
) -> Iterator[tuple[bytes, CardFile]]:
    """All that may be data, links and empty files too, by its path below the data root.

    `own`: the databases of this device's experiments, each of which takes along what lies beside
    it; beside another database that is a file like any other.
    """
    parts = {path + suffix for path in own for suffix in BESIDE}
    for folder, files in listing.folders.items():
        if may_hold_data(folder):
            for file in files:
                path = (folder + b"/" if folder else b"") + file.name
                if file.kind != "-" or path not in parts:
                    yield path, file


def files_worth_saving(
    listing: CardContents, *, own: Collection[bytes]
) -> Iterator[tuple[bytes, CardFile]]:
    """Of these the files with something in them: an empty one holds nothing."""
    things = things_on_card(listing, own=own)
    return (thing for thing in things if thing[1].kind == "-" and thing[1].size)


def unwritten_bytes(listing: CardContents, database: bytes) -> int:
    """What lies beside a database and is not in it yet."""
    folder, _, name = database.rpartition(b"/")
    logs = {name + suffix for suffix in LOGS}
    return sum(file.size for file in listing.folders[folder] if file.name in logs)


def other_files(
    listing: CardContents, *, device_id: str, own: Collection[bytes]
) -> dict[bytes, CardFile]:
    """Those that are neither its experiments nor its videos."""
    return {
        path: file
        for path, file in files_worth_saving(listing, own=own)
        if path not in own and not comes_with_videos(path, device_id=device_id)
    }


def left_out(listing: CardContents) -> list[bytes]:
    """Folders of the card with something in them, or unreadable, that are taken for no data."""
    found = {path for path, some in listing.folders.items() if some}
    found |= {place.encode("latin-1") for place, _ in listing.errors}
    return sorted(path for path in found if not may_hold_data(path))


def comes_with_videos(path: bytes, *, device_id: str) -> bool:
    """Whether a pull of the device's videos brings it: what is hidden, or cannot be printed, is
    left behind by that, and so is all of another machine."""
    videos = b"videos/" + device_id.encode() + b"/"
    if not path.startswith(videos):
        return False
    return is_plain(path.removeprefix(videos).decode("utf-8", "surrogateescape"))
