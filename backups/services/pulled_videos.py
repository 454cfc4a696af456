"""What a pull of videos showed, kept as evidence: the listing, and what lies in quarantine."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime

from backups.engine.facts import Problem, ProblemKind
from backups.engine.pull import PulledVideos, Quarantined
from backups.engine.pull.outcome import ListedFile
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.held import parts_by_name
from backups.engine.videos.names import bytes_of, recording_of
from backups.engine.videos.telling import Told
from backups.models import QuarantinedVideo, VideoComparison
from backups.services.card_proofs import videos_that_differ
from backups.services.video_listings import Hearing, Listing
from devices.models import Device

NOT_FOLLOWED = "a link or no file: it is not followed, and what may be behind it is not here"
Lacking = dict[str, tuple[int, str]]
Named = list[list[str]]  # [path, why, since when]
Found = tuple[ProblemKind, Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardVideos:
    """A device's own videos on its card; `skipped` are links and the like."""

    files: tuple[ListedFile, ...]
    skipped: tuple[str, ...]


def store_comparison(
    device: Device, pulled: PulledVideos, *, held: ScanResult, now: datetime
) -> list[Quarantined]:
    """Gives those in quarantine about which no person has decided yet.

    `held`: what the disk holds after the pull.
    """
    before = VideoComparison.objects.filter(device=device).first()
    is_listed = bool(pulled.files) or not pulled.file_count
    complete = is_listed and not (pulled.problems or pulled.skipped)
    began, since = pulled.began_at, pulled.began_at.isoformat()
    refused = [(found.path, found.reason) for found in pulled.refused]
    skipped = [(path, NOT_FOLLOWED) for path in pulled.skipped]
    apart = {found.path for found in pulled.quarantined}
    if _is_overtaken(before, at=pulled.compared_at, now=now):
        return _undecided(device, pulled, now=now)
    listing = _listing(pulled.files, apart=apart, differing=videos_that_differ(device))
    at = pulled.compared_at
    _hear(device, listing, held, complete=complete, at=at, now=now)
    with transaction.atomic():
        VideoComparison.objects.update_or_create(
            device=device,
            defaults={
                "began_at": pulled.began_at,
                "listed_at": at,
                "file_count": pulled.file_count,
                "held_count": held.file_count,
                "lacking": _lacking(pulled.left, before.lacking if before else {}, since=since),
                "refused": since_first_seen(refused, before.refused if before else [], at=began),
                "skipped": since_first_seen(skipped, before.skipped if before else [], at=began),
                "content_upto": pulled.content_upto,
                "complete": complete,
                "in_ledger": True,
            },
        )
        _close(device, {file.path for file in pulled.files if file.by_content})
        return _undecided(device, pulled, now=now)


def _undecided(device: Device, pulled: PulledVideos, *, now: datetime) -> list[Quarantined]:
    return [
        difference
        for difference in pulled.quarantined
        if not _store_quarantined(device, difference, now=now).accepted
    ]


def store_card_videos(
    device: Device, card: CardVideos, *, held: ScanResult, began_at: datetime, now: datetime
) -> None:
    """What a whole listing of the card shows of its videos. What pulls found out stays."""
    made = VideoComparison.objects.filter(device=device).first()
    if _is_overtaken(made, at=began_at, now=now):
        return
    skipped = [(path, NOT_FOLLOWED) for path in card.skipped]
    listing = _listing(card.files, differing=videos_that_differ(device))
    _hear(device, listing, held, complete=not card.skipped, at=began_at, now=now)
    VideoComparison.objects.update_or_create(
        device=device,
        defaults={
            "began_at": began_at,
            "listed_at": began_at,
            "file_count": len(card.files),
            "held_count": held.file_count,
            "skipped": since_first_seen(skipped, made.skipped if made else [], at=began_at),
            "complete": not card.skipped,
            "in_ledger": True,
        },
    )


def store_proven_videos(
    device: Device, files: Iterable[ListedFile], *, held: ScanResult, at: datetime, now: datetime
) -> None:
    """Some files that were read on both sides: equal ones are here by content, others are not."""
    _hear(device, _listing(files), held, complete=False, at=at, now=now)


def store_no_videos(device: Device, *, held: ScanResult, began_at: datetime, now: datetime) -> None:
    """The device was asked, and has no folder for videos of its own."""
    made = VideoComparison.objects.filter(device=device).first()
    if _is_overtaken(made, at=began_at, now=now):
        return
    _hear(device, {}, held, complete=True, at=began_at, now=now)
    counts = {"file_count": 0, "held_count": held.file_count, "in_ledger": True}
    times = {"began_at": began_at, "listed_at": began_at}
    nothing = {"lacking": {}, "refused": [], "skipped": [], "complete": True}
    VideoComparison.objects.update_or_create(device=device, defaults={**counts, **times, **nothing})


def _is_overtaken(made: VideoComparison | None, *, at: datetime, now: datetime) -> bool:
    """Whether a newer listing was heard while this one was made: it says nothing any more."""
    newest = made.listed_at if made else None
    return newest is not None and at < newest <= now  # a time that has not come is none


def _hear(
    device: Device,
    listing: Listing,
    held: ScanResult,
    *,
    complete: bool,
    at: datetime,
    now: datetime,
) -> None:
    parts = parts_by_name(held.cache)
    Hearing(device=device, listing=listing, complete=complete, parts=parts, at=at, now=now).run()


def problems_of_pulls(
    device: Device, made: VideoComparison | None, *, held: int | None
) -> Iterator[Found]:
    """What only the pulls know: what is apart, what is never copied, and counts that fell."""
    yield from _quarantined(device)
    if made is None:
        return
    for path, why, *since in [*made.refused, *made.skipped]:
        at = (parse_datetime(since[0]) if since else None) or made.began_at
        yield ProblemKind.UNPROVEN, Problem(path, at, why)
    if not made.in_ledger:
        yield from _by_counts(made, held=held)


def _by_counts(made: VideoComparison, *, held: int | None) -> Iterator[Found]:
    for name, (count, since) in sorted(made.lacking.items()):
        at = parse_datetime(since) or made.began_at
        yield ProblemKind.MISSING, Problem(name, at, f"{count} files are not on the disk")
    if held is not None and held < made.held_count:
        reason = f"the disk holds {held} files, and held {made.held_count} at the last pull"
        yield ProblemKind.MISSING, Problem("videos", made.began_at, reason)


def _listing(
    files: Iterable[ListedFile], *, apart: Collection[str] = (), differing: Collection[str] = ()
) -> Listing:
    """The files by recording; a renamed device may have two of a name: the larger one counts.

    What lies apart tells no size: ours is held for the right one. `differing`: what was read as
    another content is not ours again by its size.
    """
    listing: dict[str, dict[bytes, Told]] = {}
    for file in files:
        folder, _, name = bytes_of(file.path).rpartition(b"/")
        size = None if file.path in apart else file.size_bytes
        key = recording_of(folder, name)
        is_other = not file.is_here or (file.path in differing and not file.by_content)
        told = Told(size=size, by_content=file.by_content, is_other=is_other)
        named = listing.setdefault(key, {})
        named[name] = max(named.get(name, told), told, key=lambda one: one.size or 0)
    return listing


def _lacking(left: Iterable[str], before: Lacking, *, since: str) -> Lacking:
    """By recording, and since it was first found to lack some."""
    counts = Counter(str(Path(path).parent) for path in left)
    return {
        name: (count, before.get(name, (0, since))[1]) for name, count in sorted(counts.items())
    }


def since_first_seen(found: Iterable[tuple[str, str]], before: Named, *, at: datetime) -> Named:
    """Paths with why, and since when each is among them."""
    known = {path: rest[0] for path, _, *rest in before if rest}
    return [[path, why, known.get(path, at.isoformat())] for path, why in found]


def _store_quarantined(
    device: Device, difference: Quarantined, *, now: datetime
) -> QuarantinedVideo:
    content = _content(difference.kept)
    told = {"path": difference.path, "reason": difference.reason[:300], "seen_at": now}
    told |= {"content": content} if content else {}
    kept_path = str(difference.kept.relative_to(settings.VIDEOS_DIR.absolute()))
    before = QuarantinedVideo.objects.filter(device=device, kept_path=kept_path).first()
    if before and before.content and content not in {"", before.content}:
        told |= {"accepted": False, "first_seen_at": now}  # another file: nobody looked at that
    row, _ = QuarantinedVideo.objects.update_or_create(
        device=device,
        kept_path=kept_path,
        defaults=told,
        create_defaults=told | {"first_seen_at": now},
    )
    return row


def _content(kept: Path) -> str:
    """What tells this file from another one at its place; "": it cannot be looked at."""
    try:
        seen = kept.stat()
    except OSError:
        return ""
    return f"{seen.st_size} {seen.st_mtime_ns}"


def _close(device: Device, equal: set[str]) -> None:
    """What both sides hold by content is apart no more; the file apart stays where it lies."""
    for row in device.quarantined_videos.filter(accepted=False):
        if row.path in equal:
            row.accepted = True
            row.reason = f"{row.reason}; later ours was the device's"[:300]
            row.save(update_fields=["accepted", "reason"])


def _quarantined(device: Device) -> Iterator[Found]:
    for row in device.quarantined_videos.filter(accepted=False).order_by("first_seen_at"):
        reason = f"came again as another file ({row.reason}); ours is kept, theirs is apart"
        yield ProblemKind.UNPROVEN, Problem(row.path, row.first_seen_at, reason)
