"""The facts about a device's videos: scan the disk, ask the device if it lists any, compare."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from backups.engine.ahead import newest_reading
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, risk_of
from backups.engine.videos.cache import REWRITTEN
from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.engine.videos.folder import MOST_BYTES
from backups.engine.videos.held import foreign_names, parts_by_name
from backups.engine.videos.names import by_recording
from backups.engine.videos.spans import spans
from backups.models import RecordingLedger, VideoComparison, VideoInventory
from backups.services.ledger_rows import ledger_of
from backups.services.pulled_videos import problems_of_pulls
from backups.services.seen_recordings import SEEN, Rows
from backups.services.video_ledger import LedgerComparison, NamesByRecording
from backups.services.videos import scan_videos
from devices.client import AskFailed, TooSlow
from devices.models import Device, NodeStatus
from devices.nodes import home_of
from devices.records.device import ANSWERING
from devices.services import video_listing

LISTS_NO_MORE = "it lists its videos no more"
AFTER_HANGING = timedelta(minutes=10)  # a device that let us wait is not asked again at once


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReading:
    facts: BackupFacts
    scan: ScanResult | None


def read_videos(device: Device, *, now: datetime) -> VideoReading:
    """Look at a device's videos now. What was ever known of them is in the ledger."""
    inventory, _ = VideoInventory.objects.get_or_create(device=device)
    try:
        scan = scan_videos(device, now=now)
    except VideosUnreadable as error:
        return VideoReading(facts=_unread(device, inventory, str(error), now=now), scan=None)
    if scan.errors:
        return VideoReading(facts=_unread(device, inventory, scan.errors[0], now=now), scan=scan)
    parts = parts_by_name(scan.cache)
    listed_before = inventory.listed_at
    listing = _listing(device, inventory, now=now)
    rows = LedgerComparison(
        device=device, now=now, parts=parts, listing=listing, listed_before=listed_before
    ).run()
    inventory.looked_at = now
    inventory.save()
    return VideoReading(facts=_facts(device, inventory, rows, now=now, scan=scan), scan=scan)


def _unread(device: Device, inventory: VideoInventory, error: str, *, now: datetime) -> BackupFacts:
    """The disk could not be read: what the last good look saw stands, and says its age."""
    return _facts(device, inventory, ledger_of(device), now=now, disk_error=error)


def _facts(
    device: Device,
    inventory: VideoInventory,
    rows: Rows,
    *,
    now: datetime,
    scan: ScanResult | None = None,
    disk_error: str = "",
) -> BackupFacts:
    pulled = VideoComparison.objects.filter(device=device).first()
    open_rows = [row for row in rows.values() if not row.written_off]
    held = scan.file_count if scan else None
    problems = [*_problems(open_rows, pulled), *problems_of_pulls(device, pulled, held=held)]
    by_kind = _by_kind(problems)
    proofs = {
        "named": sum(row.named_count for row in open_rows),
        "counted": sum(row.counted_count for row in open_rows),
        "equal": sum(row.equal_count for row in open_rows),
    }
    of_each_kind: dict[str, Any] = {kind.value: found for kind, found in by_kind.items()}
    return BackupFacts(
        backup_type=BackupType.VIDEO,
        source_read_at=_source_read_at(device, inventory, pulled, now=now),
        source_error=device.inventory_error or inventory.error,
        source_count=_source_count(open_rows, inventory, pulled),
        written_off_count=len(rows) - len(open_rows),
        source_changed_at=device.recording_at,
        growing=device.is_recording,
        disk_read_at=inventory.looked_at,
        disk_error=disk_error,
        copy_count=sum(proofs.values()),
        size_bytes=scan.size_bytes if scan else _last_known_size(device),
        newest_copy_at=max(filter(None, (row.advanced_at for row in open_rows)), default=None),
        counts={kind.value: len(found) for kind, found in by_kind.items()},
        proofs=proofs,
        counted_since=min(
            (row.grew_at or row.first_known_at for row in open_rows if _is_counted_only(row)),
            default=None,
        ),
        risk=risk_of(by_kind),
        findings=tuple(_findings(device, inventory, scan)),
        **of_each_kind,
    )


def _last_known_size(device: Device) -> int:
    """As the last good look stored it, recording by recording."""
    return min(sum(device.recordings.values_list("size_bytes", flat=True)), MOST_BYTES)


def _is_counted_only(row: RecordingLedger) -> bool:
    return bool(row.counted_count) and not row.growing


def _by_kind(
    problems: Iterable[tuple[ProblemKind, Problem]],
) -> dict[ProblemKind, tuple[Problem, ...]]:
    found: dict[ProblemKind, list[Problem]] = {}
    for kind, problem in problems:
        found.setdefault(kind, []).append(problem)
    return {
        kind: tuple(sorted(some, key=lambda problem: (problem.since, problem.name)))
        for kind, some in found.items()
    }


def _problems(
    rows: Iterable[RecordingLedger], pulled: VideoComparison | None
) -> Iterator[tuple[ProblemKind, Problem]]:
    for row in rows:
        if row.recording.startswith(SEEN):
            yield _unseen(row, pulled)
        for kind, since, reason, size, *film in row.problems:
            yield (
                ProblemKind(kind),
                Problem(
                    row.recording,
                    datetime.fromisoformat(since),
                    reason,
                    bytes=size,
                    seconds=film[0] if film else None,  # rows of before it was told have none
                    listed=row.told_at is not None,
                ),
            )


def _unseen(row: RecordingLedger, pulled: VideoComparison | None) -> tuple[ProblemKind, Problem]:
    at = row.first_known_at
    if pulled and pulled.in_ledger and pulled.complete and pulled.began_at > at:
        reason = "the device was seen recording, and neither its card nor the disk has it"
        return ProblemKind.LOST, Problem(row.recording, at, reason)
    reason = "the device was seen recording, but the disk holds no chunk of it"
    return ProblemKind.MISSING, Problem(row.recording, at, reason)


def _source_count(
    rows: list[RecordingLedger], inventory: VideoInventory, pulled: VideoComparison | None
) -> int | None:
    """None where nobody ever told, and nothing was ever seen."""
    count = sum(row.known_count or row.recording.startswith(SEEN) for row in rows)
    if count or inventory.listed_at or (pulled and pulled.in_ledger and pulled.complete):
        return count
    return None


def _source_read_at(
    device: Device, inventory: VideoInventory, pulled: VideoComparison | None, *, now: datetime
) -> datetime | None:
    """A device that lists its videos, but not now, was read when it last did."""
    silent = inventory.error and inventory.listed_at
    read = [inventory.listed_at] if silent else [device.inventory_read_at]
    if device.inventory_error:  # its videos may be read all the same
        read.append(inventory.listed_at)
    return newest_reading([*read, pulled.began_at if pulled else None], now=now)


def _listing(
    device: Device, inventory: VideoInventory, *, now: datetime
) -> NamesByRecording | None:
    """Ask only a device that answers, and that did not keep us waiting just before.

    One may answer and have no inventory of its databases: that says nothing of its videos.
    """
    answers = _answers(device) if device.inventory_error else True
    if not (answers and device.address):
        inventory.error = device.inventory_error if inventory.listed_at else ""
        return None
    if inventory.retry_at and now < inventory.retry_at:
        return None
    inventory.retry_at, inventory.error = None, ""
    try:
        names = video_listing(device)
    except AskFailed as error:
        inventory.error = str(error)[:500]
        is_slow = isinstance(error, TooSlow) or bool(device.inventory_error)
        inventory.retry_at = now + AFTER_HANGING if is_slow else None
        return None
    if names is None:
        inventory.error = LISTS_NO_MORE if inventory.listed_at else ""
        return None
    inventory.listed_at = now if device.inventory_error else device.inventory_read_at
    return by_recording(names)


def _answers(device: Device) -> bool:
    """As it was last called; what told nothing when its node was last asked is off, or hangs."""
    asked = NodeStatus.objects.filter(asked_at__gt=device.told_at)
    if home := home_of(device.node, settings.NODES):
        asked = asked.filter(name=home)
    is_silent = asked.exists()
    return device.reported_status in ANSWERING and not is_silent


def _findings(device: Device, inventory: VideoInventory, scan: ScanResult | None) -> Iterator[str]:
    if scan is None:
        return
    if REWRITTEN in scan.cache_problem:
        yield f"another program writes into our folders: {scan.cache_problem}"
    if names := foreign_names(scan.cache, device.device_id.encode()):
        yield f"files of another device lie among its videos, and count for nothing: {spans(names)}"
    if empty := sum(recording.empty_count for recording in scan.recordings):
        yield f"{empty} chunks hold no byte"
