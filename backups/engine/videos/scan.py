"""Scan one device's videos with the help of what the last scan remembered."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from stat import S_ISDIR

from backups.engine.videos.facts import RecordingFacts, ScanResult, VideosUnreadable
from backups.engine.videos.folder import Folder, VideoCache, folder_text, moment
from backups.engine.videos.look import Look
from backups.engine.videos.walk import Trust, Walk

RACY_SECONDS = 2.0  # the coarsest clock of any filesystem
RECHECK_DAYS = 30
DAY = 24 * 3600
ERRORS_KEPT = 100
CALLS_PER_LISTING = 4  # openat, getdents64 twice, close
SAVE_AFTER = 0.005  # share of looks that a save would make needless


def scan_device(
    device_dir: Path,
    cache: VideoCache,
    *,
    now: float,
    settled_after: timedelta,
    recheck_days: int = RECHECK_DAYS,
    look: Look = os.lstat,
    progress: Callable[[int], None] = lambda files: None,
) -> ScanResult:
    """Find every recording of a device. `now` is when the scan starts.

    `progress` is told the number of files of each folder seen. Raises VideosUnreadable when the
    folder above, which holds all devices, cannot be looked at from beginning to end.
    """
    root = _root_status(device_dir.parent)
    walk = Walk(
        top=os.fsencode(device_dir),
        old=cache.folders,
        trust=_trust(cache, now=now, settled_after=settled_after, recheck_days=recheck_days),
        look=look,
        progress=progress,
    )
    walk.visit()
    if walk.vanished:
        _check_root(device_dir.parent, root, walk=walk, cache=cache)
    return _result(walk, cache, new=VideoCache(folders=walk.found, timestamp=now, disk=root.st_dev))


def _trust(cache: VideoCache, *, now: float, settled_after: timedelta, recheck_days: int) -> Trust:
    settled_seconds = settled_after.total_seconds()
    clock_went_back = cache.timestamp > now  # then the last look tells nothing of a file's age
    return Trust(
        settled_until=-1 if clock_went_back else int(cache.timestamp - settled_seconds),
        now_settled_until=int(now - settled_seconds),
        racy_after=int((now - RACY_SECONDS) * 1e9),
        today=int(now // DAY),
        recheck_days=recheck_days,
    )


def _root_status(root: Path) -> os.stat_result:
    try:
        status = root.stat()
    except OSError as error:
        raise VideosUnreadable(f"{root}: {error.strerror}") from error
    if not S_ISDIR(status.st_mode):
        raise VideosUnreadable(f"{root}: is no folder")
    if not os.access(root, os.R_OK | os.X_OK):
        raise VideosUnreadable(f"{root}: Permission denied")
    return status


def _check_root(root: Path, before: os.stat_result, *, walk: Walk, cache: VideoCache) -> None:
    """Tell a device without videos from a disk that is not there."""
    after = _root_status(root)
    if (after.st_dev, after.st_ino) != (before.st_dev, before.st_ino):
        raise VideosUnreadable(f"{root}: was mounted or unmounted during the scan")
    if b"" not in walk.found and cache.folders and cache.disk != after.st_dev:
        raise VideosUnreadable(
            f"{root}: is not the disk of the last scan, and holds nothing of this device "
            "(if that is right: scan_videos --rebuild)"
        )


def _result(walk: Walk, old: VideoCache, *, new: VideoCache) -> ScanResult:
    read = [folder for path, folder in new.folders.items() if path not in walk.unread]
    chunk_count = sum(folder.chunks.file_count for folder in read)
    file_count = chunk_count + sum(folder.others.file_count for folder in read)
    changed = {path for path in new.folders if _differs(old.folders.get(path), new.folders[path])}
    changed |= old.folders.keys() - new.folders.keys()
    needless_looks = walk.newly_settled / (walk.looked_files + len(new.folders) or 1)
    return ScanResult(
        recordings=tuple(_recordings(new)),
        changed=frozenset(map(folder_text, changed)),
        unread=frozenset(map(folder_text, walk.unread)),
        folder_count=len(new.folders),
        listed_folder_count=walk.listed_folders,
        cached_count=max(chunk_count - walk.fresh_chunks, 0),
        fresh_count=walk.fresh_chunks,
        rechecked_count=walk.rechecked_chunks,
        saved_call_count=max(
            file_count - walk.looked_files + CALLS_PER_LISTING * (len(read) - walk.listed_folders),
            0,
        ),
        errors=_shortened(walk.errors),
        cache_problem=old.problem,
        cache=new,
        worth_saving=bool(old.problem) or old.folders != new.folders or needless_looks > SAVE_AFTER,
    )


def _differs(known: Folder | None, seen: Folder) -> bool:
    if known is seen:
        return False
    return known is None or _facts(b"", known) != _facts(b"", seen)


def _recordings(cache: VideoCache) -> Iterator[RecordingFacts]:
    for path, folder in sorted(cache.folders.items()):
        if folder.chunks.file_count or folder.others.file_count:
            yield _facts(path, folder)


def _facts(path: bytes, folder: Folder) -> RecordingFacts:
    summary = folder.summary
    return RecordingFacts(
        folder=folder_text(path),
        chunk_count=folder.chunks.file_count,
        size_bytes=summary.size_bytes,
        other_count=folder.others.file_count,
        other_bytes=summary.other_bytes,
        first_chunk=summary.first_chunk,
        last_chunk=summary.last_chunk,
        newest_change_at=None if summary.last_modified is None else moment(summary.last_modified),
        missing_numbers=summary.missing_numbers,
        missing_count=summary.missing_count,
        empty_count=summary.empty_count,
    )


def _shortened(errors: list[str]) -> tuple[str, ...]:
    if len(errors) <= ERRORS_KEPT:
        return tuple(errors)
    return (*errors[:ERRORS_KEPT], f"and {len(errors) - ERRORS_KEPT} more")
