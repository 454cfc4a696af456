"""Pages of video files, served from the caches of the last scans: no disk walk, no rows."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

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
    for each in _one(device_id) if device_id is not None else _all_from(start):
        if each.elsewhere:
            problems.append(each.elsewhere)
            continue
        more, problem = _of_device(
            each,
            recording=recording,
            search=search,
            after=position if each.device_id == start else None,
            limit=limit + 1 - len(found),
        )
        found += [(each.device_id, one) for one in more]
        problems += [problem] if problem else []
        if len(found) > limit:
            break
    following = _encoded(*found[limit - 1]) if len(found) > limit else ""
    videos = tuple(Video(device_id=each, chunk=one.chunk) for each, one in found[:limit])
    return VideoPage(videos=videos, following=following, problems=tuple(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeviceAsked:
    """A device; why it cannot be listed here; what an empty cache of it means: it is no proof that
    there is nothing."""

    device_id: str
    elsewhere: str = ""
    if_empty: str = ""


def _of_device(
    asked: _DeviceAsked,
    *,
    recording: str | None,
    search: str,
    after: Position | None,
    limit: int,
) -> tuple[list[Found], str]:
    cache = cache_file(asked.device_id).load()
    if not cache.folders:
        return [], cache.problem or asked.if_empty
    found = find_chunks(cache, recording=recording, search=search, after=after, limit=limit)
    return found, ""


def _one(device_id: str) -> Iterator[_DeviceAsked]:
    """Raises OtherStorage."""
    device = _devices().filter(device_id=check_device_id(device_id)).first()
    if device is None:
        yield _DeviceAsked(device_id=device_id, if_empty=f"{device_id}: there is no such device")
        return
    check_here(device, device.storage)
    yield _DeviceAsked(device_id=device_id, if_empty=_if_empty(device))


def _all_from(start: str) -> Iterator[_DeviceAsked]:
    for device in _devices().filter(device_id__gte=start).order_by("device_id"):
        elsewhere = ""
        try:
            check_here(device, device.storage)
        except OtherStorage as error:
            elsewhere = f"{device.device_id}: {error}: ask for this device alone"
        yield _DeviceAsked(
            device_id=device.device_id, elsewhere=elsewhere, if_empty=_if_empty(device)
        )


def _devices() -> QuerySet[Device]:
    recordings = Recording.objects.filter(device=OuterRef("pk"))
    return (
        Device.objects.select_related("storage")
        .only("device_id", "name", "storage")
        .annotate(has_recordings=Exists(recordings))
    )


def _if_empty(device: Any) -> str:
    if not device.has_recordings:
        return ""
    return f"{device.device_id}: has recordings, but its file names are known after the next scan"


def _encoded(device_id: str, found: Found) -> str:
    parts = (device_id.encode(), found.position.folder, found.position.name)
    return urlsafe_b64encode(b"\0".join(parts)).decode("ascii")


def _decoded(cursor: str) -> tuple[str, Position]:
    try:
        device, folder, name = urlsafe_b64decode(cursor.encode("ascii")).split(b"\0")
        return check_device_id(device.decode("ascii")), Position(folder, name)
    except (binascii.Error, ValueError) as error:
        raise BadCursor("no such page") from error
