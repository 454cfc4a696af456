"""Scan a device's videos and write down what changed; the names themselves stay in the cache."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Sum
from msgspec.structs import asdict

from backups.engine.videos.cache import (
    REWRITTEN,
    CacheFile,
    CacheUnwritable,
    check_device_id,
)
from backups.engine.videos.facts import RecordingFacts, ScanResult, VideosUnreadable
from backups.engine.videos.folder import VideoCache
from backups.engine.videos.scan import scan_device
from backups.models import Recording
from backups.services.storages import check_here
from devices.models import Device

ROWS_AT_ONCE = 500
PRIME = 2**31 - 1
SUMMED = ("chunk_count", "size_bytes", "other_count", "other_bytes", "missing_count", "empty_count")
FACTS = [name for name in RecordingFacts.__struct_fields__ if name != "folder"]


def scan_videos(
    device: Device,
    *,
    now: datetime,
    rebuild: bool = False,
    progress: Callable[[int], None] = lambda files: None,
) -> ScanResult:
    """Scan one device and bring its Recording rows up to date.

    `rebuild` looks at every file. Raises VideosUnreadable, and BadDeviceId; the rows are then
    what they were. OtherStorage where its files lie elsewhere.
    """
    check_here(device, device.storage)
    file = cache_file(device.device_id)
    started = time.perf_counter()
    result = scan_device(
        settings.VIDEOS_DIR / check_device_id(device.device_id),
        VideoCache() if rebuild else file.load(),
        now=now.timestamp(),
        settled_after=settings.VIDEO_SETTLED_AFTER,
        progress=progress,
    )
    if not rebuild:
        _check_mounted(device, result)
    _write_recordings(device, result)
    place = _place_to_save(file, result.cache_problem)
    problem = _save(place, result) or result.cache_problem  # only now: a lost row is seen again
    return replace(result, seconds=time.perf_counter() - started, cache_problem=problem)


def cache_file(device_id: str) -> CacheFile:
    """Beside the videos; or aside, once another program was seen to write there, too."""
    secret = settings.SECRET_KEY.encode()
    aside = settings.VIDEO_CACHE_ASIDE
    if aside:
        moved = CacheFile(directory=aside, device_id=device_id, secret=secret)
        if moved.path.exists():
            return moved
    return CacheFile(directory=settings.VIDEO_CACHE_DIR, device_id=device_id, secret=secret)


def moved_caches() -> int:
    """Of how many devices it lies aside."""
    aside = settings.VIDEO_CACHE_ASIDE
    return sum(1 for _ in aside.glob("video_cache_*.pkl")) if aside and aside.is_dir() else 0


def _place_to_save(file: CacheFile, problem: str) -> CacheFile:
    aside = settings.VIDEO_CACHE_ASIDE
    return replace(file, directory=aside) if aside and REWRITTEN in problem else file


def _save(file: CacheFile, result: ScanResult) -> str:
    if not result.worth_saving:
        return ""
    try:
        file.save(result.cache)
    except CacheUnwritable as problem:
        return str(problem)
    return ""


def _check_mounted(device: Device, result: ScanResult) -> None:
    """An empty videos folder is a lost mount once any recording was known."""
    if result.folder_count or not device.recordings.exists():
        return
    root = settings.VIDEOS_DIR
    try:
        names = {path.name for path in root.iterdir()}
    except OSError as error:
        raise VideosUnreadable(f"{root}: {error.strerror}") from error
    if not names - {".cache"}:
        raise VideosUnreadable(
            f"{root}: holds nothing at all, but did: is its disk mounted? "
            "(if that is right: scan_videos --rebuild)"
        )


def _write_recordings(device: Device, result: ScanResult) -> None:
    """Write the rows of changed folders, and all of them should they not add up."""
    if not result.changed and _adds_up(device, result):
        return
    with transaction.atomic():
        present = {recording.folder for recording in result.recordings}
        gone = result.changed - present - result.unread
        _delete(device, gone)
        _upsert(device, (facts for facts in result.recordings if facts.folder in result.changed))
        if not _adds_up(device, result):
            device.recordings.all().delete()
            _upsert(device, result.recordings)


def _delete(device: Device, folders: Iterable[str]) -> None:
    names = sorted(folders)
    for start in range(0, len(names), ROWS_AT_ONCE):
        device.recordings.filter(folder__in=names[start : start + ROWS_AT_ONCE]).delete()


def _upsert(device: Device, recordings: Iterable[RecordingFacts]) -> None:
    Recording.objects.bulk_create(
        [Recording(device=device, **asdict(facts)) for facts in recordings],
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["device", "folder"],
        update_fields=FACTS,
    )


def _adds_up(device: Device, result: ScanResult) -> bool:
    """Compare rows with the scan by count and sums: cheap, and blind to no lost row."""
    if result.unread:
        return True  # rows of what could not be read stay; they are not of this scan
    sums = {name: Sum(F(name) % PRIME) for name in SUMMED}  # the sizes alone might overflow
    stored = device.recordings.aggregate(row_count=Count("pk"), **sums)
    expected = {
        name: sum(getattr(facts, name) % PRIME for facts in result.recordings) for name in SUMMED
    }
    expected["row_count"] = len(result.recordings)
    return {name: value or 0 for name, value in stored.items()} == expected
