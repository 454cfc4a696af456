"""Pages of video files, served from the caches of the last scans: no disk walk, no rows."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from backups.engine.videos.cache import check_device_id
from backups.engine.videos.folder import Chunk
from backups.engine.videos.pages import Found, Position, find_chunks
from backups.models import Recording
from backups.services.storages import OtherStorage, check_here
from backups.services.videos import cache_file
from devices.models import Device


class BadCursor(ValueError):
    """A cursor that this server did not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One chunk of one device."""

    device_id: str
    chunk: Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPage:
    """Some videos in order. `problems`: devices whose videos cannot be listed here, and why."""

    videos: tuple[Video, ...]
    following: str  # the cursor of the next page; "" after the last
    problems: tuple[str, ...]


def video_page(
    device_id: str | None,
    *,
    recording: str | None = None,
    search: str = "",
    after: str | None = None,
    limit: int,
) -> VideoPage:
    """Give the next videos of one device, or of all; a cache at a time is in memory."""
    start, position = _decoded(after) if after else ("", None)
    found: list[tuple[str, Found]] = []
    problems: list[str] = []
    for each, elsewhere in _device_ids(device_id, start):
        if elsewhere:
            problems.append(elsewhere)
            continue
        more, problem = _of_device(
            each,
            recording=recording,
            search=search,
            after=position if each == start else None,
            limit=limit + 1 - len(found),
        )
        found += [(each, one) for one in more]
        problems += [problem] if problem else []
        if len(found) > limit:
            break
    following = _encoded(*found[limit - 1]) if len(found) > limit else ""
    videos = tuple(Video(device_id=each, chunk=one.chunk) for each, one in found[:limit])
    return VideoPage(videos=videos, following=following, problems=tuple(problems))


def _of_device(
    device_id: str,
    *,
    recording: str | None,
    search: str,
    after: Position | None,
    limit: int,
) -> tuple[list[Found], str]:
    cache = cache_file(device_id).load()
    if not cache.folders:
        return [], cache.problem or _why_nothing(device_id)
    found = find_chunks(cache, recording=recording, search=search, after=after, limit=limit)
    return found, ""


def _why_nothing(device_id: str) -> str:
    """An empty cache is no proof that there is nothing."""
    if Recording.objects.filter(device__device_id=device_id).exists():
        return f"{device_id}: has recordings, but its file names are known after the next scan"
    if not Device.objects.filter(device_id=device_id).exists():
        return f"{device_id}: there is no such device"
    return ""


def _device_ids(device_id: str | None, start: str) -> Iterator[tuple[str, str]]:
    """Each with why it cannot be listed here. Raises OtherStorage of one asked for alone."""
    devices = Device.objects.select_related("storage").only("device_id", "name", "storage")
    if device_id is not None:
        for device in devices.filter(device_id=check_device_id(device_id)).exclude(storage=None):
            check_here(device, device.storage)
        yield device_id, ""
        return
    for device in devices.filter(device_id__gte=start).order_by("device_id"):
        try:
            check_here(device, device.storage)
        except OtherStorage as error:
            yield device.device_id, f"{device.device_id}: {error}: ask for this device alone"
        else:
            yield device.device_id, ""


def _encoded(device_id: str, found: Found) -> str:
    parts = (device_id.encode(), found.position.folder, found.position.name)
    return urlsafe_b64encode(b"\0".join(parts)).decode("ascii")


def _decoded(cursor: str) -> tuple[str, Position]:
    try:
        device, folder, name = urlsafe_b64decode(cursor.encode("ascii")).split(b"\0")
        return check_device_id(device.decode("ascii")), Position(folder, name)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("no such page") from error
