"""What of a card was held against our copies by content: kept folder by folder."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from backups.engine.card.proofs import ProvenFile, ProvenFiles, pack_proofs, unpack_proofs
from backups.engine.videos.names import text_of
from backups.models import ProvenFolder
from devices.models import Device

ROWS_AT_ONCE = 500


def proofs_of(device: Device, *, beside: Iterable[bytes] | None = None) -> ProvenFiles:
    """Every file of its card that was ever read on both sides, by its path below the data root.

    `beside`: only of the folders that these paths lie in, for a card may have a hundred thousand.
    """
    rows = ProvenFolder.objects.filter(device=device)
    if beside is not None:
        rows = rows.filter(folder__in={_folder_of(path) for path in beside})
    return _read(rows)


def proofs_in(device: Device, folders: Iterable[bytes]) -> ProvenFiles:
    """Of the files in these folders alone."""
    names, found = sorted(map(_named, folders)), ProvenFiles()
    for start in range(0, len(names), ROWS_AT_ONCE):
        some = names[start : start + ROWS_AT_ONCE]
        found |= _read(ProvenFolder.objects.filter(device=device, folder__in=some))
    return found


def videos_that_differ(device: Device) -> set[str]:
    """Its videos, by path below its folder, that were read to be another content on the card than
    here, and never since to be the same. A folder with a seal has none."""
    begin = f"videos/{device.device_id}/".encode()
    found = _read(ProvenFolder.objects.filter(device=device, seal=b""))
    differing = (path for path, one in found.items() if one.differs and path.startswith(begin))
    return {path.removeprefix(begin).decode("utf-8", "surrogateescape") for path in differing}


def _read(rows: Iterable[ProvenFolder]) -> ProvenFiles:
    found: ProvenFiles = {}
    for row in rows:
        begin = bytes(row.path) + b"/" if row.path else b""
        found |= {begin + name: file for name, file in unpack_proofs(bytes(row.files)).items()}
    return found


def _folder_of(path: bytes) -> str:
    return _named(path.rpartition(b"/")[0])


def _named(folder: bytes) -> str:
    return text_of(folder, longest=400)


def store_proofs(device: Device, proofs: Mapping[bytes, ProvenFile]) -> None:
    """Keep these, by path; what is known of other files stays."""
    grouped: dict[bytes, ProvenFiles] = {}
    for path, proof in proofs.items():
        folder, _, name = path.rpartition(b"/")
        grouped.setdefault(folder, {})[name] = proof
    for folder, files in sorted(grouped.items()):
        _store(device, folder, files)


def forget_differences(device: Device, came: Mapping[bytes, bytes]) -> None:
    """What was found to differ lies there no more. `came`: of each path the place of what came."""
    for row in ProvenFolder.objects.filter(device=device, folder__in=set(map(_folder_of, came))):
        begin = bytes(row.path) + b"/" if row.path else b""
        files = unpack_proofs(bytes(row.files))
        kept = {
            name: one
            for name, one in files.items()
            if not (one.differs and came.get(begin + name) == one.place.encode("latin-1"))
        }
        if len(kept) < len(files):
            row.files = pack_proofs(kept)
            row.save(update_fields=["files"])


def _store(device: Device, folder: bytes, files: ProvenFiles) -> None:
    with transaction.atomic():
        row, _ = ProvenFolder.objects.select_for_update().get_or_create(
            device=device, folder=_named(folder), defaults={"path": folder}
        )
        row.files = pack_proofs(unpack_proofs(bytes(row.files)) | files)
        row.seal = b""
        row.save(update_fields=["files", "seal"])
