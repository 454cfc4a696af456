"""A folder whose files were all proven, known again by one digest of both its sides.

The card's side is what its listing tells of the folder. Ours is what the last scan of our videos
saw of it: a file that was written in place, and lies in a folder that nobody touched, is seen by
the scan in its turn, and at once by whoever looks at the file itself: a question about a wipe does.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec

from backups.engine.card.listing import CardFile
from backups.engine.card.proofs import ProvenFile
from backups.engine.copies.digests import FileStamp
from backups.engine.videos.folder import Files, Folder, names_of, unpack
from backups.engine.videos.look import SECOND

SEAL_BYTES = 20
RACY_SECONDS = 2  # a scan keeps seconds: two writes in one of them look the same
_ENCODER = msgspec.json.Encoder()
Seen = tuple[int, int, int]  # size, last written in ns, last touched in seconds


def seal_of(files: Sequence[CardFile], ours: Folder | None) -> bytes:
    """Empty: a folder of ours that is not there, or cannot be trusted, has none."""
    if ours is None or ours.key is None:
        return b""
    digest = blake2b(_ENCODER.encode((files, ours.key)), digest_size=SEAL_BYTES)
    for one in (ours.chunks, ours.others):
        digest.update(b"/%d/" % len(one.packed) + one.packed)
    return digest.digest()


def oldest_proof(
    path: bytes, files: Iterable[CardFile], ours: Folder | None, proofs: Mapping[bytes, ProvenFile]
) -> int | None:
    """When the first of its files was proven; None: not all of them are.

    `proofs`: those that hold for both sides as they are now, by path of the card.
    """
    seen, times = _seen(ours) if ours else {}, []
    for file in files:
        if file.kind != "-" or not file.size:
            continue  # it holds nothing that could be proven
        whole = path + b"/" + file.name
        proof = proofs.get(whole)
        if proof is None or proof.place.encode("latin-1") != whole:
            return None
        mine = _as_seen(proof.ours)
        if seen.get(file.name) != mine or proof.read_at < mine[2] + RACY_SECONDS:
            return None  # the scan saw another moment, or would not see the next write
        times.append(proof.proven_at)
    return min(times, default=None)


def _seen(ours: Folder) -> dict[bytes, Seen]:
    found: dict[bytes, Seen] = {}
    for files in (ours.chunks, ours.others):
        found |= _rows(files)
    return found


def _rows(files: Files) -> dict[bytes, Seen]:
    columns = unpack(files)
    rows = zip(columns.sizes, columns.modified, columns.touched, strict=True)
    return dict(zip(names_of(columns), rows, strict=True))


def _as_seen(stamp: FileStamp) -> Seen:
    """As a scan keeps it."""
    return stamp.size, stamp.modified, max(stamp.modified, stamp.changed) // SECOND + 1
