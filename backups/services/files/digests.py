"""Which content our files had when they were last read to their end: so that others can check."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from backups.engine.videos.digests import KnownDigests, unpack_digests
from backups.engine.videos.names import text_of
from backups.models import OtherFile, RecordingLedger
from backups.services.card_proofs import proofs_of
from backups.services.files.saved import SavedFile
from backups.services.ledger_rows import from_seconds
from devices.models import Device


def with_digests(files: Iterable[SavedFile]) -> list[SavedFile]:
    """The same files, with the digest of those whose content was read and not written since."""
    found: list[SavedFile] = []
    for device, some in groupby(files, key=lambda file: file.device):
        known = list(some)
        found += _of_others(device, _of_videos(device, known))
    return found


def _of_videos(device: Device, files: list[SavedFile]) -> list[SavedFile]:
    recordings = {file.recording for file in files if file.recording}
    rows = RecordingLedger.objects.filter(device=device, recording__in=recordings)
    known = {row.recording: unpack_digests(bytes(row.digests)) for row in rows.defer("memory")}
    return [_of_video(file, known.get(file.recording, {})) for file in files]


def _of_video(file: SavedFile, known: KnownDigests) -> SavedFile:
    one = known.get(text_of(file.place.rpartition(b"/")[2])) if file.recording else None
    if one is None or (one.size_bytes, one.content) != (file.size_bytes, file.content):
        return file
    return replace(file, digest=one.digest, digest_at=from_seconds(one.read_at))


def _of_others(device: Device, files: list[SavedFile]) -> Iterator[SavedFile]:
    others = {file.id: int(file.id[1:]) for file in files if file.id.startswith("o")}
    rows = {row.pk: row for row in OtherFile.objects.filter(pk__in=others.values())}
    proofs = proofs_of(device, beside=[bytes(row.path) for row in rows.values()]) if rows else {}
    for file in files:
        row = rows.get(others.get(file.id, 0))
        proof = proofs.get(bytes(row.path)) if row else None
        if row is None or proof is None or not (row.equal and not proof.differs):
            yield file
        else:
            yield replace(file, digest=proof.digest, digest_at=from_seconds(proof.read_at))
