"""A card's own word, kept as evidence: its databases, its videos, and the listing itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

import msgspec

from backups.engine.card import BadListing, CardContents, CardDatabase, packed, unpacked
from backups.engine.card.listing import text_of
from backups.engine.copies import why_foreign
from backups.engine.copies.contents import Words
from backups.engine.pull.outcome import ListedFile
from backups.engine.videos.facts import ScanResult
from backups.models import CardListing
from backups.services.card_changes import note_changes
from backups.services.other_files import store_others
from backups.services.pulled_videos import (
    NOT_FOLLOWED,
    CardVideos,
    since_first_seen,
    store_card_videos,
)
from devices.ids import is_device_id
from devices.models import Device
from devices.records import Rows, started_at
from devices.services.card_experiments import Card, FoundDatabase, save_found

QUIET = timedelta(minutes=10)  # since a file was last written, on the device's own clock
RESULTS, VIDEOS = b"results", b"videos"
NO_FOLDER = "it is no folder, or is not there: what experiments the device has is not known"
NOT_ITS_OWN = "its name is not that of an experiment of this device"
SMALLER = "a larger file of this name is the experiment: this is a file like any other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSight:
    """A database of the card; `found` None: it is no experiment of this device, and why."""

    database: CardDatabase
    found: FoundDatabase | None
    why_not: str = ""


def has_data(listing: CardContents) -> bool:
    """A card without any folder for data is no empty one: its disk is not mounted."""
    return RESULTS in listing.folders or VIDEOS in listing.folders


def store_listing(
    device: Device,
    listing: CardContents,
    looked: Iterable[DatabaseSight],
    *,
    root: PurePosixPath,
    held: ScanResult,
    began_at: datetime,
    now: datetime,
) -> int:
    """Keep a whole listing; `held`: what our disk holds. Gives how many experiments are new."""
    new = save_found(
        Card(
            device=device,
            root=root,
            whole=_whole(listing, root=root),
            found=[one.found for one in looked if one.found],
            names={text_of(file.name) for files in listing.folders.values() for file in files},
            clock_off_seconds=listing.head.clock - began_at.timestamp(),
            at=began_at,
        )
    )
    videos = _videos(device, listing)
    if VIDEOS in listing.folders or videos.skipped:
        store_card_videos(device, videos, held=held, began_at=began_at, now=now)
    store_others(device, listing, own=own_databases(looked), now=now)
    made = CardListing.objects.filter(device=device).first()
    note_changes(device, made, listing, began_at=began_at)
    CardListing.objects.update_or_create(
        device=device,
        defaults={
            "began_at": began_at,
            "head": msgspec.to_builtins(listing.head),
            "folder_count": len(listing.folders),
            "file_count": listing.file_count,
            "size_bytes": listing.size_bytes,
            "skipped": since_first_seen(
                unlisted_results(listing), made.skipped if made else [], at=began_at
            ),
            "packed": packed(listing),
        },
    )
    return new


def kept_listing(device: Device) -> CardContents | None:
    """The newest one, if there is one that we can still read."""
    kept = CardListing.objects.filter(device=device).first()
    try:
        return unpacked(bytes(kept.packed)) if kept else None
    except BadListing:
        return None  # of an older version of ours: the next one is told whole


def unlisted_results(listing: CardContents) -> list[tuple[str, str]]:
    """Where databases may lie that no listing shows, and why it does not."""
    hidden = [(text_of(path), NOT_FOLLOWED) for path in listing.unlisted(RESULTS)]
    if RESULTS in listing.folders or hidden:
        return hidden
    return [(text_of(RESULTS), NO_FOLDER)]


def _whole(listing: CardContents, *, root: PurePosixPath) -> list[PurePosixPath]:
    """Folders where what is not listed is not: absence is told by what was really looked at."""
    if unlisted_results(listing):
        return []
    return [root / RESULTS.decode(), *([] if listing.unlisted(b"") else [root])]


def look_at(device: Device, listing: CardContents, *, root: PurePosixPath) -> list[DatabaseSight]:
    """Which databases are experiments of this device: by their names and their own words.

    A renamed device may have two of a name: the larger one speaks for the experiment, and what is
    in the other has to be here, too.
    """
    looked = [_look(device, listing, one, root=root) for one in listing.databases]
    largest: dict[str, DatabaseSight] = {}
    for one in filter(lambda one: one.found, looked):
        best = largest.setdefault(one.database.filename, one)
        if one.database.size > best.database.size:
            largest[one.database.filename] = one
    return [
        one
        if one.found is None or one is largest[one.database.filename]
        else replace(one, found=None, why_not=SMALLER)
        for one in looked
    ]


def own_databases(looked: Iterable[DatabaseSight]) -> frozenset[bytes]:
    """Paths of those that are experiments of this device."""
    return frozenset(one.database.path.encode("latin-1") for one in looked if one.found)


def _look(
    device: Device, listing: CardContents, database: CardDatabase, *, root: PurePosixPath
) -> DatabaseSight:
    why = _why_not(device, database)
    if why:
        return DatabaseSight(database=database, found=None, why_not=why)
    rows = {name: Rows(highest, count) for name, highest, count in database.tables}
    found = FoundDatabase(
        filename=database.filename,
        path=str(root / database.path),
        size_bytes=database.size,
        rows=None if database.unread else rows,
        at_rest=_is_at_rest(listing, database),
        stopped=bool(database.words.get("stop_date_time")),
    )
    return DatabaseSight(database=database, found=found)


def _why_not(device: Device, database: CardDatabase) -> str:
    name = database.filename
    begun, _, owner = name.removesuffix(".db").rpartition(device.device_id)
    is_plain = database.path.isascii() and database.path.isprintable() and len(database.path) < 300
    named = is_plain and not owner and begun.endswith("_") and started_at(name) is not None
    if not (named and is_device_id(device.device_id)):
        return NOT_ITS_OWN
    words = _words(database)
    if database.unread or not words.machine_ids:
        return ""  # it lies where its name belongs, and says nothing else
    return why_foreign(words, device_id=device.device_id, filename=name, named_start=None)


def _words(database: CardDatabase) -> Words:
    told = database.words
    names = (name.rpartition("/")[2] for name in told.get("backup_filename", []))
    return Words(
        machine_ids=tuple(filter(None, told.get("machine_id", []))),
        filenames=tuple(filter(None, names)),
    )


def _is_at_rest(listing: CardContents, database: CardDatabase) -> bool:
    """Both times are of the device's own clock, right or wrong."""
    told = all(highest is not None or count is not None for _, highest, count in database.tables)
    written = max(database.modified, database.log.modified if database.log else 0)
    quiet = listing.head.clock - written / 10**9 >= QUIET.total_seconds()
    return bool(database.tables) and told and quiet and not database.wal


def _videos(device: Device, listing: CardContents) -> CardVideos:
    """As a pull sees them: hidden files are nobody's videos, and links are not followed."""
    folder = VIDEOS + b"/" + device.device_id.encode()
    odd = [path.removeprefix(folder + b"/") for path in listing.unlisted(folder)]
    return CardVideos(
        files=tuple(
            ListedFile(
                path=path.decode("utf-8", "surrogateescape"),
                size_bytes=file.size,
                is_here=True,
                by_content=False,
            )
            for path, file in listing.below(folder)
            if file.kind == "-" and not _is_hidden(path)
        ),
        skipped=tuple(text_of(path) for path in odd if not _is_hidden(path)),
    )


def _is_hidden(path: bytes) -> bool:
    return b"/." in b"/" + path


def health_of(listing: CardContents, *, now: datetime) -> Iterator[tuple[str, str]]:
    """What the device says of itself and of its card, in words."""
    head = listing.head
    off = timedelta(seconds=round(head.clock - now.timestamp()))
    if abs(off) > timedelta(minutes=5):
        yield "its clock", f"{abs(off)} {'ahead of' if off > timedelta(0) else 'behind'} ours"
    if head.uptime is not None:
        yield "running for", str(timedelta(seconds=min(head.uptime, 10**9)))
    if head.read_only:
        yield "its card", "is mounted read-only: nothing can be recorded"
    for one in listing.health.partitions or ():
        if one.errors:
            since = f", the last at {_moment(one.last_at)}" if one.last_at else ""
            yield f"faults of {one.name}", f"{one.errors:,} counted by ext4{since}"


def _moment(seconds: int) -> str:
    return (
        f"{datetime.fromtimestamp(min(max(seconds, 0), 10**10), UTC):%Y-%m-%d %H:%M} by its clock"
    )
