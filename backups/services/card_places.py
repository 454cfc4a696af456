"""Where the copies of a card's files lie: below the data folders, as the card has them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from os import fsdecode
from pathlib import Path

from django.conf import settings

from backups.engine.card.listing import CardContents
from backups.engine.card.others import files_worth_saving
from backups.engine.card.proofs import ProvenFile, ProvenFiles
from backups.engine.card.proving import HeldFile
from backups.engine.copies.below import digest_below, stamps_in
from backups.engine.copies.digests import FileDigest, FileStamp
from backups.engine.copies.identity import fingerprint
from backups.models import ResultCopy
from devices.models import Device

VIDEOS, RESULTS, CARDS = b"videos", b"results", b"cards"
AS_ON_CARD = (VIDEOS + b"/", RESULTS + b"/")  # where a copy lies first of all at the same path


def data_folders() -> dict[bytes, Path]:
    """Those of this host, by what places begin with."""
    return {
        RESULTS: settings.RESULTS_DIR, VIDEOS: settings.VIDEOS_DIR, CARDS: settings.CARDS_DIR,
    }  # fmt: skip


def folder_of(place: bytes) -> tuple[Path, bytes]:
    """The data folder that a place is in, and the path below that."""
    folder, _, path = place.partition(b"/")
    return data_folders()[folder], path


def digest_at(place: bytes, *, stop: Callable[[], bool], also: str = "") -> FileDigest:
    """Read a copy from its disk to its end. Raises LocalFailed, Cancelled."""
    root, path = folder_of(place)
    return digest_below(root, path, stop=stop, also=also)


def fingerprint_at(place: bytes) -> str:
    """What moves when somebody writes a database of ours; "": gone, and what cannot be looked at is
    no better."""
    root, path = folder_of(place)
    try:
        return fingerprint(root / fsdecode(path))
    except OSError:
        return ""


def stamps_of(places: Iterable[bytes]) -> dict[bytes, FileStamp]:
    """As the files at these places are now; those that are not there are left out.

    Raises OSError for a folder that cannot be looked into.
    """
    by_folder: dict[bytes, list[bytes]] = {}
    for place in places:
        folder, _, name = place.rpartition(b"/")
        by_folder.setdefault(folder, []).append(name)
    found: dict[bytes, FileStamp] = {}
    for folder, names in by_folder.items():
        root, below = folder_of(folder)
        found |= {folder + b"/" + name: stamp for name, stamp in stamps_in(root, below, names)}
    return found


def held_files(
    device: Device, listing: CardContents, *, own: Collection[bytes], proofs: ProvenFiles
) -> tuple[list[HeldFile], list[bytes]]:
    """Files of a card of which a copy is here, and the paths of those of which none is.

    `own`: the databases of its experiments. What was found to differ is held against it again only
    where there is no other copy.
    """
    by_name = _copies_by_name(device)
    wanted = dict(files_worth_saving(listing, own=own))
    places: dict[bytes, bytes | None]
    places = {
        path: path if path.startswith(AS_ON_CARD) else next(places_of(device, path, by_name))
        for path in wanted
    }
    stamps = stamps_of(filter(None, places.values()))
    elsewhere = {
        path
        for path, proof in proofs.items()
        if proof.differs or proof.place.encode("latin-1") != places.get(path)
    }
    further = {
        path: list(places_of(device, path, by_name))
        for path, place in places.items()
        if place not in stamps or stamps[place].size != wanted[path].size or path in elsewhere
    }
    stamps |= stamps_of(chain.from_iterable(further.values()))
    for path, some in further.items():
        size, known = wanted[path].size, by_proof(some, stamps, proofs.get(path))
        places[path] = best_place(known, stamps, size=size) or best_place(some, stamps, size=size)
    held = [
        HeldFile(path=path, file=wanted[path], place=place, ours=stamps[place])
        for path, place in places.items()
        if place is not None
    ]
    return held, [path for path, place in places.items() if place is None]


def best_place(
    places: Iterable[bytes], stamps: Mapping[bytes, FileStamp], *, size: int
) -> bytes | None:
    """The first of those that are here: of one of this size, if there is any."""
    here = [place for place in places if place in stamps]
    return next((place for place in here if stamps[place].size == size), next(iter(here), None))


def by_proof(
    places: Iterable[bytes], stamps: Mapping[bytes, FileStamp], proof: ProvenFile | None
) -> list[bytes]:
    """The copy first that was read as the card's content, for as long as nobody writes it; without
    the one that was read as another, whatever its size is, and whoever has touched it since."""
    some, known = list(places), proof.place.encode("latin-1") if proof else b""
    if proof is None or known not in some:
        return some
    rest = [place for place in some if place != known]
    if proof.differs:
        return rest
    return [known, *rest] if stamps.get(known) == proof.ours else some


def places_of(
    device: Device, path: bytes, by_name: Mapping[bytes, Sequence[bytes]]
) -> Iterator[bytes]:
    """Where a copy of this file of the card may lie, best first. `by_name`: of its databases."""
    if path.startswith(AS_ON_CARD):
        yield path
    if path.startswith(RESULTS + b"/"):
        yield from by_name.get(path.rpartition(b"/")[2], ())
    yield pulled_to(device, path)


def pulled_to(device: Device, path: bytes) -> bytes:
    """Where a pull of other files puts it."""
    return b"/".join((CARDS, device.device_id.encode(), path))


def _copies_by_name(device: Device) -> dict[bytes, list[bytes]]:
    """A device that was renamed has its copies in a folder of another name."""
    found: dict[bytes, list[bytes]] = {}
    for copy in ResultCopy.objects.filter(device=device).only("path", "filename"):
        place = RESULTS + b"/" + copy.path.encode()
        found.setdefault(copy.filename.encode(), []).append(place)
    return found
