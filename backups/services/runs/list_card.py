"""The listing of a card as a run: every file, and the rows of each database. Kept if whole."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from django.conf import settings

from backups.engine.byte_sizes import human_size
from backups.engine.card import CardContents, list_card
from backups.engine.pull.processes import Leash
from backups.services.card_listings import (
    DatabaseSight,
    has_data,
    health_of,
    kept_listing,
    look_at,
    own_databases,
    store_listing,
    unlisted_results,
)
from backups.services.card_readings import store_reading
from backups.services.runs.disks import scanned
from backups.services.runs.jobs import Outcome, RunFailed, RunProgress, Work
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import ListingReport

SHOWN = 50
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenListing:
    """A card as it was just listed, from `began_at` on our clock; kept if it is whole."""

    contents: CardContents
    looked: list[DatabaseSight]
    root: PurePosixPath
    began_at: datetime
    new_experiments: int

    @property
    def own(self) -> frozenset[bytes]:
        """Paths of the databases of its experiments."""
        return own_databases(self.looked)


def list_device_card(work: Work) -> Outcome:
    taken = take_listing(work)
    return _outcome(work, taken, taken.looked)


def take_listing(work: Work) -> TakenListing:
    """List the card now, and keep what it holds. Raises RunFailed, RunStopped."""
    root = PurePosixPath(settings.DEVICE_DATA_ROOT)
    with own_errors():
        began_at = work.clock()
        contents = list_card(
            ssh_target(work),
            root,
            leash=Leash(cancelled=work.watch.cancelled),
            progress=lambda lines: work.watch.progress(RunProgress(phase="listing the card")),
            known=kept_listing(work.device),
        )
    if not has_data(contents):
        raise RunFailed(f"{root} holds neither results nor videos: is its disk mounted?")
    store_reading(work.device, contents, at=began_at)
    new, looked = 0, look_at(work.device, contents, root=root)
    if contents.is_whole:
        held, at = scanned(work), work.clock()
        new = store_listing(
            work.device, contents, looked, root=root, held=held, began_at=began_at, now=at
        )
    return TakenListing(
        contents=contents,
        looked=looked,
        root=root,
        began_at=began_at,
        new_experiments=new,
    )


def _outcome(work: Work, taken: TakenListing, looked: list[DatabaseSight]) -> Outcome:
    listing = taken.contents
    count, size = listing.file_count, listing.size_bytes
    return Outcome(
        summary=f"{count:,} files ({human_size(size)}) and {len(looked)} databases on the card",
        report=ListingReport(
            file_count=count,
            folder_count=len(listing.folders),
            size_bytes=size,
            free_bytes=listing.head.free,
            new_experiments=taken.new_experiments,
            databases=tuple(map(_row, looked[:SHOWN])),
            unread=tuple(
                (path[:LONGEST], why)
                for path, why in (*listing.unread, *unlisted_results(listing))[:SHOWN]
            ),
            health=tuple(health_of(listing, now=work.clock())),
        ),
        problem=_problem(listing),
    )


def _problem(listing: CardContents) -> str:
    if listing.is_whole:
        return ""
    path, why = listing.unread[0]
    return (
        f"{len(listing.unread)} places on the card could not be read, and nothing is proven by the"
        f" rest ({path[:LONGEST]!r}: {why})"
    )


def _row(looked: DatabaseSight) -> tuple[str, str, str]:
    told = looked.database
    rows = sum(max(highest or 0, count or 0) for _, highest, count in told.tables)
    live = f"it has a -wal of {human_size(told.wal)}" if told.wal else ""
    note = told.unread and f"not read: {told.unread}"
    return told.path[-LONGEST:], f"{rows:,}", note or looked.why_not or live
