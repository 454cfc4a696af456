"""Files read to their end: what was read is remembered, and held against what is read later."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from backups.engine.videos.damage import ChunkReading, Damages, noted
from backups.engine.videos.digests import (
    KnownDigest,
    KnownDigests,
    cured,
    damage_read,
    pack_digests,
    unpack_digests,
)
from backups.engine.videos.held import VideoPart, files_of
from backups.engine.videos.ledger import BEGINS, EQUAL, KnownFile, pack_items, unpack_items
from backups.engine.videos.names import bytes_of, is_video, recording_of, text_of
from backups.models import RecordingLedger
from backups.services.ledger_rows import UNJUDGED, damages_of, save_damages, seconds
from backups.services.video_ledger import PartsByName
from devices.models import Device

Readings = Mapping[bytes, ChunkReading]


def store_digests(
    device: Device, readings: Mapping[str, ChunkReading], *, now: datetime
) -> list[str]:
    """Remember what was read, by path below the device's folder. Gives what is bad, in words."""
    grouped: dict[str, dict[bytes, ChunkReading]] = {}
    for path, reading in readings.items():
        folder, _, name = bytes_of(path).rpartition(b"/")
        key = recording_of(folder, name)
        grouped.setdefault(key, {})[name] = reading
    said: list[str] = []
    with transaction.atomic():
        rows = RecordingLedger.objects.select_for_update().filter(device=device)
        damages = damages_of(device)
        for row in rows.filter(recording__in=grouped):
            said += _store(row, grouped[row.recording], damages.get(row.recording, {}), now=now)
    return said


def _store(
    row: RecordingLedger, readings: Readings, damages: Damages, *, now: datetime
) -> list[str]:
    """The row is held: whoever looked at it before writes it no more, and looks again."""
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
    save_damages(row.device, row.recording, noted(found, damages), well)
    bad = found.keys() | (damages.keys() - well)
    for name, reading in readings.items():
        if name in items and reading.digest and name not in bad:
            known = KnownDigest(reading.size_bytes, reading.digest, seconds(now), items[name].seen)
            digests[text_of(name)] = known
    changed: dict[str, Any] = {"digests": pack_digests(digests)}
    if found or well:
        for name, damage in found.items():
            items[name].flags &= ~(BEGINS if damage.is_closed else EQUAL)
        changed["memory"] = pack_items(items)
        changed["disk_mark"] = UNJUDGED
        changed["listed_mark"] = b""  # the same listing again is news
        changed["version"] = row.version + 1
    RecordingLedger.objects.filter(pk=row.pk).update(**changed)
    return [
        f"{row.recording}: {text_of(name)}: {damage.reason}"
        for name, damage in sorted(found.items())
        if not damage.is_closed
    ]


def reread_order(device: Device, parts: PartsByName) -> list[str]:
    """Paths of the videos here, those never read first; of no recording that grows."""
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


def damaged_paths(device: Device, parts: PartsByName) -> frozenset[str]:
    """Those here whose content is known to be bad, below the device's folder."""
    return frozenset(
        text_of(file.folder + b"/" + name if file.folder else name)
        for recording, bad in damages_of(device).items()
        for name, file in files_of(parts.get(recording, [])).items()
        if name in bad and not bad[name].is_closed
    )
