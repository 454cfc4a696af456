"""The listing of a card as a run: every file, and the rows of each database. Kept if whole."""

from pathlib import PurePosixPath

from django.conf import settings

from backups.engine.byte_sizes import human_size
from backups.engine.card import CardContents, list_card
from backups.engine.pull.processes import Leash
from backups.engine.videos.facts import VideosUnreadable
from backups.services.card_listings import (
    DatabaseSight,
    has_data,
    health_of,
    look_at,
    store_listing,
)
from backups.services.runs.jobs import Outcome, RunFailed, RunProgress, Work
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import ListingReport
from backups.services.videos import scan_videos

SHOWN = 50
LONGEST = 200


def list_device_card(work: Work) -> Outcome:
    root = PurePosixPath(settings.DEVICE_DATA_ROOT)
    with own_errors():
        began_at = work.clock()
        listing = list_card(
            ssh_target(work),
            root,
            leash=Leash(cancelled=work.watch.cancelled),
            progress=lambda lines: work.watch.progress(RunProgress(phase="listing the card")),
        )
    if not has_data(listing):
        raise RunFailed(f"{root} holds neither results nor videos: is its disk mounted?")
    new = 0
    if listing.is_whole:
        held = _held_count(work)
        new = store_listing(
            work.device, listing, root=root, held_count=held, began_at=began_at, now=work.clock()
        )
    looked = look_at(work.device, listing, root=root)
    return _outcome(work, listing, looked, new=new)


def _held_count(work: Work) -> int:
    """All files of the device on the disk now."""
    try:
        scan = scan_videos(work.device, now=work.clock())
    except VideosUnreadable as error:
        raise RunFailed(f"our own videos cannot be looked at: {error}") from error
    return scan.chunk_count + scan.other_count


def _outcome(
    work: Work, listing: CardContents, looked: list[DatabaseSight], *, new: int
) -> Outcome:
    count, size = listing.file_count, listing.size_bytes
    return Outcome(
        summary=f"{count:,} files ({human_size(size)}) and {len(looked)} databases on the card",
        report=ListingReport(
            file_count=count,
            folder_count=len(listing.folders),
            size_bytes=size,
            free_bytes=listing.head.free,
            new_experiments=new,
            databases=tuple(map(_row, looked[:SHOWN])),
            unread=tuple((path[:LONGEST], why) for path, why in listing.errors[:SHOWN]),
            health=tuple(health_of(listing, now=work.clock())),
        ),
        problem=_problem(listing),
    )


def _problem(listing: CardContents) -> str:
    if listing.is_whole:
        return ""
    path, why = listing.errors[0]
    return (
        f"{len(listing.errors)} places on the card could not be read, and nothing is proven by the"
        f" rest ({path[:LONGEST]!r}: {why})"
    )


def _row(looked: DatabaseSight) -> tuple[str, str, str]:
    told = looked.database
    rows = sum(max(highest or 0, count or 0) for _, highest, count in told.tables)
    live = f"it has a -wal of {human_size(told.wal)}" if told.wal else ""
    note = told.unread and f"not read: {told.unread}"
    return told.path[-LONGEST:], f"{rows:,}", note or looked.why_not or live
