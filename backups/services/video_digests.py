"""Files read to their end: what was read is remembered, and held against what is read later."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from backups.engine.videos.damage import ChunkReading, Damages
from backups.engine.videos.digests import (
    KnownDigest,
    KnownDigests,
    cured,
    damage_read,
    pack_digests,
    unpack_digests,
)
from backups.engine.videos.held import VideoPart, files_of, parts_by_name
from backups.engine.videos.ledger import EQUAL, KnownFile, pack_items, unpack_items
from backups.engine.videos.names import bytes_of, is_video, recording_key, text_of
from backups.models import RecordingLedger
from backups.services.ledger_rows import UNJUDGED, damages_of, save_damages, seconds
from backups.services.videos import cache_file
from devices.models import Device

Readings = Mapping[bytes, ChunkReading]


def store_digests(
    device: Device, readings: Mapping[str, ChunkReading], *, now: datetime
) -> list[str]:
    """Remember what was read, by path below the device's folder. Gives what is bad, in words."""
    grouped: dict[str, dict[bytes, ChunkReading]] = {}
    for path, reading in readings.items():
        folder, _, name = bytes_of(path).rpartition(b"/")
        key = text_of(recording_key(folder, name), longest=400)
        grouped.setdefault(key, {})[name] = reading
    damages = damages_of(device)
    said: list[str] = []
    for row in RecordingLedger.objects.filter(device=device, recording__in=grouped):
        said += _store(row, grouped[row.recording], damages.get(row.recording, {}), now=now)
    return said


def _store(
    row: RecordingLedger, readings: Readings, damages: Damages, *, now: datetime
) -> list[str]:
    items = unpack_items(bytes(row.memory))
    digests = unpack_digests(bytes(row.digests))
    before = {name: digests[text] for name in readings if (text := text_of(name)) in digests}
    found = {
        name: damage
        for name, reading in readings.items()
        if name in items
        and (damage := damage_read(reading, before.get(name), items[name], now=seconds(now)))
    }
    well = cured(readings, before, items, damages)
    save_damages(row.device, row.recording, found, well)
    for name, reading in readings.items():
        if name in items and not reading.problem and name not in found:
            known = KnownDigest(reading.size_bytes, reading.digest, seconds(now), items[name].seen)
            digests[text_of(name)] = known
    changed: dict[str, Any] = {"digests": pack_digests(digests)}
    if found or well:
        for name in found:
            items[name].flags &= ~EQUAL
        changed["memory"] = pack_items(items)
        changed["disk_mark"] = UNJUDGED
        changed["version"] = row.version + 1  # a look under way does not write over it
    RecordingLedger.objects.filter(pk=row.pk).update(**changed)
    return [f"{row.recording}: {text_of(name)}: {d.reason}" for name, d in sorted(found.items())]


def reread_order(device: Device) -> list[str]:
    """Paths of the videos here, those never read first; of no recording that grows."""
    parts = parts_by_name(cache_file(device.device_id).load())
    rows = RecordingLedger.objects.filter(device=device, growing=False)
    found = [pair for row in rows for pair in _read_at(row, parts.get(row.recording, []))]
    return [path for _, path in sorted(found)]


def _read_at(row: RecordingLedger, parts: list[VideoPart]) -> Iterator[tuple[int, str]]:
    """Of an empty file only where it once held something: it is read to say so."""
    digests: KnownDigests = unpack_digests(bytes(row.digests))
    items = unpack_items(bytes(row.memory))
    for name, file in files_of(parts).items():
        if is_video(name) and (file.size or _held_something(items.get(name))):
            known = digests.get(text_of(name))
            path = file.folder + b"/" + name if file.folder else name
            yield known.read_at if known else 0, path.decode("utf-8", "surrogateescape")


def _held_something(item: KnownFile | None) -> bool:
    return item is not None and item.held > 0


def damaged_paths(device: Device) -> frozenset[str]:
    """Those here whose content is known to be bad, below the device's folder."""
    damages = damages_of(device)
    parts = parts_by_name(cache_file(device.device_id).load()) if damages else {}
    return frozenset(
        text_of(file.folder + b"/" + name if file.folder else name)
        for recording, bad in damages.items()
        for name, file in files_of(parts.get(recording, [])).items()
        if name in bad
    )
