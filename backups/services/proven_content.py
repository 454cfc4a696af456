"""What comes of files read on both sides: proofs of a card, of recordings, of databases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from os import fsdecode
from pathlib import Path

from backups.engine.card.proofs import ProvenFile
from backups.engine.card.proving import HeldFile
from backups.engine.copies.digests import FileDigest
from backups.engine.copies.identity import beside
from backups.engine.pull.outcome import ListedFile
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.reread import reading_of
from backups.services.card_places import RESULTS, VIDEOS, fingerprint_at, folder_of
from backups.services.card_proofs import store_proofs
from backups.services.other_files import note_equal
from backups.services.proofs import note_content, store_proof
from backups.services.pulled_videos import store_proven_videos
from backups.services.video_digests import store_digests
from devices.models import Device

BY = "contents read on both sides"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One file as both sides read it. `differs`: why the two are not the same content."""

    file: HeldFile
    ours: FileDigest
    began_at: datetime  # before the card's was read
    read_at: datetime
    differs: str = ""
    mark: str = ""  # of a database's files on the card, as a pull marks them
    fingerprint: str = ""  # of our database, the same before and after

    @property
    def proof(self) -> ProvenFile:
        return ProvenFile(
            mark=self.file.file.mark,
            place=self.file.place.decode("latin-1"),
            ours=self.ours.stamp,
            digest=self.ours.blake2b,
            proven_at=int(self.began_at.timestamp()),
            read_at=int(self.read_at.timestamp()),
            differs=self.differs,
        )


def one_file_at(place: bytes) -> str:
    """The fingerprint of a database of ours that is all in one file; "" where it has a -wal."""
    root, path = folder_of(place)
    try:
        wal = beside(root / fsdecode(path), "-wal")
    except OSError:
        return ""
    return "" if wal and wal.st_size else fingerprint_at(place)


def store_held(
    device: Device, found: Iterable[Held], *, scan: ScanResult, now: datetime
) -> list[str]:
    """Keep them. Gives what is found to be bad with ours, in words. `scan`: of our videos, just
    before."""
    some = list(found)
    videos = list(_videos(device, some))
    readings = {path: reading_of(one.ours) for path, one in videos}
    said = store_digests(device, readings, now=now)
    if videos:
        listed = [_listed(path, one) for path, one in videos]
        store_proven_videos(device, listed, held=scan, at=some[0].began_at, now=now)
    for one in some:
        if one.fingerprint:
            said += _store_database(device, one, now=now)
    store_proofs(device, {one.file.path: one.proof for one in some})
    note_equal(device, [one.file.path for one in some if not one.differs])
    return said


def _videos(device: Device, held: Iterable[Held]) -> Iterator[tuple[str, Held]]:
    """By path below the device's folder of videos: what lies elsewhere is in no recording."""
    begin = VIDEOS + b"/" + device.device_id.encode() + b"/"
    for one in held:
        if one.file.place.startswith(begin) and one.file.place == one.file.path:
            path = one.file.place.removeprefix(begin)
            yield path.decode("utf-8", "surrogateescape"), one


def _listed(path: str, one: Held) -> ListedFile:
    is_equal = not one.differs
    size = one.file.file.size
    return ListedFile(path=path, size_bytes=size, is_here=is_equal, by_content=is_equal)


def _store_database(device: Device, one: Held, *, now: datetime) -> list[str]:
    """Gives what is wrong with ours. Of another moment than the card's it proves nothing, and may
    have rotted all the same."""
    path = Path(one.file.place.removeprefix(RESULTS + b"/").decode())
    fingerprint, digest = one.fingerprint, one.ours.blake2b
    if one.differs:
        wrong = note_content(device, path, fingerprint=fingerprint, digest=digest, now=now)
        return [f"{path.name}: {wrong}"] if wrong else []
    store_proof(
        device,
        path,
        fingerprint=fingerprint,
        proven_at=one.began_at,
        now=now,
        by=BY,
        source_mark=one.mark,
        whole=True,
        digest=digest,
    )
    return []
