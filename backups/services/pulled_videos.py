"""What a pull of videos showed, kept as evidence: the listing, and what lies in quarantine."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime

from backups.engine.facts import Problem, ProblemKind
from backups.engine.pull import PulledVideos, Quarantined
from backups.engine.pull.outcome import ListedFile
from backups.engine.videos.held import files_of, parts_by_name
from backups.engine.videos.names import bytes_of, recording_key, text_of
from backups.engine.videos.telling import Told
from backups.models import QuarantinedVideo, VideoComparison
from backups.services.video_ledger import PartsByName
from backups.services.video_listings import Hearing, Listing
from backups.services.videos import cache_file
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
    device: Device, pulled: PulledVideos, *, held_count: int, now: datetime
) -> list[Quarantined]:
    """Gives those in quarantine about which no person has decided yet.

    `held_count`: all files on the disk after the pull.
    """
    before = VideoComparison.objects.filter(device=device).first()
    is_listed = bool(pulled.files) or not pulled.file_count
    complete = is_listed and not (pulled.problems or pulled.skipped)
    since = pulled.began_at.isoformat()
    refused = [(found.path, found.reason) for found in pulled.refused]
    skipped = [(path, NOT_FOLLOWED) for path in pulled.skipped]
    apart = {found.path for found in pulled.quarantined}
    _hear(device, _listing(pulled.files, apart=apart), complete=complete, now=now)
    with transaction.atomic():
        VideoComparison.objects.update_or_create(
            device=device,
            defaults={
                "began_at": pulled.began_at,
                "file_count": pulled.file_count,
                "held_count": held_count,
                "lacking": _lacking(pulled.left, before.lacking if before else {}, since=since),
                "refused": _named(refused, before.refused if before else [], since=since),
                "skipped": _named(skipped, before.skipped if before else [], since=since),
                "content_upto": pulled.content_upto,
                "complete": complete,
                "in_ledger": True,
                "inherited": False,
            },
        )
        _close(device, {file.path for file in pulled.files if file.by_content})
        return [
            difference
            for difference in pulled.quarantined
            if not _store_quarantined(device, difference, now=now).accepted
        ]


def store_card_videos(
    device: Device, card: CardVideos, *, held_count: int, began_at: datetime, now: datetime
) -> None:
    """What a whole listing of the card shows of its videos. What pulls found out stays."""
    made = VideoComparison.objects.filter(device=device).first()
    skipped = [(path, NOT_FOLLOWED) for path in card.skipped]
    _hear(device, _listing(card.files, apart=set()), complete=not card.skipped, now=now)
    VideoComparison.objects.update_or_create(
        device=device,
        defaults={
            "began_at": began_at,
            "file_count": len(card.files),
            "held_count": held_count,
            "skipped": _named(skipped, made.skipped if made else [], since=began_at.isoformat()),
            "complete": not card.skipped,
            "in_ledger": True,
            "inherited": False,
        },
    )


def store_no_videos(device: Device, *, held_count: int, now: datetime) -> None:
    """The device was asked, and has no folder for videos of its own."""
    Hearing(device=device, listing={}, complete=True, parts={}, now=now).run()
    facts = {"began_at": now, "file_count": 0, "held_count": held_count, "in_ledger": True}
    nothing = {"lacking": {}, "refused": [], "skipped": [], "complete": True, "inherited": False}
    VideoComparison.objects.update_or_create(device=device, defaults=facts | nothing)


def _hear(device: Device, listing: Listing, *, complete: bool, now: datetime) -> None:
    cache = cache_file(device.device_id).load()  # as the scan after the pull saw it
    parts = parts_by_name(cache)
    Hearing(device=device, listing=listing, complete=complete, parts=parts, now=now).run()


def absorb_summary(device: Device, parts: PartsByName, *, file_count: int, now: datetime) -> None:
    """A comparison that says by counts alone that all is here: remember what is, to miss it."""
    made = VideoComparison.objects.filter(device=device, in_ledger=False, inherited=False).first()
    if made is None or made.lacking or made.refused:
        return
    if not made.file_count == made.held_count == file_count:
        return
    listing = {
        name: {file: Told(size=here.size) for file, here in files_of(some).items()}
        for name, some in parts.items()
    }
    Hearing(device=device, listing=listing, complete=True, parts=parts, now=now).run()
    made.in_ledger = True
    made.save(update_fields=["in_ledger"])


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


def _listing(files: Iterable[ListedFile], *, apart: set[str]) -> Listing:
    """The files by recording. What lies apart tells no size: ours is held for the right one."""
    listing: dict[str, dict[bytes, Told]] = {}
    for file in files:
        folder, _, name = bytes_of(file.path).rpartition(b"/")
        size = None if file.path in apart else file.size_bytes
        key = text_of(recording_key(folder, name), longest=400)
        told = Told(size=size, by_content=file.by_content, is_other=not file.is_here)
        listing.setdefault(key, {})[name] = told
    return listing


def _lacking(left: Iterable[str], before: Lacking, *, since: str) -> Lacking:
    """By recording, and since it was first found to lack some."""
    counts = Counter(str(Path(path).parent) for path in left)
    return {
        name: (count, before.get(name, (0, since))[1]) for name, count in sorted(counts.items())
    }


def _named(found: Iterable[tuple[str, str]], before: Named, *, since: str) -> Named:
    known = {path: rest[0] for path, _, *rest in before if rest}
    return [[path, why, known.get(path, since)] for path, why in found]


def _store_quarantined(
    device: Device, difference: Quarantined, *, now: datetime
) -> QuarantinedVideo:
    told = {"path": difference.path, "reason": difference.reason[:300], "seen_at": now}
    row, _ = QuarantinedVideo.objects.update_or_create(
        device=device,
        kept_path=str(difference.kept.relative_to(settings.VIDEOS_DIR.absolute())),
        defaults=told,
        create_defaults=told | {"first_seen_at": now},
    )
    return row


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
