"""The facts about a device's videos: scan the disk, ask the device if it lists any, compare."""

from dataclasses import dataclass, replace
from datetime import datetime

from backups.engine.facts import BackupFacts
from backups.engine.video_compare import (
    PulledSource,
    VideoSource,
    compare_pulled,
    compare_videos,
)
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.engine.videos.folder import chunk_names
from backups.services.facts import DiskReading
from backups.services.pulled_videos import pulled_source
from backups.services.videos import scan_videos
from devices.client import AskFailed
from devices.models import Device
from devices.services import video_listing


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReading:
    facts: BackupFacts
    scan: ScanResult | None


def read_videos(device: Device, *, previous: BackupFacts, now: datetime) -> VideoReading:
    """Look at a device's videos now. `previous` are the facts of the snapshot before."""
    try:
        scan = scan_videos(device, now=now)
    except VideosUnreadable as error:
        failed = DiskReading(read_at=previous.disk_read_at, error=str(error))
        return VideoReading(facts=_unread(device, previous, failed), scan=None)
    if scan.errors:
        failed = DiskReading(read_at=previous.disk_read_at, error=scan.errors[0])
        return VideoReading(facts=_unread(device, previous, failed), scan=scan)
    facts = _compared(device, scan, previous=previous, now=now)
    return VideoReading(facts=facts, scan=scan)


def _unread(device: Device, previous: BackupFacts, disk: DiskReading) -> BackupFacts:
    """The disk could not be read: what the last good look saw stands, and says its age."""
    return replace(
        previous,
        source_read_at=device.inventory_read_at,
        source_error=device.inventory_error,
        disk_read_at=disk.read_at,
        disk_error=disk.error,
        findings=(),
    )


def _compared(
    device: Device, scan: ScanResult, *, previous: BackupFacts, now: datetime
) -> BackupFacts:
    on_disk = replace(
        previous,
        growing=device.is_recording,
        source_changed_at=device.recording_at,
        source_read_at=device.inventory_read_at,
        source_error=device.inventory_error,
        disk_read_at=now,
        disk_error="",
        copy_count=scan.chunk_count,
        size_bytes=scan.size_bytes,
        newest_copy_at=scan.newest_change_at,
        findings=_scan_findings(scan),
    )
    pulled = pulled_source(device)
    try:
        listing = _listing(device, previous)
    except AskFailed as error:
        silent = replace(on_disk, source_error=str(error))
        if pulled and _is_newer(pulled, previous):  # silent here, and heard over ssh
            return _held_against_a_pull(device, scan, silent, pulled)
        # It lists its videos, but not now: the last comparison stands, with its own age.
        return replace(silent, source_read_at=previous.source_read_at)
    if listing is None and pulled:
        return _held_against_a_pull(device, scan, on_disk, pulled)
    compared = compare_videos(
        VideoSource(
            listing=listing,
            recording=device.is_recording,
            recording_since=device.recording_since,
            recording_at=device.recording_at,
        ),
        on_disk=chunk_names(scan.cache) if listing is not None else frozenset(),
        newest_at=scan.newest_change_at,
        known_since={problem.name: problem.since for problem in previous.missing},
        now=now,
    )
    return replace(
        on_disk,
        source_count=None if listing is None else len(listing),
        missing=compared.missing,
        behind=compared.behind,
        unproven=compared.unproven + (pulled.quarantined if pulled else ()),
    )


def _held_against_a_pull(
    device: Device, scan: ScanResult, on_disk: BackupFacts, pulled: PulledSource
) -> BackupFacts:
    compared = compare_pulled(
        pulled,
        held_count=scan.chunk_count + scan.other_count,
        recording=device.is_recording,
        recording_at=device.recording_at,
    )
    read_at = filter(None, (device.inventory_read_at, pulled.began_at))
    return replace(
        on_disk,
        source_read_at=max(read_at),
        source_count=pulled.file_count,
        missing=compared.missing,
        behind=compared.behind,
        unproven=compared.unproven,
    )


def _is_newer(pulled: PulledSource, previous: BackupFacts) -> bool:
    return previous.source_read_at is None or pulled.began_at >= previous.source_read_at


def _listing(device: Device, previous: BackupFacts) -> frozenset[str] | None:
    """Ask only a device that answered the last refresh; a silent one is not asked again here."""
    if not device.inventory_error and device.inventory_read_at:
        return video_listing(device)
    if previous.source_count is not None:
        raise AskFailed(device.inventory_error or "the device was never reached")
    return None


def _scan_findings(scan: ScanResult) -> tuple[str, ...]:
    lines = []
    if holes := sum(recording.missing_count for recording in scan.recordings):
        lines.append(f"{holes} chunk numbers are missing inside recordings")
    if empty := sum(recording.empty_count for recording in scan.recordings):
        lines.append(f"{empty} chunks hold no byte")
    return tuple(lines)
