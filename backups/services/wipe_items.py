"""Each thing on a card, with the best that is known of a copy, and that copy as it is now."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from os import fsencode

from backups.engine.card import CardContents, CardDatabase
from backups.engine.card.listing import CardFile, text_of
from backups.engine.card.others import comes_with_videos, things_on_card, unwritten_bytes
from backups.engine.card.proofs import ProvenFile, ProvenFiles
from backups.engine.copies.digests import FileStamp
from backups.engine.items import CopyState
from backups.engine.wipe import HeldContent, Remedy, WipeItem
from backups.engine.wipe.items import why_item_lacks
from backups.models import DamagedFile, ResultCopy
from backups.services.card_places import fingerprint_at, held_files, stamps_of
from backups.services.card_proofs import proofs_of
from backups.services.facts import copy_that_counts
from backups.services.wipe_marks import marked, shown
from devices.models import Device, Experiment, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCopies:
    """All that is stored of a device's copies, and how they are now.

    `here`: of each path on its card the file in the place of a copy, proven or not.
    """

    device_id: str
    copies: Mapping[str, list[ResultCopy]]  # by file name
    experiments: Mapping[str, Experiment]
    proofs: ProvenFiles
    stamps: Mapping[bytes, FileStamp]  # of proven ones, by place
    here: Mapping[bytes, FileStamp]
    damaged: Mapping[str, str]  # what is wrong, by file name

    @classmethod
    def of(cls, device: Device, listing: CardContents, *, own: Collection[bytes]) -> "KnownCopies":
        """Raises OSError where our own folders cannot be looked into."""
        copies: dict[str, list[ResultCopy]] = {}
        for copy in ResultCopy.objects.filter(device=device):
            copies.setdefault(copy.filename, []).append(copy)
        proofs = proofs_of(device)
        held, _ = held_files(device, listing, own=own, proofs=proofs)
        return cls(
            device_id=device.device_id,
            copies=copies,
            experiments={one.filename: one for one in device.experiments.all()},
            proofs=proofs,
            stamps=stamps_of({_place(proof) for proof in proofs.values()}),
            here={one.path: one.ours for one in held},
            damaged=damaged_names(device),
        )

    @property
    def file_count(self) -> int:
        """Of files of its card: a mirror is a copy of no file there."""
        return len(self.proofs) + sum(not self._is_mirrored(name) for name in self.copies)

    def _is_mirrored(self, filename: str) -> bool:
        one = self.experiments.get(filename)
        return one is not None and one.writer == Writer.MYSQL

    def grew_at(self, filename: str) -> datetime | None:
        one = self.experiments.get(filename)
        return one.changed_at if one else None


def card_items(
    listing: CardContents, known: KnownCopies, *, own: Collection[bytes]
) -> Iterator[WipeItem]:
    """All that may be data. `own`: the databases of the device's experiments."""
    databases = {one.path.encode("latin-1"): one for one in listing.databases}
    for path, file in things_on_card(listing, own=own):
        if path in own:
            logs = unwritten_bytes(listing, path)
            plain = _as_file(path, file, log_bytes=logs, known=known)
            yield _best(plain, databases[path], known=known)
        else:
            yield _as_file(path, file, log_bytes=0, known=known)


def _best(plain: WipeItem, database: CardDatabase, *, known: KnownCopies) -> WipeItem:
    """As a file, if its very bytes were held against ours; else as what a pull brought of it."""
    is_proven = plain.held is not None and why_item_lacks(plain, clock=None) is None
    return plain if is_proven else _as_database(plain, database, known=known)


def _as_file(path: bytes, file: CardFile, *, log_bytes: int, known: KnownCopies) -> WipeItem:
    proof = known.proofs.get(path)
    stamp = known.stamps.get(_place(proof)) if proof else _of_size(file.size, known.here.get(path))
    is_video = comes_with_videos(path, device_id=known.device_id)
    return WipeItem(
        name=shown(path),
        size=file.size,
        mark=marked(file.mark),
        kind=file.kind,
        modified=file.modified / 10**9,
        log_bytes=log_bytes,
        grew_at=known.grew_at(text_of(file.name)),
        held=_held_as(proof, damage=known.damaged.get(file_name(proof.place), ""))
        if proof
        else None,
        ours=marked(stamp) if stamp else "",
        brought_by=Remedy.PULL_VIDEOS if is_video else Remedy.PULL_FILES,
    )


def _of_size(size: int, stamp: FileStamp | None) -> FileStamp | None:
    """What is shorter or longer is no copy that a proof could be of."""
    return stamp if stamp and stamp.size == size else None


def _as_database(plain: WipeItem, database: CardDatabase, *, known: KnownCopies) -> WipeItem:
    """A copy of one moment is no file of the same bytes: what the pull marked tells."""
    copies = known.copies.get(database.filename, [])
    same = [copy for copy in copies if copy.source_mark == database.mark]
    copy = copy_that_counts(same) or copy_that_counts(copies)
    return WipeItem(
        name=plain.name,
        size=plain.size,
        mark=database.mark,
        kind=plain.kind,
        modified=plain.modified,
        log_bytes=plain.log_bytes,
        grew_at=plain.grew_at,
        held=held_by(copy, mark=copy.source_mark) if copy else None,
        ours=fingerprint_of(copy) if copy else "",
        proven_by=Remedy.PULL_RESULTS,
        brought_by=Remedy.PULL_RESULTS,
    )


def _held_as(proof: ProvenFile, *, damage: str) -> HeldContent:
    return HeldContent(
        place=proof.place,
        digest=proof.digest,
        mark=marked(proof.mark),
        ours=marked(proof.ours),
        proven_at=_at(proof.proven_at),
        read_at=_at(proof.read_at),
        how="read on both sides, and compared by digest",
        differs=proof.differs,
        damage=damage,
    )


def held_by(copy: ResultCopy, *, mark: str) -> HeldContent | None:
    """What a pull or a mirror showed of it; None: neither ever did."""
    if not copy.proven_fingerprint or not (copy.proven_at or copy.doubt):
        return None
    is_read = copy.digest_fingerprint == copy.proven_fingerprint
    return HeldContent(
        place=_place_of(copy),
        digest=copy.digest if is_read else "",
        mark=mark,
        ours=copy.proven_fingerprint,
        proven_at=copy.proven_at or copy.first_seen_at,
        read_at=copy.digest_at if is_read else None,
        how=f"held against the device whole by {copy.proven_by}",
        differs=copy.doubt,
        damage=_damage_of(copy),
    )


def _damage_of(copy: ResultCopy) -> str:
    state = "" if copy.state == CopyState.USABLE else copy.problem or f"it is {copy.state}"
    return copy.damage or copy.foreign or state


def fingerprint_of(copy: ResultCopy) -> str:
    return fingerprint_at(_place_of(copy).encode("latin-1"))


def _place_of(copy: ResultCopy) -> str:
    return _latin(f"results/{copy.path}")


def _latin(path: str) -> str:
    return fsencode(path).decode("latin-1")


def _place(proof: ProvenFile) -> bytes:
    return proof.place.encode("latin-1")


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def damaged_names(device: Device) -> dict[str, str]:
    """What is known to be wrong with copies, by their file names: a recording may be in several
    folders."""
    copies = ResultCopy.objects.filter(device=device).exclude(damage="")
    files = DamagedFile.objects.filter(device=device)
    others = device.other_files.exclude(damage="")
    told = [(bytes(one.name), one.reason) for one in files]
    told += [(bytes(one.path), one.damage) for one in others]
    return {_latin(copy.filename): copy.damage for copy in copies} | {
        file_name(name.decode("latin-1")): why for name, why in told
    }


def file_name(place: str) -> str:
    return place.rpartition("/")[2]
