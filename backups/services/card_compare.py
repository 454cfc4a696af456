"""Hold a card's listing against our disk and what was proven. What is as it was costs a digest."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from backups.engine.card.listing import CardContents, CardFile
from backups.engine.card.proofs import ProvenFiles
from backups.engine.card.proving import HeldFile, is_old, is_proven
from backups.engine.card.seals import oldest_proof, seal_of
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.folder import Folder
from backups.models import ProvenFolder
from backups.services.card_places import VIDEOS, held_files
from backups.services.card_proofs import proofs_in
from devices.models import Device

ROWS_AT_ONCE = 500
FILES_AT_ONCE = 2_000  # with their proofs: some megabytes
Files = tuple[CardFile, ...]


@dataclass(slots=True, kw_only=True)
class CardCompared:
    """`held`: what is to be proven, or proven anew; `proofs`: what was known of it. `lacking`: of
    these no copy is here. `proven_count`: of all the files that are proven now."""

    held: list[HeldFile] = field(default_factory=list)
    lacking: list[bytes] = field(default_factory=list)
    proofs: ProvenFiles = field(default_factory=dict)
    proven_count: int = 0


def compare_card(
    device: Device,
    listing: CardContents,
    scan: ScanResult,
    *,
    own: Collection[bytes],
    again_before: int | None,
) -> CardCompared:
    """`scan`: of our videos, just before. Proofs that were made earlier than that are to be made
    anew; None: none is, and every copy is looked at, whatever its folder shows.

    Raises OSError where our own folders cannot be looked into.
    """
    ours = _our_folders(device, listing, scan)
    seals = {path: seal_of(listing.folders[path], folder) for path, folder in ours.items()}
    sealed = set[bytes]() if again_before is None else _sealed(device, seals, again_before)
    found, oldest = CardCompared(), dict[bytes, int]()
    found.proven_count = sum(_count(listing.folders[path]) for path in sealed)
    for some in _portions(listing, but=sealed):
        proofs = proofs_in(device, some)
        held, lacking = held_files(device, replace(listing, folders=some), own=own, proofs=proofs)
        hold = {one.path: proofs[one.path] for one in held if _holds(one, proofs)}
        wanted = [
            one for one in held if one.path not in hold or is_old(hold[one.path], again_before)
        ]
        found.held += wanted
        found.proofs |= {one.path: proofs[one.path] for one in wanted if one.path in proofs}
        found.lacking += lacking
        found.proven_count += len(hold)
        oldest |= {
            path: at
            for path in some.keys() & ours.keys()
            if seals[path] and (at := oldest_proof(path, some[path], ours[path], hold)) is not None
        }
    _seal(device, seals, oldest)
    return found


def _portions(listing: CardContents, *, but: Collection[bytes]) -> Iterator[dict[bytes, Files]]:
    """Some thousand files at once."""
    some, count = dict[bytes, Files](), 0
    for path, files in listing.folders.items():
        if path not in but:
            some[path] = files
            count += len(files)
        if count >= FILES_AT_ONCE:
            yield some
            some, count = {}, 0
    if some:
        yield some


def _count(files: Files) -> int:
    """Of those that hold something."""
    return sum(file.kind == "-" and file.size > 0 for file in files)


def _our_folders(
    device: Device, listing: CardContents, scan: ScanResult
) -> dict[bytes, Folder | None]:
    """Of each folder of the device's own videos on the card the one here, as the scan saw it."""
    top, found = VIDEOS + b"/" + device.device_id.encode(), scan.cache.folders
    if scan.errors:  # then some of it is what was known before
        return {}
    return {
        path: found.get(path.removeprefix(top).lstrip(b"/"))
        for path in listing.folders
        if path == top or path.startswith(top + b"/")
    }


def _sealed(device: Device, seals: Mapping[bytes, bytes], proven_after: int) -> set[bytes]:
    rows = ProvenFolder.objects.filter(device=device, oldest_at__gt=proven_after)
    kept = rows.exclude(seal=b"").values_list("path", "seal")
    return {bytes(path) for path, seal in kept if bytes(seal) == seals.get(bytes(path))}


def _holds(one: HeldFile, proofs: ProvenFiles) -> bool:
    return one.path in proofs and is_proven(one, proofs[one.path])


def _seal(device: Device, seals: Mapping[bytes, bytes], oldest: Mapping[bytes, int]) -> None:
    rows = ProvenFolder.objects.filter(device=device).defer("files") if oldest else ()
    some = [row for row in rows if bytes(row.path) in oldest]
    for row in some:
        row.seal, row.oldest_at = seals[bytes(row.path)], oldest[bytes(row.path)]
    ProvenFolder.objects.bulk_update(some, ["seal", "oldest_at"], ROWS_AT_ONCE)
