"""The newest video files of a device, out of the cache of its last scan."""

from backups.engine.videos.cache import BadDeviceId
from backups.engine.videos.folder import Chunk
from backups.engine.videos.pages import find_chunks
from backups.services.storages import check_here
from backups.services.videos import cache_file
from devices.models import Device

CHUNKS_SHOWN = 1000
RECORDINGS_LOOKED_AT = 100


def newest_chunks(device: Device) -> list[Chunk]:
    """At most a thousand, of the newest recordings, the newest first. Raises OtherStorage."""
    check_here(device, device.storage)
    try:
        cache = cache_file(device.device_id).load()
    except BadDeviceId:  # it can have no folder
        return []
    chunks: list[Chunk] = []
    folders = device.recordings.order_by("-folder").values_list("folder", flat=True)
    for folder in folders[:RECORDINGS_LOOKED_AT] if cache.folders else ():
        of_folder = find_chunks(cache, recording=folder, limit=CHUNKS_SHOWN * 10)
        chunks += [entry.chunk for entry in reversed(of_folder)]
        if len(chunks) >= CHUNKS_SHOWN:
            break
    return chunks[:CHUNKS_SHOWN]
