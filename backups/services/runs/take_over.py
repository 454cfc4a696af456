"""Whether a storage sees the very files that the host of ethonode has: then none is copied."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings

from backups.engine.copies.folders import ResultsUnreadable, find_copies
from backups.engine.videos.cache import check_device_id
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.engine.videos.folder import VideoCache
from backups.engine.videos.held import files_of, parts_by_name
from backups.engine.videos.ledger import HERE, unpack_items
from backups.engine.videos.names import text_of
from backups.engine.videos.scan import scan_device
from backups.models import OtherFile, RecordingLedger, ResultCopy
from backups.services.card_places import stamps_of
from backups.services.runs.jobs import RunFailed
from devices.models import Device

OTHERS = (
    "This storage has folders of the same paths as the host of ethonode: they have to be the same."
    " If they are its own, say on its page how it reaches ethonode's host by ssh"
)


def refuse_other_files(
    device: Device, *, now: datetime, tell: Callable[[int], None] = lambda files: None
) -> None:
    """Raises RunFailed unless all that is known lies here, each file as it was seen last.

    `tell` hears of each folder of videos how many files it has.
    """
    try:
        wrong = [*_databases(device), *_videos(device, now=now, tell=tell), *_others(device)]
    except (ResultsUnreadable, VideosUnreadable) as error:
        raise RunFailed(str(error)) from error
    if wrong:
        raise RunFailed(
            f"{len(wrong)} of its files do not lie here as they are known: {wrong[0]}. {OTHERS}"
        )


def _databases(device: Device) -> Iterator[str]:
    here = {
        file.path: file.fingerprint for file in find_copies(settings.RESULTS_DIR, device.device_id)
    }
    rows = ResultCopy.objects.filter(device=device).values_list("path", "fingerprint")
    yield from (path for path, fingerprint in rows if here.get(path) != fingerprint)


def _videos(device: Device, *, now: datetime, tell: Callable[[int], None]) -> Iterator[str]:
    """By what is remembered of each file; and no folder holds less than was counted."""
    top = settings.VIDEOS_DIR / check_device_id(device.device_id)
    scan = scan_device(
        top,
        VideoCache(),
        now=now.timestamp(),
        settled_after=settings.VIDEO_SETTLED_AFTER,
        progress=tell,
    )
    if scan.errors:
        raise VideosUnreadable(scan.errors[0])
    yield from _contents_that_differ(device, scan)
    yield from _folders_with_less(device, scan)


def _contents_that_differ(device: Device, scan: ScanResult) -> Iterator[str]:
    parts = parts_by_name(scan.cache)
    for row in RecordingLedger.objects.filter(device=device):
        here = files_of(parts.get(row.recording, []))
        for name, item in unpack_items(bytes(row.memory)).items():
            if item.has(HERE) and (name not in here or here[name].content != item.seen):
                yield text_of(name)


def _folders_with_less(device: Device, scan: ScanResult) -> Iterator[str]:
    here = {one.folder: (one.chunk_count, one.size_bytes) for one in scan.recordings}
    for row in device.recordings.all():
        chunks, size = here.get(row.folder, (0, 0))
        if chunks < row.chunk_count or size < row.size_bytes:
            yield row.folder


def _others(device: Device) -> Iterator[str]:
    """Other files of cards."""
    rows = OtherFile.objects.filter(device=device).exclude(held_bytes=None)
    held = {bytes(row.place): row for row in rows}
    stamps = stamps_of(held)
    for place, row in held.items():
        if place not in stamps or stamps[place].size != row.held_bytes:
            yield row.name
