"""What a pull of videos showed, kept as evidence: the comparison, and what lies in quarantine."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime

from backups.engine.facts import Problem
from backups.engine.pull import PulledVideos, Quarantined
from backups.engine.video_compare import PulledSource
from backups.models import QuarantinedVideo, VideoComparison
from devices.models import Device

NOT_FOLLOWED = "a link or no file: it is not followed, and what may be behind it is not here"
Lacking = dict[str, tuple[int, str]]


def pulled_source(device: Device) -> PulledSource | None:
    """The newest comparison of this device; None where none was ever made."""
    made = VideoComparison.objects.filter(device=device).first()
    if made is None:
        return None
    return PulledSource(
        began_at=made.began_at,
        file_count=made.file_count,
        held_count=made.held_count,
        lacking={
            name: (count, parse_datetime(since) or made.began_at)
            for name, (count, since) in made.lacking.items()
        },
        refused=tuple(Problem(path, made.began_at, why) for path, why in made.refused),
        quarantined=tuple(_quarantined(device)),
    )


def store_comparison(
    device: Device, pulled: PulledVideos, *, held_count: int, now: datetime
) -> list[Quarantined]:
    """Gives those in quarantine about which no person has decided yet.

    `held_count`: all files on the disk after the pull.
    """
    before = VideoComparison.objects.filter(device=device).values_list("lacking", flat=True).first()
    with transaction.atomic():
        VideoComparison.objects.update_or_create(
            device=device,
            defaults={
                "began_at": pulled.began_at,
                "file_count": pulled.file_count,
                "held_count": held_count,
                "lacking": _lacking(pulled.left, before or {}, since=pulled.began_at),
                "refused": _never_copied(pulled),
                "content_upto": pulled.content_upto,
            },
        )
        return [
            difference
            for difference in pulled.quarantined
            if not _store_quarantined(device, difference, now=now).accepted
        ]


def _never_copied(pulled: PulledVideos) -> list[list[str]]:
    """All of it: a page shows some, and a verdict minds each."""
    refused = [[difference.path, difference.reason] for difference in pulled.refused]
    return refused + [[path, NOT_FOLLOWED] for path in pulled.skipped]


def store_no_videos(device: Device, *, held_count: int, now: datetime) -> None:
    """The device was asked, and has no folder for videos of its own."""
    facts = {"began_at": now, "file_count": 0, "held_count": held_count}
    VideoComparison.objects.update_or_create(
        device=device, defaults=facts | {"lacking": {}, "refused": []}
    )


def _lacking(left: Iterable[str], before: Lacking, *, since: datetime) -> Lacking:
    """By recording, and since it was first found to lack some."""
    counts = Counter(str(Path(path).parent) for path in left)
    return {
        name: (count, before.get(name, (0, since.isoformat()))[1])
        for name, count in sorted(counts.items())
    }


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


def _quarantined(device: Device) -> Iterable[Problem]:
    for row in device.quarantined_videos.filter(accepted=False).order_by("first_seen_at"):
        reason = f"came again as another file ({row.reason}); ours is kept, theirs is apart"
        yield Problem(row.path, row.first_seen_at, reason)
