"""By what a thing on a card, and a copy of ours, is known again: what moves when it is written."""

from collections.abc import Collection, Iterable

from backups.engine.card import CardContents
from backups.engine.card.others import things_on_card
from backups.services.card_places import fingerprint_at, stamps_of


def marked(numbers: Iterable[int]) -> str:
    return ":".join(map(str, numbers))


def shown(path: bytes) -> str:
    """A path of the card, as answers and certificates name it."""
    return path.decode("utf-8", "backslashreplace")


def marks_on_card(listing: CardContents, *, own: Collection[bytes]) -> dict[str, frozenset[str]]:
    """Of all that may be data, by its name: its mark as a file, and as a database."""
    databases = {one.path.encode("latin-1"): one.mark for one in listing.databases}
    return {
        shown(path): frozenset(filter(None, (marked(file.mark), databases.get(path))))
        for path, file in things_on_card(listing, own=own)
    }


def copies_now(places: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of these copies, each with what it was known by, how they are now; those that are there.

    Raises OSError where our own folders cannot be looked into.
    """
    known = dict(places)
    stamps = stamps_of(place.encode("latin-1") for place in known)
    found = {place.decode("latin-1"): marked(stamp) for place, stamp in stamps.items()}
    return {
        place: stamp if ":" in known[place] else fingerprint_at(place.encode("latin-1"))
        for place, stamp in found.items()
    }
