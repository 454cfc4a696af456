"""Which files of a card are to be held against ours by content, and in which order."""

from collections.abc import Mapping
from typing import NamedTuple

from backups.engine.card.listing import CardContents, CardFile
from backups.engine.card.proofs import ProvenFile
from backups.engine.copies.digests import FileStamp

QUIET_SECONDS = 600  # since a file was last written, on the device's own clock
AGAIN_SECONDS = 30 * 24 * 3600  # a proof of this age is made anew, when nothing else is to be done


class HeldFile(NamedTuple):
    """A file of a card, and where a copy of it lies: `place` as in ProvenFile."""

    path: bytes
    file: CardFile
    place: bytes
    ours: FileStamp


def is_at_rest(listing: CardContents, file: CardFile) -> bool:
    """Whether it was not written just now; both times are of the device's own clock."""
    return not 0 <= listing.head.clock - file.modified // 10**9 < QUIET_SECONDS


def in_order(
    held: list[HeldFile], proofs: Mapping[bytes, ProvenFile], *, again_before: int | None
) -> list[HeldFile]:
    """What is to be proven: first what never was, the newest of it first; then what differed, or
    was written since; at last the oldest of those proofs that are to be made anew."""
    ranked = []
    for one in held:
        proof = proofs.get(one.path)
        if proof is None:
            ranked.append((0, -one.file.modified, one))
        elif not is_proven(one, proof):
            ranked.append((1, -one.file.modified, one))
        elif is_old(proof, again_before):
            ranked.append((2, proof.proven_at, one))
    return [one for _, _, one in sorted(ranked)]  # of one moment: by path


def is_old(proof: ProvenFile, again_before: int | None) -> bool:
    """Whether it is to be made anew, though it holds; None: none is."""
    return again_before is not None and proof.proven_at <= again_before


def is_proven(one: HeldFile, proof: ProvenFile) -> bool:
    """Both sides are as they were when they were read, and equal."""
    is_ours = proof.ours == one.ours and proof.place.encode("latin-1") == one.place
    return is_ours and proof.holds(one.file.mark)


def within(held: list[HeldFile], most_bytes: int | None) -> list[HeldFile]:
    """As many from the front as fit; at least one."""
    if most_bytes is None:
        return held
    total, count = 0, 0
    for one in held:
        total += one.file.size
        if count and total > most_bytes:
            break
        count += 1
    return held[:count]
