"""The second place of a device's copies: what is proven to lie there, and what is not."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Sum

from backups.engine.copies.digests import FileStamp
from backups.engine.facts import BackupType
from backups.engine.seconds import (
    Lacking,
    SecondFile,
    SecondFiles,
    lacking_of,
    pack_seconds,
    proven_among,
    unpack_seconds,
)
from backups.engine.silence import why_silent
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.folder import names_of, unpack
from backups.engine.videos.ledger import Here
from backups.engine.videos.names import text_of
from backups.models import Backup, OtherFile, ResultCopy, SecondFolder
from backups.models.policy import all_limits, limits_for
from backups.services.card_places import RESULTS, VIDEOS, stamps_of
from backups.services.carried import content_of
from backups.services.ledger_rows import from_seconds
from devices.models import Device, Storage, Writer


def second_places(device: Device) -> list[Storage]:
    """Where second copies of what this device has are to lie; none: nobody makes any."""
    return list(Storage.objects.filter(is_second=True, second_of=device.storage_id))


def second_files(device: Device, storage: Storage) -> SecondFiles:
    """By place."""
    found: SecondFiles = {}
    for row in SecondFolder.objects.filter(device=device, storage=storage):
        begin = bytes(row.path) + b"/"
        found |= {begin + name: one for name, one in unpack_seconds(bytes(row.files)).items()}
    return found


def store_seconds(device: Device, storage: Storage, files: Mapping[bytes, SecondFile]) -> None:
    """Keep these, by place; what is known of others stays."""
    grouped: dict[bytes, SecondFiles] = {}
    for place, one in files.items():
        folder, _, name = place.rpartition(b"/")
        grouped.setdefault(folder, {})[name] = one
    for folder, some in sorted(grouped.items()):
        _store(device, storage, folder, some)


def _store(device: Device, storage: Storage, folder: bytes, files: SecondFiles) -> None:
    of_it: dict[str, Any] = {
        "device": device,
        "storage": storage,
        "folder": text_of(folder, longest=400),
    }
    with transaction.atomic():
        row = SecondFolder.objects.select_for_update().filter(**of_it).first()
        known = (unpack_seconds(bytes(row.files)) if row else {}) | files
        proven = proven_among(known)
        times = [one.proven_at for one in (proven or known).values()]
        told = {
            "path": folder,
            "files": pack_seconds(known),
            "file_count": len(proven),
            "size_bytes": sum(one.second.size for one in proven.values()),
            "oldest_at": from_seconds(min(times)),
            "newest_at": from_seconds(max(times)),
        }
        SecondFolder.objects.update_or_create(**of_it, defaults=told)


def where_copies_are(device: Device) -> list[dict[str, object]]:
    """For a page: the first place, and each second one with how much is proven to lie there."""
    places: list[dict[str, object]] = [{"storage": device.storage, "is_second": False}]
    for storage in second_places(device):
        rows = SecondFolder.objects.filter(device=device, storage=storage)
        told = rows.aggregate(
            files=Sum("file_count"), size=Sum("size_bytes"), oldest=Min("oldest_at"),
            newest=Max("newest_at"),
        )  # fmt: skip
        places.append({"storage": storage, "is_second": True, **told})
    return places


def second_shown(device: Device, *, now: datetime) -> dict[str, Any]:
    """For the question of wiping: what the look that was made for it saw of second copies."""
    limits = all_limits()
    asked = [kind for kind in BackupType if limits_for(device, kind, limits).proved_copies > 1]
    looked = Backup.objects.filter(device=device).exclude(latest=None).select_related("latest")
    facts = {one.backup_type: one.facts for one in looked}
    counts = {
        kind: facts[kind].second_count if kind in facts else None
        for kind in asked
        if kind not in facts or facts[kind].copy_count
    }
    silent = [why_silent(one.name, one.heard_at, now=now) for one in second_places(device)]
    return {
        "asks_for_second": bool(asked),
        "second_lacking": None
        if None in counts.values()
        else tuple(f"{count:,} of its {kind} files" for kind, count in counts.items() if count),
        "second_silent": "; ".join(silent) if silent and all(silent) else "",
    }


def lacking_second(device: Device, scan: ScanResult | None) -> dict[BackupType, Lacking] | None:
    """By type, what is here and not proven at a second place; None: there is no such place.

    To be asked where the files lie. Of several second places each file needs one.
    """
    places = second_places(device)
    if not places:
        return None
    known = [proven_among(second_files(device, storage)) for storage in places]
    databases = list(_databases(device))
    stamps = stamps_of([place for place, *_ in databases])
    found: dict[BackupType, list[tuple[str, datetime]]] = {kind: [] for kind in BackupType}
    for place, kind, since in databases:
        if not _is_proven(stamps.get(place), [files.get(place) for files in known]):
            found[kind].append((text_of(place.rpartition(b"/")[2]), since))
    found[BackupType.VIDEO] += _videos(device, scan, known) if scan else []
    return {kind: lacking_of(some) for kind, some in found.items()}


def _is_proven(stamp: FileStamp | None, proofs: Iterable[SecondFile | None]) -> bool:
    """One that cannot be found now is proven nowhere: whether it is gone, the next look says."""
    return stamp is not None and any(proof and proof.first == stamp for proof in proofs)


def _databases(device: Device) -> Iterator[tuple[bytes, BackupType, datetime]]:
    """With their -wal; other files of cards count with the results."""
    for copy in ResultCopy.objects.filter(device=device):
        kind = BackupType(copy.writer or Writer.SQLITE)
        place = RESULTS + b"/" + copy.path.encode()
        yield place, kind, copy.inspected_at
        if copy.wal_bytes:
            yield place + b"-wal", kind, copy.inspected_at
    for row in OtherFile.objects.filter(device=device).exclude(place=b""):
        yield bytes(row.place), BackupType.SQLITE, row.first_seen_at


def _videos(
    device: Device, scan: ScanResult, known: list[SecondFiles]
) -> Iterator[tuple[str, datetime]]:
    """By what the scan saw: no file is looked at again."""
    top = VIDEOS + b"/" + device.device_id.encode() + b"/"
    contents = [{place: content_of(one.first) for place, one in files.items()} for files in known]
    for folder, held in scan.cache.folders.items():
        for files in (held.chunks, held.others):
            if not files.file_count:
                continue
            columns = unpack(files)
            rows = zip(
                names_of(columns), columns.sizes, columns.modified, columns.touched, strict=True
            )
            for name, *row in rows:
                place = top + (folder + b"/" if folder else b"") + name
                here = Here(folder, *row)
                if not any(one.get(place) == here.content for one in contents):
                    yield text_of(name), from_seconds(here.touched)
